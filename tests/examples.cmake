# The examples answer exactly what they are expected to, however often the collector runs.

set(examples_folder ${CMAKE_CURRENT_LIST_DIR}/examples)

# memspan_add_example_test(NAME EXAMPLE EXPECTED ENVIRONMENT [ARGUMENTS...])
function(memspan_add_example_test name example expected environment)
	set(recording "")
	if(environment MATCHES "MEMSPAN_DUMP=(.*)")
		set(recording ${CMAKE_MATCH_1})
	endif()
	add_test(NAME ${name} COMMAND ${CMAKE_COMMAND}
		-D PROGRAM=$<TARGET_FILE:${example}>
		-D "ARGUMENTS=${ARGN}"
		-D EXPECTED=${examples_folder}/${expected}
		-D OUTPUT=${CMAKE_CURRENT_BINARY_DIR}/${name}.out
		-D "RECORDING=${recording}"
		-P ${examples_folder}/compare.cmake)
	set_tests_properties(${name} PROPERTIES TIMEOUT 120)
	if(NOT environment STREQUAL "")
		set_tests_properties(${name} PROPERTIES ENVIRONMENT "${environment}")
	endif()
endfunction()

add_test(NAME examples_gc_notify COMMAND ${CMAKE_COMMAND}
	-D PROGRAM=$<TARGET_FILE:gc_notify> -D COUNT=7 -P ${examples_folder}/gc_notify.cmake)
memspan_add_example_test(examples_fibers fibers fibers.expected "")
# The numbers keep nothing in the typed list; a forgotten word on the stack may keep an object.
add_test(NAME examples_typed COMMAND typed)
set_tests_properties(examples_typed PROPERTIES PASS_REGULAR_EXPRESSION
	"lists intact: untyped yes, typed yes\nlarge objects kept by numbers: untyped 100, typed [0-2]\n")

if(TARGET docsearch)
	set(asked ${examples_folder}/manual
		"steeping times" "tea caddies" "Camellia" "nonsense words")
	foreach(threads 1 2 8)
		memspan_add_example_test(examples_docsearch_on_${threads} docsearch
			docsearch.expected "" -t ${threads} ${asked})
	endforeach()
	# A collection for every 40 KiB of growth: whatever the collector loses, shows.
	memspan_add_example_test(examples_docsearch_collecting docsearch docsearch.expected
		"MEMSPAN_GCPERCENT=1" -t 4 ${asked})
	memspan_add_example_test(examples_docsearch_recorded docsearch docsearch.expected
		"MEMSPAN_DUMP=${CMAKE_CURRENT_BINARY_DIR}/examples_docsearch.zst" -t 2 ${asked})

	add_test(NAME examples_docsearch_without_pages COMMAND docsearch ${examples_folder})
	set_tests_properties(examples_docsearch_without_pages PROPERTIES
		PASS_REGULAR_EXPRESSION "docsearch: .*: no .html files")
	file(WRITE ${CMAKE_CURRENT_BINARY_DIR}/examples_torn/torn.html "<html><p>Half a page")
	file(WRITE ${CMAKE_CURRENT_BINARY_DIR}/examples_torn/whole.html
		"<html><head><title>Whole</title></head><body><p>A page.</p></body></html>")
	add_test(NAME examples_docsearch_torn_page COMMAND docsearch
		${CMAKE_CURRENT_BINARY_DIR}/examples_torn)
	set_tests_properties(examples_docsearch_torn_page PROPERTIES PASS_REGULAR_EXPRESSION
		"torn.html: no element found.*2 pages, 3 words.*from the pages' titles")
	add_test(NAME examples_docsearch_without_folder COMMAND docsearch)
	set_tests_properties(examples_docsearch_without_folder PROPERTIES
		PASS_REGULAR_EXPRESSION "usage: docsearch")
endif()
