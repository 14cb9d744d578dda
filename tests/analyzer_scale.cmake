# Long work of memanalyze and what interrupts it, recordings that grow, the shell, the cookbook.
set(scale_tests ${CMAKE_CURRENT_LIST_DIR}/analyzer)

add_test(NAME memanalyze_interrupted_load COMMAND sh ${scale_tests}/interrupted_load.sh
	$<TARGET_FILE:memanalyze> $<TARGET_FILE:make_recording>)
set_tests_properties(memanalyze_interrupted_load PROPERTIES
	TIMEOUT 300 LABELS long ENVIRONMENT "${memspan_test_environment}")

add_test(NAME memanalyze_watch COMMAND sh ${scale_tests}/watch.sh $<TARGET_FILE:memanalyze>
	$<TARGET_FILE:make_recording> $<TARGET_FILE:recorded_program>)
set_tests_properties(memanalyze_watch PROPERTIES
	TIMEOUT 300 ENVIRONMENT "${memspan_test_environment}")

find_package(Python3 COMPONENTS Interpreter)
if(Python3_FOUND)
	add_test(NAME memanalyze_shell COMMAND ${Python3_EXECUTABLE} ${scale_tests}/shell.py
		$<TARGET_FILE:memanalyze> $<TARGET_FILE:make_recording>)
	add_test(NAME memanalyze_cookbook COMMAND ${Python3_EXECUTABLE} ${scale_tests}/cookbook.py
		$<TARGET_FILE:memanalyze> $<TARGET_FILE:make_recording>
		${PROJECT_SOURCE_DIR}/docs/cookbook.md)
	add_test(NAME memanalyze_same_answers COMMAND ${Python3_EXECUTABLE} ${scale_tests}/same_answers.py
		$<TARGET_FILE:memanalyze> $<TARGET_FILE:make_recording> ${CMAKE_CURRENT_LIST_DIR}/golden)
	add_test(NAME memanalyze_same_answers_all COMMAND ${Python3_EXECUTABLE} ${scale_tests}/same_answers.py
		$<TARGET_FILE:memanalyze> $<TARGET_FILE:make_recording> ${CMAKE_CURRENT_LIST_DIR}/golden all)
	set_tests_properties(memanalyze_same_answers_all PROPERTIES
		TIMEOUT 300 LABELS long ENVIRONMENT "${memspan_test_environment}")
	set_tests_properties(memanalyze_shell memanalyze_cookbook memanalyze_same_answers PROPERTIES
		TIMEOUT 300 ENVIRONMENT "${memspan_test_environment}")
endif()
