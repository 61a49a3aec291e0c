# Compiler, linker and cache settings shared by every target.
set(CMAKE_CXX_STANDARD 20)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_POSITION_INDEPENDENT_CODE ON)

find_program(TROUPE_CCACHE ccache)
if(TROUPE_CCACHE AND NOT CMAKE_CXX_COMPILER_LAUNCHER)
  # base_dir and hash_dir let two checkouts share one cache; the sloppiness is what
  # ccache's manual asks for with precompiled headers.
  set(CMAKE_CXX_COMPILER_LAUNCHER
      ${CMAKE_COMMAND} -E env
      CCACHE_BASEDIR=${CMAKE_SOURCE_DIR} CCACHE_NOHASHDIR=1
      CCACHE_SLOPPINESS=pch_defines,time_macros,include_file_mtime,include_file_ctime
      CCACHE_PCH_EXTSUM=1
      ${TROUPE_CCACHE})
endif()

find_program(TROUPE_LLD ld.lld)
if(TROUPE_LLD)
  add_link_options(-fuse-ld=lld)
endif()

add_library(troupe_flags INTERFACE)
add_library(troupe::flags ALIAS troupe_flags)
target_compile_features(troupe_flags INTERFACE cxx_std_20)
set(troupe_warnings -Wall -Wextra -Wpedantic -Wno-missing-field-initializers)
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  # CAF 0.17 copies classes whose copy operations C++11 deprecated.
  list(APPEND troupe_warnings -Wno-deprecated-copy -Wno-redundant-move)
endif()

# Debug builds keep line numbers and frames but are optimized for being stepped through; -g1 keeps
# the objects of protobuf, gRPC and Beast small enough that two cores link them quickly.
set(CMAKE_CXX_FLAGS_DEBUG "-Og -g1 -fno-omit-frame-pointer")
set(CMAKE_CXX_FLAGS_RELWITHDEBINFO "-O2 -g1 -fno-omit-frame-pointer -DNDEBUG")

if(TROUPE_SANITIZE STREQUAL "address")
  # Without null: CAF 0.17's headers bind a reference to a null tuple when an actor is spawned from a function without
  # arguments. A null pointer that is really used still ends the program.
  add_compile_options(-fsanitize=address,undefined -fno-sanitize-recover=undefined -fno-omit-frame-pointer
                      -fno-sanitize=vptr,null)
  add_link_options(-fsanitize=address,undefined)
elseif(TROUPE_SANITIZE STREQUAL "thread")
  add_compile_options(-fsanitize=thread -fno-omit-frame-pointer)
  add_link_options(-fsanitize=thread)
elseif(NOT TROUPE_SANITIZE STREQUAL "")
  message(FATAL_ERROR "TROUPE_SANITIZE is '${TROUPE_SANITIZE}'; choose address, thread or nothing")
endif()
