# troupe_contract(TARGET PROTOS a.proto b.proto... [IMPORT_DIRS dir...] [PUBLIC libs...])
#
# Makes the static library TARGET of contracts: what protoc generates of their messages, and what protoc-gen-troupe
# generates of their services. Whoever links TARGET includes "NAME.pb.h" and "NAME.troupe.hpp".
#
# PROTOS       paths relative to the calling CMakeLists.txt, or absolute.
# IMPORT_DIRS  where imports start, relative to the calling CMakeLists.txt; by default its own folder. The name of a
#              contract is its path below the first of these folders that holds it, in imports (import "shop/a.proto")
#              and in includes ("shop/a.troupe.hpp"). google/protobuf, google/api, google/rpc and troupe/options.proto
#              are always found.
# PUBLIC       further libraries. Import folders of other contracts among them are searched too.
#
# All contracts of one call are checked together; what is wrong with them stops the build with file:line and the fix.
# Works the same inside Troupe's own tree and after find_package(troupe).
include_guard(GLOBAL)

# The folder that holds google/api and troupe/options.proto: in the tree beside this file's folder, or installed.
function(_troupe_contract_proto_dir out)
  foreach(candidate "${TROUPE_PROTO_DIR}" "${CMAKE_CURRENT_FUNCTION_LIST_DIR}/../proto"
                    "${CMAKE_CURRENT_FUNCTION_LIST_DIR}/../../../share/troupe/proto")
    if(candidate AND EXISTS "${candidate}/troupe/options.proto")
      get_filename_component(found "${candidate}" ABSOLUTE)
      set(${out} "${found}" PARENT_SCOPE)
      return()
    endif()
  endforeach()
  message(FATAL_ERROR "troupe_contract: troupe/options.proto is not where Troupe installs it; set TROUPE_PROTO_DIR")
endfunction()

# Whether protoc-gen-troupe will write files for a contract. Comments may mention services.
function(_troupe_contract_has_services proto out)
  file(READ "${proto}" text)
  string(REGEX REPLACE "//[^\n]*" "" text "${text}")
  string(REGEX REPLACE "/\\*([^*]|\\*+[^*/])*\\*+/" "" text "${text}")
  if("${text}" MATCHES "(^|[;}\n])[ \t\r]*service[ \t\r\n]+[A-Za-z_][A-Za-z0-9_]*[ \t\r\n]*{")
    set(${out} TRUE PARENT_SCOPE)
  else()
    set(${out} FALSE PARENT_SCOPE)
  endif()
endfunction()

function(troupe_contract target)
  cmake_parse_arguments(PARSE_ARGV 1 arg "" "" "PROTOS;IMPORT_DIRS;PUBLIC")
  if(NOT arg_PROTOS OR arg_UNPARSED_ARGUMENTS)
    message(FATAL_ERROR "troupe_contract(${target}): say troupe_contract(${target} PROTOS a.proto ... "
                        "[IMPORT_DIRS ...] [PUBLIC ...])${arg_UNPARSED_ARGUMENTS}")
  endif()
  if(NOT arg_IMPORT_DIRS)
    set(arg_IMPORT_DIRS "${CMAKE_CURRENT_SOURCE_DIR}")
  endif()
  set(roots)
  foreach(dir IN LISTS arg_IMPORT_DIRS)
    get_filename_component(dir "${dir}" ABSOLUTE)
    list(APPEND roots "${dir}")
  endforeach()
  # Contracts that this one may import: their folders to search, their files to watch.
  set(search ${roots})
  set(watched)
  foreach(library IN LISTS arg_PUBLIC)
    if(TARGET ${library})
      get_target_property(more ${library} TROUPE_CONTRACT_IMPORT_DIRS)
      get_target_property(files ${library} TROUPE_CONTRACT_PROTOS)
      if(more)
        list(APPEND search ${more})
        list(APPEND watched ${files})
      endif()
    endif()
  endforeach()
  _troupe_contract_proto_dir(vocabulary)
  list(APPEND search "${vocabulary}")
  list(REMOVE_DUPLICATES search)

  set(generated "${CMAKE_CURRENT_BINARY_DIR}/${target}.generated")
  file(MAKE_DIRECTORY "${generated}")
  set(names)
  set(protos)
  set(outputs)
  set(with_services 0)
  foreach(proto IN LISTS arg_PROTOS)
    get_filename_component(proto "${proto}" ABSOLUTE)
    if(NOT EXISTS "${proto}")
      message(FATAL_ERROR "troupe_contract(${target}): no file ${proto}")
    endif()
    set(name)
    foreach(root IN LISTS roots)
      cmake_path(IS_PREFIX root "${proto}" NORMALIZE inside)
      if(inside)
        cmake_path(RELATIVE_PATH proto BASE_DIRECTORY "${root}" OUTPUT_VARIABLE name)
        break()
      endif()
    endforeach()
    if(NOT name)
      message(FATAL_ERROR "troupe_contract(${target}): ${proto} is in none of the IMPORT_DIRS: ${roots}")
    endif()
    list(APPEND names "${name}")
    list(APPEND protos "${proto}")
    string(REGEX REPLACE "\\.[^./]*$" "" stem "${generated}/${name}")
    list(APPEND outputs "${stem}.pb.cc" "${stem}.pb.h")
    _troupe_contract_has_services("${proto}" has_services)
    if(has_services)
      math(EXPR with_services "${with_services} + 1")
      list(APPEND outputs "${stem}.troupe.cpp" "${stem}.troupe.hpp")
    endif()
  endforeach()
  # A service that is added to a contract, or the first of it, changes which files there are.
  set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${protos})

  if(TARGET troupe::protoc-gen-troupe)
    set(plugin troupe::protoc-gen-troupe)
  else()
    set(plugin protoc-gen-troupe) # of this tree; its target may be defined later
  endif()
  list(TRANSFORM search PREPEND "--proto_path=" OUTPUT_VARIABLE paths)
  list(TRANSFORM roots PREPEND "--troupe_opt=import_dir=" OUTPUT_VARIABLE options)
  add_custom_command(
    OUTPUT ${outputs}
    COMMAND protobuf::protoc ${paths} "--plugin=protoc-gen-troupe=$<TARGET_FILE:${plugin}>" "--cpp_out=${generated}"
            "--troupe_out=${generated}" ${options} ${names}
    DEPENDS ${protos} ${watched} ${plugin} protobuf::protoc "${vocabulary}/troupe/options.proto"
            "${vocabulary}/google/api/http.proto"
    COMMENT "Generating C++ of the contract ${target}"
    VERBATIM)

  add_library(${target} STATIC ${outputs})
  target_compile_features(${target} PUBLIC cxx_std_20)
  target_include_directories(${target} SYSTEM PUBLIC "$<BUILD_INTERFACE:${generated}>")
  target_link_libraries(${target} PUBLIC troupe::actors_service troupe::proto protobuf::libprotobuf ${arg_PUBLIC})
  set_target_properties(${target} PROPERTIES TROUPE_CONTRACT_IMPORT_DIRS "${search}"
                                             TROUPE_CONTRACT_PROTOS "${protos};${watched}")
  # Precompiling the headers costs as much as compiling three or four files that include them.
  if(with_services GREATER 3)
    target_precompile_headers(${target} PRIVATE <google/protobuf/generated_message_reflection.h>
                              <actors/service/service.hpp>)
  endif()
endfunction()
