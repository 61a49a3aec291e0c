# troupe_fuzz(NAME SOURCES ... [LIBRARIES ...] [CORPUS folder] [MAX_LENGTH bytes] [RUNS count] [SECONDS limit])
#
# A fuzz target: SOURCES define LLVMFuzzerTestOneInput, which crashes (or trips a sanitizer) on a bug. The corpus
# is corpus/NAME beside the sources unless CORPUS says otherwise.
#
# Normally the program replays the corpus and then RUNS mutations of it (default 20000, each up to MAX_LENGTH bytes,
# default 4096), the same ones every time, and stops early after SECONDS (default 5): the ctest fuzz_NAME, label
# fuzz, in every run of scripts/test. With TROUPE_BUILD_FUZZ and clang it is a libFuzzer program, guided by
# coverage; scripts/fuzz NAME builds and runs it.
if(TROUPE_BUILD_FUZZ)
  if(NOT CMAKE_CXX_COMPILER_ID STREQUAL "Clang")
    message(FATAL_ERROR "TROUPE_BUILD_FUZZ needs clang; configure with `cmake --preset fuzz`")
  endif()
  # Every component is instrumented, so that coverage leads the fuzzer into it.
  add_compile_options(-fsanitize=fuzzer-no-link,address,undefined -fno-sanitize-recover=undefined
                      -fno-sanitize=vptr -fno-omit-frame-pointer)
  add_link_options(-fsanitize=address,undefined)
  add_custom_target(fuzz)
endif()

function(troupe_fuzz name)
  cmake_parse_arguments(PARSE_ARGV 1 arg "" "CORPUS;MAX_LENGTH;RUNS;SECONDS" "SOURCES;LIBRARIES")
  if(NOT arg_SOURCES)
    message(FATAL_ERROR "troupe_fuzz(${name}): name the SOURCES")
  endif()
  if(NOT arg_CORPUS)
    set(arg_CORPUS "${CMAKE_CURRENT_SOURCE_DIR}/corpus/${name}")
  endif()
  if(NOT arg_MAX_LENGTH)
    set(arg_MAX_LENGTH 4096)
  endif()
  if(NOT arg_RUNS)
    set(arg_RUNS 20000)
  endif()
  if(NOT arg_SECONDS)
    set(arg_SECONDS 5)
  endif()
  file(GLOB seeds "${arg_CORPUS}/*")
  if(NOT seeds)
    message(FATAL_ERROR "troupe_fuzz(${name}): put at least one input into ${arg_CORPUS}")
  endif()

  add_executable(fuzz_${name} ${arg_SOURCES})
  target_compile_options(fuzz_${name} PRIVATE ${troupe_warnings})
  target_link_libraries(fuzz_${name} PRIVATE troupe::flags ${arg_LIBRARIES})
  target_include_directories(fuzz_${name} PRIVATE ${PROJECT_SOURCE_DIR})
  if(TROUPE_BUILD_FUZZ)
    target_link_options(fuzz_${name} PRIVATE -fsanitize=fuzzer)
    add_dependencies(fuzz fuzz_${name})
    # Where scripts/fuzz finds the program, its corpus and its limit.
    file(GENERATE OUTPUT "${CMAKE_BINARY_DIR}/fuzz_targets/${name}"
         CONTENT "$<TARGET_FILE:fuzz_${name}>\n${arg_CORPUS}\n${arg_MAX_LENGTH}\n")
  else()
    target_sources(fuzz_${name} PRIVATE ${PROJECT_SOURCE_DIR}/tests/fuzz/driver.cpp)
    add_test(NAME fuzz_${name}
             COMMAND fuzz_${name} --runs ${arg_RUNS} --seconds ${arg_SECONDS} --max-length ${arg_MAX_LENGTH}
                     "${arg_CORPUS}")
    set_tests_properties(fuzz_${name} PROPERTIES LABELS fuzz TIMEOUT 120)
  endif()
endfunction()
