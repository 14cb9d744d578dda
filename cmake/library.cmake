# libmemspan.so: the heap and its recorder in one library, with zstd inside.
# libmemspan-malloc.so (malloc/) is the same and malloc.

# Everything that both have in common.
function(memspan_link_library target)
	target_link_libraries(${target} PRIVATE
		memspan_core memspan_dumper memspan_format zstd::libzstd_static Threads::Threads)
	target_include_directories(${target} INTERFACE
		$<BUILD_INTERFACE:${PROJECT_SOURCE_DIR}/libcore/include>
		$<INSTALL_INTERFACE:${CMAKE_INSTALL_INCLUDEDIR}>)
	set_target_properties(${target} PROPERTIES
		VERSION ${PROJECT_VERSION}
		SOVERSION ${PROJECT_VERSION_MAJOR}
		LIBRARY_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}
		LINK_DEPENDS ${PROJECT_SOURCE_DIR}/cmake/memspan.map)
	target_link_options(${target} PRIVATE
		-Wl,--version-script=${PROJECT_SOURCE_DIR}/cmake/memspan.map
		-Wl,--exclude-libs,ALL # nothing of zstd is exported
		-Wl,-z,now             # no lazy binding inside a stop signal's handler
		-Wl,-z,nodelete)       # wrapped functions and running threads outlive a dlclose
	if(NOT MEMSPAN_SANITIZE)
		target_link_options(${target} PRIVATE -Wl,-z,defs)
	endif()
endfunction()

add_library(memspan SHARED)
add_library(memspan::memspan ALIAS memspan)
memspan_link_library(memspan)
