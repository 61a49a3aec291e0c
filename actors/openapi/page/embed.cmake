# cmake -DFOLDER=<page> -DOUTPUT=<file.cpp> -P embed.cmake
# Joins the page's parts into one source file of string literals: style and script apart, because the content
# security policy names their hashes.
set(style_parts page.css)
set(script_parts dom.js request.js schema.js try.js main.js)

function(append_literal name text)
  # A compiler need not take literals beyond 64 KiB (C++ [implimits]); adjacent ones are joined.
  set(literal "")
  string(LENGTH "${text}" length)
  set(position 0)
  while(position LESS length)
    string(SUBSTRING "${text}" ${position} 8000 piece)
    string(APPEND literal "R\"page_text(${piece})page_text\"\n")
    math(EXPR position "${position} + 8000")
  endwhile()
  set(source "${source}extern const char ${name}[] = ${literal};\n" PARENT_SCOPE)
endfunction()

file(READ "${FOLDER}/page.html" page)
set(style "")
foreach(part IN LISTS style_parts)
  file(READ "${FOLDER}/${part}" text)
  string(APPEND style "${text}")
endforeach()
set(script "\n\"use strict\";\n(() => {\n")
foreach(part IN LISTS script_parts)
  file(READ "${FOLDER}/${part}" text)
  string(APPEND script "${text}")
endforeach()
string(APPEND script "})();\n")

set(source "namespace troupe::openapi {\n")
append_literal(page_frame "${page}")
append_literal(page_style "${style}")
append_literal(page_script "${script}")
file(WRITE "${OUTPUT}" "${source}} // namespace troupe::openapi\n")
