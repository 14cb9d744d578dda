# Runs PROGRAM with ARGUMENTS and compares its output with the file EXPECTED, byte for byte.
# RECORDING (optional): a file that the run must leave behind.

execute_process(COMMAND ${PROGRAM} ${ARGUMENTS}
	OUTPUT_FILE ${OUTPUT}
	ERROR_VARIABLE errors
	RESULT_VARIABLE result)
if(NOT result EQUAL 0)
	message(FATAL_ERROR "exit ${result}\n${errors}")
endif()
execute_process(COMMAND ${CMAKE_COMMAND} -E compare_files ${OUTPUT} ${EXPECTED}
	RESULT_VARIABLE differs)
if(NOT differs EQUAL 0)
	message(FATAL_ERROR "${OUTPUT} differs from ${EXPECTED}\n${errors}")
endif()
if(RECORDING AND NOT EXISTS ${RECORDING})
	message(FATAL_ERROR "${RECORDING} was not written\n${errors}")
endif()
