// A path template and a path, separated by a newline: parsing, showing and matching never misbehave.
#include "runtime/rest/percent_encoding.hpp"
#include "runtime/rest/route_tree.hpp"
#include "tests/runtime/rest/library.hpp"

#include <cstdlib>

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size) {
  using namespace troupe;
  const std::string_view input{reinterpret_cast<const char*>(data), size};
  const auto newline = input.find('\n');
  const auto path = newline == std::string_view::npos ? input : input.substr(newline + 1);

  if (auto parsed = parse_path_template(input.substr(0, newline))) {
    // What was read, shown and read again is the same.
    const auto again = parse_path_template(parsed->to_string());
    if (!again || *again != *parsed) std::abort();
    rest_route route;
    route.binding.http_method = "GET";
    route.binding.path = *parsed;
    route_tree tree;
    tree.add(route);
    tree.finish();
    if (!path.empty() && path.front() == '/')
      tree.find(path_pieces{path}, {}, [](const rest_route&) { return true; });
  }

  const auto found = test::library_router().match("GET", path);
  const auto allowed = test::library_router().allowed_methods(path);
  if ((found.outcome == route_outcome::not_found) != allowed.empty()) std::abort();
  if (found.match)
    for (std::size_t i = 0; i < found.match.route->binding.variables.size(); ++i)
      (void)percent_decode(found.match.values[i]);
  return 0;
}
