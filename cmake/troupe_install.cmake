# `cmake --install`: what a project outside the tree needs for find_package(troupe) and troupe_contract().
#
#   bin/                    protoc-gen-troupe and the other programs of the global property TROUPE_PROGRAMS
#   lib/                    one static library a component of the floors below apps
#   include/troupe/         their headers, by floor and component; troupe.hpp, which includes what services need
#   share/troupe/proto/     the contracts' vocabulary, for `import "troupe/options.proto"` (proto/ installs it)
#   lib/cmake/troupe/       the package
include(CMakePackageConfigHelpers)
set(package lib/cmake/troupe)

# The components below apps, and the libraries of this tree that they link without being components themselves.
function(troupe_exported_targets result)
  get_property(pending GLOBAL PROPERTY TROUPE_COMPONENTS)
  list(FILTER pending EXCLUDE REGEX "^troupe_apps_")
  set(found)
  while(pending)
    list(POP_FRONT pending target)
    # $<LINK_ONLY:x> and such name a target as well.
    string(REGEX REPLACE "^\\$<.*:(.*)>$" "\\1" target "${target}")
    if(NOT TARGET "${target}")
      continue()
    endif()
    get_target_property(real "${target}" ALIASED_TARGET)
    if(real)
      set(target ${real})
    endif()
    get_target_property(imported ${target} IMPORTED)
    if(imported OR target IN_LIST found)
      continue()
    endif()
    list(APPEND found ${target})
    foreach(property LINK_LIBRARIES INTERFACE_LINK_LIBRARIES)
      get_target_property(used ${target} ${property})
      if(used)
        list(APPEND pending ${used})
      endif()
    endforeach()
  endwhile()
  set(${result} ${found} PARENT_SCOPE)
endfunction()

# Code that uses a sanitized library must be sanitized alike.
if(TROUPE_SANITIZE)
  string(REPLACE "address" "address,undefined" sanitizers "${TROUPE_SANITIZE}")
  target_compile_options(troupe_flags INTERFACE $<INSTALL_INTERFACE:-fsanitize=${sanitizers}>)
  target_link_options(troupe_flags INTERFACE $<INSTALL_INTERFACE:-fsanitize=${sanitizers}>)
endif()
# <troupe/troupe.hpp> for users; "runtime/core/status.hpp" for the headers among themselves.
target_include_directories(troupe_flags INTERFACE $<INSTALL_INTERFACE:include> $<INSTALL_INTERFACE:include/troupe>)

set_property(TARGET troupe_flags PROPERTY EXPORT_NAME flags)
troupe_exported_targets(exported)
get_property(programs GLOBAL PROPERTY TROUPE_PROGRAMS)
install(TARGETS ${exported} EXPORT troupe-targets ARCHIVE DESTINATION lib LIBRARY DESTINATION lib)
if(programs)
  install(TARGETS ${programs} EXPORT troupe-targets RUNTIME DESTINATION bin)
endif()
install(EXPORT troupe-targets NAMESPACE troupe:: DESTINATION ${package})

foreach(floor IN LISTS TROUPE_FLOORS)
  if(NOT floor STREQUAL "apps")
    install(DIRECTORY "${PROJECT_SOURCE_DIR}/${floor}" DESTINATION include/troupe
            FILES_MATCHING PATTERN "*.hpp" PATTERN "umbrella" EXCLUDE)
  endif()
endforeach()
install(DIRECTORY actors/umbrella/include/troupe DESTINATION include FILES_MATCHING PATTERN "*.hpp")

configure_package_config_file(cmake/troupe-config.cmake.in "${CMAKE_CURRENT_BINARY_DIR}/troupe-config.cmake"
                              INSTALL_DESTINATION ${package})
# Before 1.0 a minor version may change what it likes.
write_basic_package_version_file("${CMAKE_CURRENT_BINARY_DIR}/troupe-config-version.cmake"
                                 COMPATIBILITY SameMinorVersion)
install(FILES "${CMAKE_CURRENT_BINARY_DIR}/troupe-config.cmake"
              "${CMAKE_CURRENT_BINARY_DIR}/troupe-config-version.cmake"
              cmake/troupe_dependencies.cmake cmake/troupe_contract.cmake
        DESTINATION ${package})
install(FILES LICENSE DESTINATION share/doc/troupe)
