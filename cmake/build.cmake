# How everything is compiled.

if(NOT CMAKE_BUILD_TYPE AND NOT CMAKE_CONFIGURATION_TYPES)
	set(CMAKE_BUILD_TYPE Release CACHE STRING "Debug, Release, RelWithDebInfo or MinSizeRel" FORCE)
endif()

# P/lib on every distribution; absolute or nested folders can still be asked for.
if(NOT DEFINED CMAKE_INSTALL_LIBDIR)
	set(CMAKE_INSTALL_LIBDIR lib CACHE PATH "Where libraries go, below the prefix")
endif()
include(GNUInstallDirs)

set(CMAKE_C_STANDARD 11)
set(CMAKE_C_STANDARD_REQUIRED ON)
set(CMAKE_C_EXTENSIONS ON) # gnu11: statement attributes, inline assembly in the OS port
set(CMAKE_C_VISIBILITY_PRESET hidden)
set(CMAKE_POSITION_INDEPENDENT_CODE ON) # the static libraries end in a shared one
set(CMAKE_C_FLAGS_RELEASE "-O2 -DNDEBUG")
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)

add_compile_options(-Wall -Wextra -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wvla)

if(MEMSPAN_CHECKS)
	add_compile_definitions(MEMSPAN_CHECKS=1)
	add_compile_options(-fno-omit-frame-pointer)
endif()

if(MEMSPAN_SANITIZE STREQUAL "address")
	set(sanitizer_flags -fsanitize=address,undefined -fno-sanitize-recover=all)
elseif(MEMSPAN_SANITIZE STREQUAL "thread")
	# It does not see fences: what they order is reported as a race, not missed.
	set(sanitizer_flags -fsanitize=thread -Wno-tsan)
elseif(MEMSPAN_SANITIZE STREQUAL "fuzzer")
	# clang's: what libFuzzer needs to see where an input leads, in all of our code.
	set(sanitizer_flags -fsanitize=address,undefined -fno-sanitize-recover=all)
	add_compile_options(-fsanitize=fuzzer-no-link)
elseif(NOT MEMSPAN_SANITIZE STREQUAL "")
	message(FATAL_ERROR
		"MEMSPAN_SANITIZE is '${MEMSPAN_SANITIZE}': address, thread, fuzzer or nothing")
endif()
if(sanitizer_flags)
	add_compile_options(${sanitizer_flags} -fno-omit-frame-pointer)
	add_link_options(${sanitizer_flags})
endif()

# zstd is linked in statically: a program's own zstd and ours never meet.
find_package(zstd CONFIG QUIET)
if(NOT TARGET zstd::libzstd_static)
	find_library(ZSTD_STATIC_LIBRARY libzstd.a REQUIRED)
	find_path(ZSTD_INCLUDE_DIR zstd.h REQUIRED)
	add_library(zstd::libzstd_static STATIC IMPORTED GLOBAL)
	set_target_properties(zstd::libzstd_static PROPERTIES
		IMPORTED_LOCATION ${ZSTD_STATIC_LIBRARY}
		INTERFACE_INCLUDE_DIRECTORIES ${ZSTD_INCLUDE_DIR})
endif()
find_package(SQLite3 REQUIRED)
find_package(ZLIB REQUIRED)
find_package(PkgConfig REQUIRED)
pkg_check_modules(YAJL REQUIRED IMPORTED_TARGET yajl)
pkg_check_modules(EDIT REQUIRED IMPORTED_TARGET libedit)
find_package(Threads REQUIRED)
