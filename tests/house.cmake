# Tests of the tree itself: its layers, what it exports, its install, its scripts, its README.

set(house ${CMAKE_CURRENT_LIST_DIR}/house)

add_test(NAME house_layers COMMAND ${house}/test_layers ${PROJECT_SOURCE_DIR})
add_test(NAME house_setup COMMAND ${house}/test_setup ${PROJECT_SOURCE_DIR})

# The function that adds the tests of the other parts has to refuse a suite without tests.
if(CRITERION_FOUND)
	memspan_add_criterion_test(house_an_empty_suite_fails SOURCES ${house}/empty_suite.c)
	set_tests_properties(house_an_empty_suite_fails PROPERTIES WILL_FAIL ON)
endif()

add_test(NAME house_exports COMMAND ${house}/test_exports
	$<TARGET_FILE:memspan> libmemspan.so.0 ${PROJECT_SOURCE_DIR} ${house}/wrapped.txt)
set_tests_properties(house_exports PROPERTIES LABELS no_asan) # with it one name is not wrapped
if(TARGET memspan_malloc)
	add_test(NAME house_exports_malloc COMMAND ${house}/test_exports
		$<TARGET_FILE:memspan_malloc> libmemspan-malloc.so.0 ${PROJECT_SOURCE_DIR}
		${house}/wrapped.txt ${house}/malloc.txt)
endif()
set(install_arguments ${PROJECT_BINARY_DIR} ${CMAKE_C_COMPILER} "${sanitizer_flags}")
add_test(NAME house_install COMMAND ${house}/test_install
	${CMAKE_CURRENT_BINARY_DIR}/house_install ${install_arguments})
add_test(NAME house_readme COMMAND ${house}/test_readme
	${CMAKE_CURRENT_BINARY_DIR}/house_readme ${PROJECT_SOURCE_DIR} ${install_arguments})
# They build with what is installed, on this machine and for it. One at a time: each install
# writes the build's only install_manifest.txt, which house_install undoes its own by.
set_tests_properties(house_install house_readme PROPERTIES LABELS native
	RESOURCE_LOCK install_manifest)
