# Tests of the heap above its threads (libcore.cmake): allocation, collection, statistics.
set(heap_folder ${CMAKE_CURRENT_LIST_DIR}/heap)

foreach(name sizeclass pageheap policy)
	memspan_add_criterion_test(test_${name}
		SOURCES ${heap_folder}/test_${name}.c LIBS memspan_core Threads::Threads)
endforeach()

# Threads that are stopped by a signal are beyond ThreadSanitizer (libcore.cmake).
set(heap_stress_arguments 1)
set(heap_stress_environment MEMSPAN_GCPERCENT=25)
set(heap_moves_pointers_while_marked_arguments 3)
set(finalizers_change_while_marked_arguments 1)
set(roots_change_while_marked_arguments 2)
set(heap_young_arguments 100)
if(NOT MEMSPAN_SANITIZE STREQUAL "thread")
	# Each in both modes of the collector.
	foreach(name heap_collects heap_counts heap_keeps_its_promises heap_stress
			heap_moves_pointers_while_marked roots_change_while_marked snapshot_of_one_instant
			weak_references finalizers_run_in_order handlers_move_pointers handlers_wait
			handlers_hold_pointers heap_young
			finalizers_change_while_marked specials_survive_fork)
		memspan_add_plain_test(${name} SOURCES ${heap_folder}/${name}.c ${heap_folder}/mode.c
			LIBS memspan_core memspan_dumper memspan_format Threads::Threads
			ARGS ${${name}_arguments})
		add_test(NAME ${name}_beside COMMAND ${name} ${${name}_arguments})
		set(environment ${memspan_test_environment} ${${name}_environment})
		set_tests_properties(${name} PROPERTIES
			ENVIRONMENT "${environment};MEMSPAN_TEST_MODE=stopped")
		set_tests_properties(${name}_beside PROPERTIES
			ENVIRONMENT "${environment};MEMSPAN_TEST_MODE=beside")
	endforeach()
	add_test(NAME heap_moves_pointers_far_apart COMMAND heap_moves_pointers_while_marked 5 60000)
	set_tests_properties(heap_moves_pointers_far_apart PROPERTIES
		ENVIRONMENT "${memspan_test_environment};MEMSPAN_TEST_MODE=beside")
	# As world_survives_fork (libcore.cmake).
	set_tests_properties(specials_survive_fork specials_survive_fork_beside heap_young heap_young_beside
		PROPERTIES LABELS no_asan)
	# A sanitizer's runtime reads /proc itself.
	add_test(NAME heap_young_without_proc
		COMMAND ${heap_folder}/test_without_proc $<TARGET_FILE:heap_young> 50)
	set_tests_properties(heap_young_without_proc PROPERTIES
		TIMEOUT 300 SKIP_RETURN_CODE 77 LABELS no_asan)
	foreach(mode stopped beside)
		add_test(NAME heap_stress_for_minutes_${mode} COMMAND heap_stress 120)
		set_tests_properties(heap_stress_for_minutes_${mode} PROPERTIES LABELS long TIMEOUT 600
			ENVIRONMENT "${memspan_test_environment};${heap_stress_environment};MEMSPAN_TEST_MODE=${mode}")
	endforeach()
	memspan_add_plain_test(heap_without_memory
		SOURCES ${heap_folder}/heap_without_memory.c LIBS memspan Threads::Threads)
	# A limit on the address space leaves no room for AddressSanitizer's own, or an emulator's.
	set_tests_properties(heap_without_memory PROPERTIES LABELS "no_asan;native")
	foreach(name cycle_comes_by_itself numbers_have_points heap_overflows_its_queue
			heap_tells_free_from_allocated leaks_of_uncollectable tracking_may_end
			tracking_may_be_refused stack_grows_while_marked
			fork_beside_late_helper tracking_asks_with_care remote_frees_come_late
			refill_after_a_closed_heap frees_settle_first
			alternate_stack_is_near)
		memspan_add_plain_test(${name}
			SOURCES ${heap_folder}/${name}.c LIBS memspan_core Threads::Threads)
	endforeach()
	add_test(NAME tracking_asks_old_kernels_with_care COMMAND tracking_asks_with_care old)
	# Seccomp is this kernel's, and is not emulated.
	set_tests_properties(tracking_may_be_refused PROPERTIES LABELS native)
	add_library(fork_while_exiting_library SHARED ${heap_folder}/fork_while_exiting_library.c)
	target_link_libraries(fork_while_exiting_library PRIVATE Threads::Threads)
	set_target_properties(fork_while_exiting_library PROPERTIES C_VISIBILITY_PRESET default)
	memspan_add_plain_test(fork_while_exiting SOURCES ${heap_folder}/fork_while_exiting.c
		LIBS memspan_core fork_while_exiting_library Threads::Threads)
	# As world_survives_fork (libcore.cmake).
	set_tests_properties(fork_beside_late_helper fork_while_exiting tracking_may_end
		PROPERTIES LABELS no_asan)
endif()

# The same with recording on, which runs in the program's calls too.
if(TARGET memanalyze AND TARGET heap_keeps_its_promises)
	set(recorded ${CMAKE_CURRENT_BINARY_DIR}/heap_keeps_its_promises.zst)
	add_test(NAME heap_keeps_its_promises_recorded COMMAND sh -c
		"rm -f ${recorded} && MEMSPAN_DUMP=${recorded} $<TARGET_FILE:heap_keeps_its_promises> && \
$<TARGET_FILE:memanalyze> verify ${recorded}")
	set_tests_properties(heap_keeps_its_promises_recorded PROPERTIES
		TIMEOUT 300 ENVIRONMENT "${memspan_test_environment}")
	set(recorded ${CMAKE_CURRENT_BINARY_DIR}/heap_young_recorded)
	add_test(NAME heap_young_recorded COMMAND sh -c
		"rm -rf ${recorded} && mkdir ${recorded} && \
MEMSPAN_DUMP=${recorded} MEMSPAN_DUMP_INTERVAL=3ms $<TARGET_FILE:heap_young> 50 && \
for file in ${recorded}/*.zst; do $<TARGET_FILE:memanalyze> verify $file >/dev/null || exit 1; done")
	set_tests_properties(heap_young_recorded PROPERTIES
		TIMEOUT 300 LABELS no_asan ENVIRONMENT "${memspan_test_environment}")
endif()
