# Writes OUTPUT, a C file with the report's page as strings, split where the runs go: page.html
# with its styles and scripts in it. cmake -D OUTPUT=... [-D DYGRAPHS=...] -P embed_page.cmake
#
# DYGRAPHS is the folder of the charting library; without it the page has no time series. Its
# license goes with it in place of the line that names its address, and the line for debuggers
# that names a file goes: the page must have nothing that a browser could ask for.
set(folder ${CMAKE_CURRENT_LIST_DIR})
include(${folder}/../embed_text.cmake)

set(library "")
if(DYGRAPHS)
	file(READ ${DYGRAPHS}/dygraph.min.js library)
	file(READ ${folder}/dygraphs.license license)
	string(REGEX REPLACE "/\\*! @license [^*]*\\*/" "" library "${library}")
	string(REGEX REPLACE "//# sourceMappingURL=[^\n]*" "" library "${library}")
	string(PREPEND library "/*!\n${license}*/\n")
	string(TOLOWER "${library}" lower)
	foreach(forbidden "</script" "<!--" "://")
		string(FIND "${lower}" "${forbidden}" at)
		if(NOT at EQUAL -1)
			message(FATAL_ERROR "${DYGRAPHS}/dygraph.min.js holds ${forbidden}, which no page may have")
		endif()
	endforeach()
endif()

file(READ ${folder}/page.html page)
file(READ ${folder}/page.css styles)
set(scripts "")
foreach(name figures time_charts pictures sections)
	file(READ ${folder}/${name}.js script)
	string(APPEND scripts "${script}\n")
endforeach()
string(REPLACE "/* styles */" "${styles}" page "${page}")
string(REPLACE "/* library */" "${library}" page "${page}")
string(REPLACE "/* scripts */" "${scripts}" page "${page}")
string(FIND "${page}" "<!-- runs -->" at)
string(SUBSTRING "${page}" 0 ${at} before)
string(SUBSTRING "${page}" ${at} -1 after)
string(REPLACE "<!-- runs -->" "" after "${after}")

embed_text(page_begin "${before}" begin)
embed_text(page_end "${after}" end)
file(WRITE ${OUTPUT} "/* Made at build from analyzer/page. */\n#include \"render/page.h\"\n${begin}${end}")
