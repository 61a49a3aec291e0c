// A path and a query, separated by "?": binding gives a message that has JSON, or an error that is clean
// text.
#include "runtime/contract/text_values.hpp"
#include "runtime/rest/transcode.hpp"
#include "tests/runtime/rest/library.hpp"

#include <cstdlib>

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size) {
  using namespace troupe;
  const std::string_view input{reinterpret_cast<const char*>(data), size};
  const auto mark = input.find('?');
  const auto path = mark == std::string_view::npos ? std::string_view{"/v1/books"} : input.substr(0, mark);
  const auto query = mark == std::string_view::npos ? input : input.substr(mark + 1);
  const auto found = test::library_router().match("GET", path);
  if (!found.match) return 0;
  const auto message = build_request(found.match, query, {});
  if (!message) {
    if (!is_utf8(message.error().message())) std::abort();
  } else if (!render_json(**message)) {
    std::abort();
  }
  return 0;
}
