# The command line of memanalyze: what --help, man page and completions say of it, and what it
# makes of nonsense.
set(cli_tests ${CMAKE_CURRENT_LIST_DIR}/cli)
set(cli_sources ${PROJECT_SOURCE_DIR}/analyzer/cli)

foreach(name nearest amount)
	memspan_add_criterion_test(test_cli_${name}
		SOURCES ${cli_tests}/${name}.c ${cli_sources}/${name}.c)
	if(TARGET test_cli_${name})
		target_include_directories(test_cli_${name} PRIVATE ${cli_sources})
	endif()
endforeach()

add_test(NAME cli_completions COMMAND python3 ${cli_tests}/completions.py
	$<TARGET_FILE:memanalyze> ${PROJECT_SOURCE_DIR})
add_test(NAME cli_help COMMAND python3 ${cli_tests}/help.py $<TARGET_FILE:memanalyze>
	$<TARGET_FILE:make_recording> $<TARGET_FILE:recorded_program> ${PROJECT_SOURCE_DIR}
	$<$<TARGET_EXISTS:memspan_malloc>:record>)
add_test(NAME cli_hostile COMMAND python3 ${cli_tests}/hostile.py $<TARGET_FILE:memanalyze>
	$<TARGET_FILE:make_recording>)
add_test(NAME cli_export COMMAND python3 ${cli_tests}/export.py $<TARGET_FILE:memanalyze>
	${CMAKE_CURRENT_LIST_DIR}/golden/go1.19)
add_test(NAME cli_verify COMMAND python3 ${cli_tests}/verify.py $<TARGET_FILE:memanalyze>
	$<TARGET_FILE:make_recording>)
add_test(NAME cli_folders COMMAND python3 ${cli_tests}/folders.py $<TARGET_FILE:memanalyze>
	$<TARGET_FILE:make_recording> ${CMAKE_CURRENT_LIST_DIR}/golden/go1.19)
add_test(NAME cli_databases COMMAND python3 ${cli_tests}/databases.py $<TARGET_FILE:memanalyze>
	$<TARGET_FILE:make_recording> ${CMAKE_CURRENT_LIST_DIR}/golden/go1.19)
add_test(NAME cli_contract COMMAND python3 ${cli_tests}/contract.py $<TARGET_FILE:memanalyze>
	$<TARGET_FILE:make_recording> $<$<TARGET_EXISTS:memspan_malloc>:record>)
set_tests_properties(cli_completions cli_contract cli_databases cli_folders cli_help cli_hostile cli_export cli_verify PROPERTIES
	TIMEOUT 300 ENVIRONMENT "${memspan_test_environment}")
