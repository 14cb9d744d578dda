# Tests of the heap. Programs with a main of their own are about threads and signals.

# ThreadSanitizer knows no threads that are stopped by a signal wherever they are: what is
# read of them then looks like a race to it.
if(NOT MEMSPAN_SANITIZE STREQUAL "thread")
	add_library(roots_library MODULE ${CMAKE_CURRENT_LIST_DIR}/libcore/roots_library.c)
	memspan_add_plain_test(roots_are_found
		SOURCES ${CMAKE_CURRENT_LIST_DIR}/libcore/roots_are_found.c
		LIBS memspan Threads::Threads
		ARGS $<TARGET_FILE:roots_library>)
	target_include_directories(roots_are_found PRIVATE ${PROJECT_SOURCE_DIR}/libcore)
	memspan_add_plain_test(libraries_come_and_go
		SOURCES ${CMAKE_CURRENT_LIST_DIR}/libcore/libraries_come_and_go.c
		LIBS memspan Threads::Threads ${CMAKE_DL_LIBS}
		ARGS $<TARGET_FILE:roots_library>)
	# With AddressSanitizer nobody notes who walks the loader's list (interpose_loader).
	set_tests_properties(libraries_come_and_go PROPERTIES LABELS no_asan)
	memspan_add_plain_test(exit_in_a_collection
		SOURCES ${CMAKE_CURRENT_LIST_DIR}/libcore/exit_in_a_collection.c
		LIBS memspan Threads::Threads)
	# What is recorded meanwhile can be read, whatever the program was doing.
	if(TARGET memanalyze)
		add_executable(forks_while_recorded ${CMAKE_CURRENT_LIST_DIR}/libcore/world_survives_fork.c)
		target_link_libraries(forks_while_recorded PRIVATE memspan Threads::Threads)
		foreach(name exit_in_a_collection forks_while_recorded)
			set(recordings ${CMAKE_CURRENT_BINARY_DIR}/${name}.recordings)
			add_test(NAME ${name}_recorded COMMAND sh -c "rm -rf ${recordings} && \
mkdir ${recordings} && MEMSPAN_DUMP=${recordings} $<TARGET_FILE:${name}> && \
$<TARGET_FILE:memanalyze> verify ${recordings}")
			set_tests_properties(${name}_recorded PROPERTIES
				TIMEOUT 300 ENVIRONMENT "${memspan_test_environment}")
		endforeach()
		set_tests_properties(forks_while_recorded_recorded PROPERTIES LABELS no_asan)
	endif()
	foreach(name world_stops_busy_threads world_leaves_signals_alone world_survives_fork
			world_lets_waits_go_on thread_record_stays_closed
			large_alignment_is_kept threads_end_in_any_way
			heap_is_read_without_a_stop recorder_leaves_no_stack_behind)
		memspan_add_plain_test(${name}
			SOURCES ${CMAKE_CURRENT_LIST_DIR}/libcore/${name}.c
			LIBS memspan_core Threads::Threads)
	endforeach()
	# GCC 12's AddressSanitizer does not hold its own allocator still over a fork: a child of a
	# threaded program may wait for a lock whose owner is not there, in its check for leaks.
	set_tests_properties(world_survives_fork recorder_leaves_no_stack_behind
		PROPERTIES LABELS no_asan)
	# GCC 12's AddressSanitizer leaves a cancelled thread's frames poisoned, and knows no thread
	# that ends by a system call.
	set_tests_properties(threads_end_in_any_way heap_is_read_without_a_stop
		PROPERTIES LABELS no_asan)
	# It looks into /proc for the system call that a thread is in.
	set_tests_properties(world_lets_waits_go_on PROPERTIES LABELS native)
	# A thread that gets no processor for 100 ms lets a stop be given up: nothing beside it.
	set_tests_properties(world_stops_busy_threads PROPERTIES RUN_SERIAL ON)
endif()
