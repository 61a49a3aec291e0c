// A JSON body: it gives a message that is written and read back as the same text, or an error that is clean
// text.
#include "runtime/contract/text_values.hpp"
#include "runtime/rest/transcode.hpp"
#include "tests/runtime/rest/library.hpp"
#include "tests/runtime/rest/library.pb.h"

#include <google/protobuf/struct.pb.h>

#include <cstdlib>

namespace {

template <class T>
void round_trip(std::string_view text) {
  using namespace troupe;
  T message;
  const auto outcome = parse_json(text, message);
  if (!outcome.ok()) {
    if (!is_utf8(outcome.message())) std::abort();
    return;
  }
  const auto written = render_json(message);
  T again;
  if (!written || !parse_json(*written, again, {.max_depth = 1000}).ok()
      || render_json(again).value() != *written)
    std::abort();
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size) {
  using namespace troupe;
  const std::string_view text{reinterpret_cast<const char*>(data), size};
  round_trip<test::library::ListBooksRequest>(text);
  round_trip<google::protobuf::Value>(text);
  const auto found = test::library_router().match("POST", "/v1/shelves/1/books");
  (void)build_request(found.match, {}, {.bytes = text});
  (void)build_request(found.match, {}, {.format = body_format::protobuf, .bytes = text});
  return 0;
}
