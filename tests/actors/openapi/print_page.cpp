// Prints the docs page (`page`) or its Content-Security-Policy (`policy`), for the client tests.
#include "actors/openapi/docs_page.hpp"

#include <iostream>
#include <string_view>

int main(int argc, char** argv) {
  const std::string_view what = argc > 1 ? argv[1] : "";
  if (what == "page")
    std::cout << troupe::docs_page();
  else if (what == "policy")
    std::cout << troupe::docs_page_policy();
  else
    return 2;
  return std::cout.flush() ? 0 : 1;
}
