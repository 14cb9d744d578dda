# The report as a page: what is in it, here; what a browser makes of it, in the long lane.
if(TARGET memspan_analyzer)
	set(page_tests ${CMAKE_CURRENT_LIST_DIR}/analyzer)
	memspan_add_criterion_test(test_thin SOURCES ${page_tests}/thin.c LIBS memspan_analyzer)

	find_package(Python3 COMPONENTS Interpreter)
	if(Python3_Interpreter_FOUND)
		foreach(size Small Large)
			string(TOLOWER report_page_${size} name)
			add_test(NAME ${name} COMMAND ${Python3_EXECUTABLE} ${page_tests}/report_page.py
				$<TARGET_FILE:memanalyze> $<TARGET_FILE:make_recording> ${size})
			set_tests_properties(${name} PROPERTIES
				TIMEOUT 300 ENVIRONMENT "${memspan_test_environment}")
		endforeach()
		set_tests_properties(report_page_large PROPERTIES LABELS long)

		# A browser is 300 MB to install: only the long lane asks for it.
		add_test(NAME report_page_browser COMMAND ${CMAKE_CURRENT_LIST_DIR}/browser/report_page.sh
			${Python3_EXECUTABLE} $<TARGET_FILE:memanalyze> $<TARGET_FILE:make_recording>)
		set_tests_properties(report_page_browser PROPERTIES
			LABELS "long;no_asan" TIMEOUT 600 SKIP_RETURN_CODE 77
			ENVIRONMENT "${memspan_test_environment}")
	endif()
endif()
