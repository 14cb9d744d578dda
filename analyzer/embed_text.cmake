# embed_text(NAME TEXT RESULT) - sets RESULT to the definition of a C string NAME that holds
# TEXT.
function(embed_text name text result)
	string(HEX "${text}" hex)
	string(REGEX REPLACE "([0-9a-f][0-9a-f])" "0x\\1," bytes "${hex}")
	string(REGEX REPLACE "(0x..,0x..,0x..,0x..,0x..,0x..,0x..,0x..,0x..,0x..,0x..,0x..,0x..,0x..,0x..,0x..,)" "\\1\n" bytes "${bytes}")
	set(${result} "\nconst char ${name}[] = {\n${bytes}0};\n" PARENT_SCOPE)
endfunction()
