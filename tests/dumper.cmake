# The recording: its format and the dumper, against a heap that is not there.
set(format_tests ${CMAKE_CURRENT_LIST_DIR}/format)
set(dumper_tests ${CMAKE_CURRENT_LIST_DIR}/dumper)
set(golden ${CMAKE_CURRENT_LIST_DIR}/golden)

add_library(format_sample STATIC ${format_tests}/sample.c)
target_include_directories(format_sample PUBLIC ${format_tests})
target_link_libraries(format_sample PUBLIC memspan_format)
# The samples check themselves by assertion, in every build.
target_compile_options(format_sample PRIVATE -UNDEBUG)

memspan_add_criterion_test(test_format
	SOURCES ${format_tests}/test_format.c
	LIBS format_sample zstd::libzstd_static)

add_executable(print_recording ${format_tests}/print_recording.c)
target_link_libraries(print_recording PRIVATE memspan_format)
add_executable(make_sample ${format_tests}/make_sample.c)
target_link_libraries(make_sample PRIVATE format_sample)

# Golden files: written once when the version was released, read for ever; and one as a later
# minor version may write it (make_newer.py).
foreach(name v1.0 v1.0-torn v1.1 v1.2 v1.9-from-later)
	add_test(NAME golden_${name} COMMAND ${CMAKE_COMMAND}
		"-DCOMMAND=$<TARGET_FILE:print_recording>;${golden}/${name}.zst"
		-DEXPECTED=${golden}/${name}.txt -P ${format_tests}/compare_text.cmake)
endforeach()

find_package(Python3 COMPONENTS Interpreter)
find_program(ZSTD_COMMAND zstd)
if(Python3_FOUND AND ZSTD_COMMAND)
	set(second_reader ${Python3_EXECUTABLE} ${format_tests}/read_snapshot.py)
	foreach(name v1.0 v1.1 v1.2 v1.9-from-later)
		add_test(NAME second_reader_golden_${name} COMMAND ${CMAKE_COMMAND}
			"-DCOMMAND=${second_reader};${golden}/${name}.zst"
			-DEXPECTED=${golden}/${name}.txt -P ${format_tests}/compare_text.cmake)
	endforeach()
	# What the real heap records, with threads and forks.
	add_test(NAME second_reader_of_a_program COMMAND ${format_tests}/test_program
		$<TARGET_FILE:memanalyze> $<TARGET_FILE:busy_program> $<TARGET_FILE:print_recording>
		${second_reader})
	set(large ${CMAKE_CURRENT_BINARY_DIR}/large_sample.zst)
	add_test(NAME make_large_sample COMMAND make_sample ${large} 1 2 4 2 5000 0 1)
	add_test(NAME second_reader_large COMMAND ${CMAKE_COMMAND}
		"-DCOMMAND=${second_reader};${large}"
		"-DOTHER=$<TARGET_FILE:print_recording>;${large}"
		-P ${format_tests}/compare_text.cmake)
	set_tests_properties(make_large_sample PROPERTIES FIXTURES_SETUP large_sample)
	set_tests_properties(second_reader_large PROPERTIES FIXTURES_REQUIRED large_sample)
	add_test(NAME hostile_kilobytes COMMAND ${format_tests}/test_hostile
		$<TARGET_FILE:memanalyze> ${Python3_EXECUTABLE} ${format_tests}/make_hostile.py)
	# AddressSanitizer and an emulator reserve more addresses than the test allows.
	set_tests_properties(hostile_kilobytes PROPERTIES LABELS "no_asan;native")
else()
	message(STATUS "Python 3 or zstd was not found: the second reader is not tested")
endif()

add_executable(recorded_program
	${dumper_tests}/recorded_program.c ${dumper_tests}/fake_recorder.c)
target_compile_definitions(recorded_program PRIVATE _GNU_SOURCE)
target_include_directories(recorded_program PRIVATE
	${PROJECT_SOURCE_DIR}/libcore ${PROJECT_SOURCE_DIR}/libcore/include)
target_link_libraries(recorded_program PRIVATE memspan_dumper memspan_format Threads::Threads)

memspan_add_criterion_test(test_settings
	SOURCES ${dumper_tests}/test_settings.c ${dumper_tests}/fake_recorder.c
	LIBS memspan_dumper memspan_format Threads::Threads)
memspan_add_criterion_test(test_dumper
	SOURCES ${dumper_tests}/test_dumper.c
	LIBS format_sample Threads::Threads)
foreach(name test_settings test_dumper)
	if(TARGET ${name})
		target_compile_definitions(${name} PRIVATE _GNU_SOURCE
			RECORDED_PROGRAM="$<TARGET_FILE:recorded_program>")
		target_include_directories(${name} PRIVATE
			${PROJECT_SOURCE_DIR}/libcore ${PROJECT_SOURCE_DIR}/libcore/include)
	endif()
endforeach()
if(TARGET test_dumper)
	add_dependencies(test_dumper recorded_program)
endif()

add_test(NAME test_rotation COMMAND ${dumper_tests}/test_rotation
	$<TARGET_FILE:recorded_program> $<TARGET_FILE:print_recording>)
set_tests_properties(test_rotation PROPERTIES TIMEOUT 300
	ENVIRONMENT "${memspan_test_environment}")

# What faults and kills leave is read with the format library alone.
add_library(survey STATIC ${CMAKE_CURRENT_LIST_DIR}/support/survey.c)
target_include_directories(survey PUBLIC ${CMAKE_CURRENT_LIST_DIR}/support)
target_link_libraries(survey PUBLIC memspan_format)

# Each system call of the dumper goes through faults.c, which makes it fail when told to.
add_executable(faulty_program ${dumper_tests}/recorded_program.c
	${dumper_tests}/fake_recorder.c ${dumper_tests}/faults.c ${dumper_tests}/power.c)
target_compile_definitions(faulty_program PRIVATE _GNU_SOURCE)
target_include_directories(faulty_program PRIVATE
	${PROJECT_SOURCE_DIR}/libcore ${PROJECT_SOURCE_DIR}/libcore/include)
target_link_libraries(faulty_program PRIVATE memspan_dumper memspan_format Threads::Threads)
foreach(call open close write pread fstat lstat ftruncate fdatasync flock rename unlink fchmod
		mmap madvise pthread_create)
	target_link_options(faulty_program PRIVATE -Wl,--wrap=${call})
endforeach()
memspan_add_plain_test(test_faults
	SOURCES ${dumper_tests}/test_faults.c LIBS survey ARGS $<TARGET_FILE:faulty_program>)
# Under a sanitizer a case takes long: the same ones in the long lane, all of them without.
set_tests_properties(test_faults PROPERTIES LABELS no_asan)
add_test(NAME test_faults_again COMMAND test_faults $<TARGET_FILE:faulty_program>)
add_test(NAME test_faults_all COMMAND test_faults $<TARGET_FILE:faulty_program> long)
set_tests_properties(test_faults_again PROPERTIES LABELS long)
set_tests_properties(test_faults_all PROPERTIES LABELS "long;no_asan")
set_tests_properties(test_faults_again test_faults_all PROPERTIES TIMEOUT 1200
	ENVIRONMENT "${memspan_test_environment}")

# Sanitizers take these signals for themselves.
add_executable(fatal_program ${dumper_tests}/fatal_program.c)
target_compile_definitions(fatal_program PRIVATE _GNU_SOURCE)
target_compile_options(fatal_program PRIVATE -O0) # or the recursion becomes a loop
target_link_libraries(fatal_program PRIVATE memspan Threads::Threads)
memspan_add_plain_test(test_fatal
	SOURCES ${dumper_tests}/test_fatal.c LIBS survey ARGS $<TARGET_FILE:fatal_program>)
set_tests_properties(test_fatal PROPERTIES LABELS no_asan)
add_test(NAME test_fatal_long COMMAND test_fatal $<TARGET_FILE:fatal_program> long)
set_tests_properties(test_fatal_long PROPERTIES LABELS "long;no_asan" TIMEOUT 300
	ENVIRONMENT "${memspan_test_environment}")

# Runs that are killed at any moment; a run of many threads that is not.
add_executable(busy_program ${dumper_tests}/busy_program.c)
target_link_libraries(busy_program PRIVATE memspan Threads::Threads)
memspan_add_plain_test(test_kill
	SOURCES ${dumper_tests}/test_kill.c LIBS survey
	ARGS $<TARGET_FILE:recorded_program> $<TARGET_FILE:busy_program> 40)
memspan_add_plain_test(test_soak
	SOURCES ${dumper_tests}/test_soak.c LIBS survey ARGS $<TARGET_FILE:busy_program> 20)
add_test(NAME test_kill_hundreds COMMAND test_kill
	$<TARGET_FILE:recorded_program> $<TARGET_FILE:busy_program> 600)
if(TARGET memspan_malloc)
	add_executable(malloc_program ${dumper_tests}/malloc_program.c)
	target_link_libraries(malloc_program PRIVATE Threads::Threads)
	foreach(kills 12 300)
		add_test(NAME test_kill_malloc_${kills} COMMAND test_kill malloc ${kills}
			$<TARGET_FILE:memspan_malloc> $<TARGET_FILE:malloc_program>)
	endforeach()
	# A sanitizer's malloc and ours do not go together.
	set_tests_properties(test_kill_malloc_12 PROPERTIES LABELS "no_asan;native" TIMEOUT 300)
	set_tests_properties(test_kill_malloc_300 PROPERTIES LABELS "long;no_asan;native" TIMEOUT 1200)
endif()
add_test(NAME test_soak_long COMMAND test_soak $<TARGET_FILE:busy_program> 2000)
set_tests_properties(test_kill_hundreds test_soak_long PROPERTIES LABELS long TIMEOUT 1200
	ENVIRONMENT "${memspan_test_environment}")
