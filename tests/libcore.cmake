# Tests of the heap. Programs with a main of their own are about threads and signals.

add_library(roots_library MODULE ${CMAKE_CURRENT_LIST_DIR}/libcore/roots_library.c)
memspan_add_plain_test(roots_are_found
	SOURCES ${CMAKE_CURRENT_LIST_DIR}/libcore/roots_are_found.c
	LIBS memspan Threads::Threads
	ARGS $<TARGET_FILE:roots_library>)
foreach(name world_stops_busy_threads world_leaves_signals_alone world_survives_fork)
	memspan_add_plain_test(${name}
		SOURCES ${CMAKE_CURRENT_LIST_DIR}/libcore/${name}.c
		LIBS memspan_core Threads::Threads)
endforeach()
