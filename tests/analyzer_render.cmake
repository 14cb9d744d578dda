# What memanalyze prints: text, rows, findings, the report.
if(TARGET memspan_analyzer)
	memspan_add_criterion_test(test_render_text
		SOURCES ${CMAKE_CURRENT_LIST_DIR}/analyzer/render_text.c LIBS memspan_analyzer)
	memspan_add_criterion_test(test_render_rows
		SOURCES ${CMAKE_CURRENT_LIST_DIR}/analyzer/render_rows.c LIBS memspan_analyzer)
	foreach(name findings report)
		memspan_add_criterion_test(test_render_${name}
			SOURCES ${CMAKE_CURRENT_LIST_DIR}/analyzer/render_${name}.c
			        ${CMAKE_CURRENT_LIST_DIR}/analyzer/render_database.c
			LIBS memspan_analyzer)
		if(TARGET test_render_${name})
			target_compile_definitions(test_render_${name} PRIVATE
				RENDER_FOLDER="${CMAKE_CURRENT_LIST_DIR}/analyzer")
		endif()
	endforeach()
endif()
