# Runs gc_notify: it must print COUNT objects, each valid JSON, with NumGC rising and the
# identities of the statistics kept.

execute_process(COMMAND ${PROGRAM} ${COUNT}
	OUTPUT_VARIABLE output
	ERROR_VARIABLE errors
	RESULT_VARIABLE result
	TIMEOUT 60)
if(NOT result EQUAL 0)
	message(FATAL_ERROR "exit ${result}\n${errors}")
endif()

# Objects end with a brace at the start of a line; arrays hold their commas and no semicolons.
string(REPLACE "\n}\n" "\n}\n;" objects "${output}")
set(seen 0)
set(last 0)
foreach(object IN LISTS objects)
	if(object STREQUAL "")
		continue()
	endif()
	foreach(key NumGC Sys HeapSys StackSys MSpanSys MCacheSys BuckHashSys GCSys OtherSys
			Mallocs Frees HeapObjects)
		string(JSON ${key} ERROR_VARIABLE problem GET "${object}" ${key})
		if(problem)
			message(FATAL_ERROR "object ${seen}: ${problem}\n${object}")
		endif()
	endforeach()
	if(NOT NumGC GREATER last)
		message(FATAL_ERROR "NumGC ${NumGC} after ${last}")
	endif()
	math(EXPR sys "${HeapSys} + ${StackSys} + ${MSpanSys} + ${MCacheSys} + \
		${BuckHashSys} + ${GCSys} + ${OtherSys}")
	if(NOT sys EQUAL Sys)
		message(FATAL_ERROR "Sys is ${Sys}, its parts are ${sys}")
	endif()
	math(EXPR objects_left "${Mallocs} - ${Frees}")
	if(NOT objects_left EQUAL HeapObjects)
		message(FATAL_ERROR "HeapObjects is ${HeapObjects}, not ${objects_left}")
	endif()
	set(last ${NumGC})
	math(EXPR seen "${seen} + 1")
endforeach()
if(NOT seen EQUAL COUNT)
	message(FATAL_ERROR "${seen} objects instead of ${COUNT}\n${output}")
endif()
