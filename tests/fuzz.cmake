# Hostile input. Each target is run over its seeds by every build; under libFuzzer, which
# finds new inputs, by the preset "fuzz" (clang) alone. See docs/reliability.md.
set(fuzz ${CMAKE_CURRENT_LIST_DIR}/fuzz)
set(fuzz_targets segments records import go)
set(fuzz_libs_segments format_sample)
set(fuzz_libs_records format_sample)
set(fuzz_libs_import memspan_analyzer)
set(fuzz_libs_go memspan_analyzer)
set(fuzz_seeds_segments segments)
set(fuzz_seeds_records records)
set(fuzz_seeds_import segments records)
set(fuzz_seeds_go go)
set(fuzz_variants_segments 30)
set(fuzz_variants_records 30)
set(fuzz_variants_go 2)
set(fuzz_variants_import 1) # each costs milliseconds: every view is asked for
set(MEMSPAN_FUZZ_SECONDS 60 CACHE STRING "How long each fuzz target looks for new inputs")

foreach(name IN LISTS fuzz_targets)
	list(TRANSFORM fuzz_seeds_${name} PREPEND ${fuzz}/seeds/)
	memspan_add_plain_test(fuzz_${name}_seeds
		SOURCES ${fuzz}/fuzz_${name}.c ${fuzz}/segment.c ${fuzz}/replay.c
		LIBS ${fuzz_libs_${name}} memspan_format ARGS ${fuzz_variants_${name}} ${fuzz_seeds_${name}})
endforeach()

if(MEMSPAN_SANITIZE STREQUAL "fuzzer")
	add_custom_target(fuzz)
	foreach(name IN LISTS fuzz_targets)
		add_executable(fuzz_${name} ${fuzz}/fuzz_${name}.c ${fuzz}/segment.c)
		target_link_libraries(fuzz_${name} PRIVATE ${fuzz_libs_${name}} memspan_format)
		target_link_options(fuzz_${name} PRIVATE -fsanitize=fuzzer)
		add_dependencies(fuzz fuzz_${name})
		# What was found stays in the build folder and is where the next run begins.
		set(found ${CMAKE_CURRENT_BINARY_DIR}/fuzz_${name}_found)
		file(MAKE_DIRECTORY ${found})
		add_test(NAME fuzz_${name} COMMAND fuzz_${name}
			-max_total_time=${MEMSPAN_FUZZ_SECONDS} -max_len=16384 -timeout=60
			-rss_limit_mb=1024 -print_final_stats=1 -verbosity=0
			-artifact_prefix=${CMAKE_CURRENT_BINARY_DIR}/fuzz_${name}_failed_
			${found} ${fuzz_seeds_${name}})
		set_tests_properties(fuzz_${name} PROPERTIES LABELS "fuzz;long"
			ENVIRONMENT "${memspan_test_environment}")
	endforeach()
endif()
