# The checks that a compiler does not make: `ninja tidy` here, the ctest of the same name in every run of scripts/test.

# Debian's own Python, to which the modules belong that scripts/setup installs, even if another one is first in PATH.
if(NOT Python3_EXECUTABLE AND EXISTS /usr/bin/python3)
  set(Python3_EXECUTABLE /usr/bin/python3)
endif()
find_package(Python3 3.9 REQUIRED COMPONENTS Interpreter)
add_custom_target(tidy COMMAND Python3::Interpreter ${PROJECT_SOURCE_DIR}/scripts/tidy
                  COMMENT "Checking floors, the seam to the world and the shape of files" VERBATIM)
