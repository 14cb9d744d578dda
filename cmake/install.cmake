# What `cmake --install BUILD --prefix P` puts under P. Everything in it finds its
# neighbours relative to itself, so that P may be moved.

include(CMakePackageConfigHelpers)

install(TARGETS memspan EXPORT memspan-targets
	LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR})
if(TARGET memspan_malloc)
	install(TARGETS memspan_malloc LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR})
endif()
install(FILES libcore/include/memspan.h DESTINATION ${CMAKE_INSTALL_INCLUDEDIR})

set(package_folder ${CMAKE_INSTALL_LIBDIR}/cmake/memspan)
install(EXPORT memspan-targets NAMESPACE memspan:: DESTINATION ${package_folder})
configure_file(cmake/memspan-config.cmake.in memspan-config.cmake @ONLY)
write_basic_package_version_file(memspan-config-version.cmake
	COMPATIBILITY SameMinorVersion)
install(FILES
	${CMAKE_CURRENT_BINARY_DIR}/memspan-config.cmake
	${CMAKE_CURRENT_BINARY_DIR}/memspan-config-version.cmake
	DESTINATION ${package_folder})

set(pc_folder ${CMAKE_INSTALL_LIBDIR}/pkgconfig)
file(RELATIVE_PATH pc_prefix /prefix/${pc_folder} /prefix)
configure_file(cmake/memspan.pc.in memspan.pc @ONLY)
install(FILES ${CMAKE_CURRENT_BINARY_DIR}/memspan.pc DESTINATION ${pc_folder})
install(TARGETS memanalyze RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})

# Man pages are taken as they are found.
foreach(section 1 3 5 7)
	file(GLOB pages CONFIGURE_DEPENDS docs/man/*.${section})
	install(FILES ${pages} DESTINATION ${CMAKE_INSTALL_MANDIR}/man${section})
endforeach()
# Where each shell looks by itself.
install(FILES analyzer/completions/memanalyze.bash RENAME memanalyze
	DESTINATION ${CMAKE_INSTALL_DATADIR}/bash-completion/completions)
install(FILES analyzer/completions/_memanalyze DESTINATION ${CMAKE_INSTALL_DATADIR}/zsh/site-functions)
install(FILES analyzer/completions/memanalyze.fish DESTINATION ${CMAKE_INSTALL_DATADIR}/fish/vendor_completions.d)

install(FILES LICENSE DESTINATION ${CMAKE_INSTALL_DOCDIR})
