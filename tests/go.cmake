# What memanalyze reads of Go's own figures: files that a Go program printed, and such a
# program itself where this machine can build one.
set(go_tests ${CMAKE_CURRENT_LIST_DIR}/analyzer)

memspan_add_criterion_test(test_go_trace SOURCES ${go_tests}/go_trace.c LIBS memspan_analyzer)
memspan_add_criterion_test(test_go_scan SOURCES ${go_tests}/go_scan.c LIBS memspan_analyzer)
memspan_add_criterion_test(test_go_import SOURCES ${go_tests}/go_import.c LIBS memspan_analyzer)

add_test(NAME go_figures_golden COMMAND python3 ${go_tests}/go_figures.py
	$<TARGET_FILE:memanalyze> ${CMAKE_CURRENT_LIST_DIR}/golden/go1.19)
add_test(NAME go_figures_of_a_program COMMAND sh ${go_tests}/go_program.sh
	$<TARGET_FILE:memanalyze> ${PROJECT_BINARY_DIR}/go-cache)
add_test(NAME go_command_line COMMAND sh ${go_tests}/go_command_line.sh
	$<TARGET_FILE:memanalyze> ${CMAKE_CURRENT_LIST_DIR}/golden/go1.19
	${PROJECT_SOURCE_DIR}/docs/go.md)
set_tests_properties(go_command_line go_figures_golden go_figures_of_a_program PROPERTIES
	TIMEOUT 300 SKIP_RETURN_CODE 77 ENVIRONMENT "${memspan_test_environment}")
