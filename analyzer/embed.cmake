# Writes OUTPUT, a C file with each of the SQL files as a string: cmake -D FOLDER=... -D
# OUTPUT=... -P embed.cmake. The SQL in schemas/ is the source; nothing is copied by hand.
include(${CMAKE_CURRENT_LIST_DIR}/embed_text.cmake)
set(text "/* Made at build from the SQL files in schemas. */\n#include \"schema.h\"\n")
foreach(name tables span views findings schema_doc)
	file(READ ${FOLDER}/${name}.sql sql)
	embed_text(schema_${name} "${sql}" definition)
	string(APPEND text "${definition}")
endforeach()
file(WRITE ${OUTPUT} "${text}")
