# Writes OUTPUT, a C file with each of the SQL files as a string: cmake -D FOLDER=... -D
# OUTPUT=... -P embed.cmake. The SQL in schemas/ is the source; nothing is copied by hand.
set(text "/* Made at build from the SQL files in schemas. */\n#include \"schema.h\"\n")
foreach(name tables span views findings schema_doc)
	file(READ ${FOLDER}/${name}.sql hex HEX)
	string(REGEX REPLACE "([0-9a-f][0-9a-f])" "0x\\1," bytes "${hex}")
	string(REGEX REPLACE "(0x..,0x..,0x..,0x..,0x..,0x..,0x..,0x..,0x..,0x..,0x..,0x..,0x..,0x..,0x..,0x..,)" "\\1\n" bytes "${bytes}")
	string(APPEND text "\nconst char schema_${name}[] = {\n${bytes}0};\n")
endforeach()
file(WRITE ${OUTPUT} "${text}")
