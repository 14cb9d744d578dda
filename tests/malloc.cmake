# Tests of libmemspan-malloc.so: malloc's promises, and programs that others wrote.
if(NOT TARGET memspan_malloc)
	return()
endif()
set(malloc_folder ${CMAKE_CURRENT_LIST_DIR}/malloc)

# Each runs with the C library's malloc and with ours.
foreach(name semantics threads young)
	memspan_add_plain_test(malloc_${name}_by_libc
		SOURCES ${malloc_folder}/malloc_${name}.c LIBS Threads::Threads ${CMAKE_DL_LIBS})
	target_compile_options(malloc_${name}_by_libc PRIVATE -fno-builtin
		-Wno-alloc-size-larger-than -Wno-use-after-free) # a refused realloc keeps the block
	add_test(NAME malloc_${name} COMMAND malloc_${name}_by_libc)
	add_test(NAME malloc_${name}_filled COMMAND malloc_${name}_by_libc)
	set_tests_properties(malloc_${name} malloc_${name}_filled PROPERTIES TIMEOUT 300
		ENVIRONMENT LD_PRELOAD=$<TARGET_FILE:memspan_malloc>)
	set_tests_properties(malloc_${name}_filled PROPERTIES
		ENVIRONMENT "LD_PRELOAD=$<TARGET_FILE:memspan_malloc>;MEMSPAN_MALLOC_DEBUG=1")
endforeach()

add_executable(malloc_misuse ${malloc_folder}/malloc_misuse.c)
target_link_libraries(malloc_misuse PRIVATE Threads::Threads)
target_compile_options(malloc_misuse PRIVATE -fno-builtin)
add_test(NAME malloc_misuse_is_named COMMAND ${malloc_folder}/test_misuse
	$<TARGET_FILE:memspan_malloc> $<TARGET_FILE:malloc_misuse>)

add_executable(malloc_leaks ${malloc_folder}/malloc_leaks.c)
target_link_libraries(malloc_leaks PRIVATE Threads::Threads ${CMAKE_DL_LIBS})
target_compile_options(malloc_leaks PRIVATE -fno-builtin)
add_test(NAME malloc_leaks_are_told COMMAND ${malloc_folder}/test_leaks
	$<TARGET_FILE:memanalyze> $<TARGET_FILE:memspan_malloc> $<TARGET_FILE:malloc_leaks>)
set_tests_properties(malloc_leaks_are_told PROPERTIES TIMEOUT 120)

# While libraries come and go; the same with the C library's malloc shows that the test holds.
add_library(malloc_module MODULE ${malloc_folder}/malloc_module.c)
add_library(malloc_module_static MODULE ${malloc_folder}/malloc_module.c)
target_compile_definitions(malloc_module_static PRIVATE STATIC_TLS)
target_link_libraries(malloc_module PRIVATE ${CMAKE_DL_LIBS})
add_library(malloc_neighbour MODULE ${malloc_folder}/malloc_module.c)
set_target_properties(malloc_neighbour PROPERTIES
	LIBRARY_OUTPUT_DIRECTORY ${CMAKE_CURRENT_BINARY_DIR}/neighbours)
set_target_properties(malloc_module PROPERTIES BUILD_RPATH "$ORIGIN/neighbours")
add_dependencies(malloc_module malloc_neighbour)
memspan_add_plain_test(malloc_loading_by_libc
	SOURCES ${malloc_folder}/malloc_loading.c LIBS Threads::Threads ${CMAKE_DL_LIBS}
	ARGS $<TARGET_FILE:malloc_module> $<TARGET_FILE:malloc_module_static>)
target_compile_options(malloc_loading_by_libc PRIVATE -fno-builtin)
add_test(NAME malloc_loading COMMAND malloc_loading_by_libc $<TARGET_FILE:malloc_module>
	$<TARGET_FILE:malloc_module_static>)
set_tests_properties(malloc_loading PROPERTIES TIMEOUT 300
	ENVIRONMENT LD_PRELOAD=$<TARGET_FILE:memspan_malloc>)

add_test(NAME malloc_cplusplus COMMAND ${malloc_folder}/test_cplusplus
	$<TARGET_FILE:memspan_malloc> $<TARGET_FILE:memanalyze>)
set_tests_properties(malloc_cplusplus PROPERTIES TIMEOUT 120 SKIP_RETURN_CODE 77
	LABELS "long;native")

add_executable(malloc_ends ${malloc_folder}/malloc_ends.c)
target_link_libraries(malloc_ends PRIVATE Threads::Threads)
target_compile_options(malloc_ends PRIVATE -fno-builtin)
add_test(NAME malloc_ends_in_any_way COMMAND ${malloc_folder}/test_ends
	$<TARGET_FILE:memanalyze> $<TARGET_FILE:memspan_malloc> $<TARGET_FILE:malloc_ends>)
set_tests_properties(malloc_ends_in_any_way PROPERTIES TIMEOUT 300 LABELS native)

add_executable(malloc_idle ${malloc_folder}/malloc_idle.c)
target_link_libraries(malloc_idle PRIVATE Threads::Threads ${CMAKE_DL_LIBS})
target_include_directories(malloc_idle PRIVATE ${PROJECT_SOURCE_DIR}/libcore/include)
target_compile_options(malloc_idle PRIVATE -fno-builtin)
# Both wait for seconds, and take a tenth of one.
foreach(case another spikes)
	set(recording ${CMAKE_CURRENT_BINARY_DIR}/malloc_idle_${case}.zst)
	add_test(NAME malloc_idle_${case} COMMAND sh -c "rm -f ${recording} && \
$<TARGET_FILE:memanalyze> record --interval 500ms -o ${recording} $<TARGET_FILE:malloc_idle> ${case} && \
$<TARGET_FILE:memanalyze> verify ${recording}")
	set_tests_properties(malloc_idle_${case} PROPERTIES TIMEOUT 600)
endforeach()
set_tests_properties(malloc_idle_spikes PROPERTIES LABELS long)

add_test(NAME malloc_record COMMAND ${malloc_folder}/test_record
	$<TARGET_FILE:memanalyze> ${CMAKE_C_COMPILER})
set_tests_properties(malloc_record PROPERTIES TIMEOUT 120)

# Programs that others wrote: a little of each in the short lane, more in the long one.
foreach(program python3 perl sqlite3 git gcc)
	add_test(NAME malloc_runs_${program} COMMAND ${malloc_folder}/test_programs
		$<TARGET_FILE:memanalyze> ${CMAKE_C_COMPILER} light ${program})
	set_tests_properties(malloc_runs_${program} PROPERTIES TIMEOUT 120 SKIP_RETURN_CODE 77 LABELS native)
endforeach()
foreach(program python3 python-tests perl php sqlite3 git gcc clang redis node postgresql)
	add_test(NAME malloc_runs_much_${program} COMMAND ${malloc_folder}/test_programs
		$<TARGET_FILE:memanalyze> ${CMAKE_C_COMPILER} heavy ${program})
	set_tests_properties(malloc_runs_much_${program} PROPERTIES TIMEOUT 1200 SKIP_RETURN_CODE 77 LABELS long)
endforeach()

memspan_add_plain_test(malloc_linked
	SOURCES ${malloc_folder}/malloc_linked.c LIBS memspan_malloc Threads::Threads)
target_compile_options(malloc_linked PRIVATE -fno-builtin)

memspan_add_plain_test(malloc_for_others
	SOURCES ${malloc_folder}/malloc_for_others.c LIBS memspan_malloc Threads::Threads)
target_compile_options(malloc_for_others PRIVATE -fno-builtin)
