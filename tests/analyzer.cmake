# The analyzer's data side: recordings to rows, views, command line. What it prints is in
# analyzer_render.cmake.
set(analyzer_tests ${CMAKE_CURRENT_LIST_DIR}/analyzer)
set(support ${CMAKE_CURRENT_LIST_DIR}/support)

add_library(made_recording STATIC ${support}/recording.c)
target_include_directories(made_recording PUBLIC ${support})
target_link_libraries(made_recording PUBLIC memspan_format)
add_executable(make_recording ${support}/make_recording.c)
target_link_libraries(make_recording PRIVATE made_recording)

add_executable(peak_memory ${support}/peak_memory.c)

foreach(name views import)
	memspan_add_criterion_test(test_store_${name}
		SOURCES ${analyzer_tests}/store_${name}.c LIBS memspan_analyzer made_recording)
endforeach()

add_test(NAME memanalyze_command_line COMMAND sh ${analyzer_tests}/store_command_line.sh
	$<TARGET_FILE:memanalyze> $<TARGET_FILE:make_recording>
	$<TARGET_FILE:peak_memory>)
set_tests_properties(memanalyze_command_line PROPERTIES
	TIMEOUT 300 ENVIRONMENT "${memspan_test_environment}")

# Every byte in the long lane, some of them in the short one.
memspan_add_plain_test(salvage_damaged SOURCES ${analyzer_tests}/salvage_damaged.c
	LIBS memspan_analyzer ARGS ${CMAKE_CURRENT_LIST_DIR}/golden/v1.1.zst 7)
add_test(NAME salvage_damaged_everywhere
	COMMAND salvage_damaged ${CMAKE_CURRENT_LIST_DIR}/golden/v1.1.zst 1)
set_tests_properties(salvage_damaged_everywhere PROPERTIES LABELS long TIMEOUT 600
	ENVIRONMENT "${memspan_test_environment}")
