# What memanalyze prints: text, rows, findings, the report.
if(TARGET memspan_analyzer)
	memspan_add_criterion_test(test_render_text
		SOURCES ${CMAKE_CURRENT_LIST_DIR}/analyzer/render_text.c LIBS memspan_analyzer)
	memspan_add_criterion_test(test_render_rows
		SOURCES ${CMAKE_CURRENT_LIST_DIR}/analyzer/render_rows.c LIBS memspan_analyzer)
	set(analyzer_folder ${CMAKE_CURRENT_LIST_DIR}/../analyzer)
	set(render_check_sources ${analyzer_folder}/check.c)
	set(render_diff_sources ${analyzer_folder}/diff.c)
	foreach(name findings report check diff)
		memspan_add_criterion_test(test_render_${name}
			SOURCES ${CMAKE_CURRENT_LIST_DIR}/analyzer/render_${name}.c
			        ${CMAKE_CURRENT_LIST_DIR}/analyzer/render_database.c
			        ${render_${name}_sources}
			LIBS memspan_analyzer)
		if(TARGET test_render_${name})
			target_compile_definitions(test_render_${name} PRIVATE
				RENDER_FOLDER="${CMAKE_CURRENT_LIST_DIR}/analyzer")
		endif()
	endforeach()
endif()
