// The pure parts: headers, status, health.
#include "actors/grpc_edge/health_book.hpp"
#include "actors/grpc_edge/inflater.hpp"
#include "actors/grpc_edge/wire_metadata.hpp"
#include "actors/grpc_edge/wire_status.hpp"
#include "runtime/contract/status_proto.hpp"

#include <catch2/catch.hpp>

#include <algorithm>
#include <zlib.h>

using namespace troupe;
using namespace troupe::grpc_detail;

namespace {

std::vector<std::uint8_t> pack(const std::string& text, bool gzip) {
  z_stream stream{};
  REQUIRE(deflateInit2(&stream, 9, Z_DEFLATED, gzip ? 31 : 15, 8, Z_DEFAULT_STRATEGY) == Z_OK);
  std::vector<std::uint8_t> out(deflateBound(&stream, text.size()));
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(text.data()));
  stream.avail_in = static_cast<uInt>(text.size());
  stream.next_out = out.data();
  stream.avail_out = static_cast<uInt>(out.size());
  REQUIRE(deflate(&stream, Z_FINISH) == Z_STREAM_END);
  out.resize(stream.total_out);
  deflateEnd(&stream);
  return out;
}

} // namespace

TEST_CASE("traceparent: what W3C Trace Context section 3.2 allows") {
  const std::string good = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
  auto parsed = parse_traceparent(good);
  REQUIRE(parsed);
  CHECK(parsed->trace_high == 0x0AF7651916CD43DDU);
  CHECK(parsed->trace_low == 0x8448EB211C80319CU);
  CHECK(parsed->span == 0xB7AD6B7169203331U);
  CHECK(parsed->sampled);
  auto unsampled = good;
  unsampled.back() = '0';
  REQUIRE(parse_traceparent(unsampled));
  CHECK_FALSE(parse_traceparent(unsampled)->sampled);
  // A later version may carry more.
  CHECK(parse_traceparent("cc" + good.substr(2) + "-what-the-future-holds"));
  CHECK(parse_traceparent("cc" + good.substr(2)));
}

TEST_CASE("traceparent: what it does not allow") {
  const std::string good = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
  for (std::size_t length = 0; length < good.size(); ++length)
    CHECK_FALSE(parse_traceparent(std::string_view{good}.substr(0, length)));
  CHECK_FALSE(parse_traceparent(good + "-x"));
  CHECK_FALSE(parse_traceparent(good + "x"));
  CHECK_FALSE(parse_traceparent("ff" + good.substr(2)));
  CHECK_FALSE(parse_traceparent("cc" + good.substr(2) + "x"));
  CHECK_FALSE(parse_traceparent("00-0AF7651916CD43DD8448EB211C80319C-b7ad6b7169203331-01"));
  CHECK_FALSE(parse_traceparent("00-00000000000000000000000000000000-b7ad6b7169203331-01"));
  CHECK_FALSE(parse_traceparent("00-0af7651916cd43dd8448eb211c80319c-0000000000000000-01"));
  CHECK_FALSE(parse_traceparent("00-+af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"));
  CHECK_FALSE(parse_traceparent("00_0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"));
}

TEST_CASE("bearer token: RFC 6750 section 2.1") {
  auto token = [](const char* value) {
    wire_headers headers;
    headers.emplace("authorization", value);
    return std::string{bearer_token(headers)};
  };
  CHECK(token("Bearer abc.def") == "abc.def");
  CHECK(token("bearer abc") == "abc");
  CHECK(token("BEARER  abc ") == "abc");
  CHECK(token("Bearer") == "");
  CHECK(token("Bearer ") == "");
  CHECK(token("Basic abc") == "");
  CHECK(bearer_token({}) == "");
}

TEST_CASE("request headers: fields, transport and authorization are told apart") {
  wire_headers headers;
  for (auto [name, value] :
       std::initializer_list<std::pair<const char*, const char*>>{{"x-a", "1"},
                                                                  {"x-a", "2"},
                                                                  {"grpc-trace-bin", "t"},
                                                                  {"authorization", "Bearer t"},
                                                                  {"idempotency-key", "k"},
                                                                  {"traceparent", "nonsense"}})
    headers.emplace(name, value);
  auto kept = read_metadata(headers, true);
  CHECK(kept.headers == header_list{{"authorization", "Bearer t"}, {"x-a", "1"}, {"x-a", "2"}});
  CHECK(kept.idempotency_key == "k");
  CHECK_FALSE(kept.trace.valid());
  CHECK(read_metadata(headers, false).headers == header_list{{"x-a", "1"}, {"x-a", "2"}});
}

TEST_CASE("reply headers: what PROTOCOL-HTTP2 takes as custom metadata") {
  CHECK(sendable_header("x-a_b.c1", "any printable ~ text"));
  CHECK(sendable_header("x-bin", std::string_view{"\0\n\xFF", 3}));
  CHECK(sendable_header("x-empty", ""));
  CHECK_FALSE(sendable_header("", "a"));
  CHECK_FALSE(sendable_header("X-A", "a"));
  CHECK_FALSE(sendable_header("x a", "a"));
  CHECK_FALSE(sendable_header(":path", "a"));
  CHECK_FALSE(sendable_header("grpc-status", "0"));
  CHECK_FALSE(sendable_header("content-type", "a"));
  CHECK_FALSE(sendable_header("x-a", "\xC3\xA4"));
  CHECK_FALSE(sendable_header("x-a", "a\r\nb"));
}

TEST_CASE("wire status: details travel when they fit, the message is cut at a character when it does not") {
  auto small = to_wire(not_found("no order 42").with_detail({.type = "a.B", .value = "x"}));
  CHECK(small.error_code() == grpc::StatusCode::NOT_FOUND);
  CHECK(small.error_message() == "no order 42");
  REQUIRE(parse_status(small.error_details()));
  CHECK(parse_status(small.error_details())->details().size() == 1);

  CHECK(to_wire({}).ok());
  CHECK(to_wire(not_found("nothing more")).error_details().empty());

  auto large = to_wire(not_found("kept").with_detail({.type = "a.B", .value = std::string(10'000, 'x')}));
  CHECK(large.error_message() == "kept");
  CHECK(large.error_details().empty());

  // Each of these characters has three bytes, and costs nine on the wire.
  std::string euros;
  for (int i = 0; i < 5'000; ++i)
    euros += "\xE2\x82\xAC";
  auto cut = to_wire(internal("{}", euros)).error_message();
  CHECK(cut.size() == status_budget / 9 * 3);
  CHECK(euros.starts_with(cut));
}

TEST_CASE("inflater: unpacks in parts of any size, up to its limit") {
  const std::string text(100'000, 'x');
  for (auto gzip : {false, true}) {
    auto packed = pack(text, gzip);
    for (std::size_t part : {std::size_t{1}, std::size_t{7}, packed.size()}) {
      inflater what{gzip, text.size()};
      for (std::size_t at = 0; at < packed.size(); at += part)
        REQUIRE(what.add(packed.data() + at, std::min(part, packed.size() - at)).ok());
      auto out = std::move(what).finish();
      REQUIRE(out);
      CHECK(*out == text);
    }
    inflater small{gzip, text.size() - 1};
    CHECK(small.add(packed.data(), packed.size()).code() == status_code::resource_exhausted);
    inflater cut{gzip, text.size()};
    REQUIRE(cut.add(packed.data(), packed.size() - 1).ok());
    CHECK(std::move(cut).finish().error().code() == status_code::internal);
    inflater longer{gzip, text.size()};
    packed.push_back(0);
    CHECK(longer.add(packed.data(), packed.size()).code() == status_code::internal);
    inflater other{!gzip, text.size()};
    CHECK(other.add(packed.data(), packed.size()).code() == status_code::internal);
  }
  inflater nothing{true, 10};
  CHECK(std::move(nothing).finish().error().code() == status_code::internal);
}

TEST_CASE("health book: states of names") {
  health_book book;
  CHECK_FALSE(book.state("a"));
  book.set("a", true);
  CHECK(book.state("a") == serving_state::serving);
  book.set("a", false);
  CHECK(book.state("a") == serving_state::not_serving);
  CHECK_FALSE(book.state(""));
}

TEST_CASE("health book: a watcher is told the present, then each change, as far as it has credit") {
  health_book book;
  int watcher = 0;
  book.set("a", true);
  book.watch(&watcher, "a", 2);
  auto first = book.take_update();
  REQUIRE(first);
  CHECK(first->who == &watcher);
  CHECK(first->state == serving_state::serving);
  CHECK_FALSE(book.take_update());
  book.set("a", true);
  CHECK_FALSE(book.take_update());
  book.set("other", false);
  CHECK_FALSE(book.take_update());
  book.set("a", false);
  CHECK(book.take_update()->state == serving_state::not_serving);
  // Without credit changes wait, and those that were overtaken are never told.
  book.set("a", true);
  book.set("a", false);
  book.set("a", true);
  CHECK_FALSE(book.take_update());
  book.add_credit(&watcher, 5);
  CHECK(book.take_update()->state == serving_state::serving);
  CHECK_FALSE(book.take_update());
  // There and back again before anybody looked: nothing to tell.
  book.set("a", false);
  book.set("a", true);
  CHECK_FALSE(book.take_update());
}

TEST_CASE("health book: an unknown service may come") {
  health_book book;
  int watcher = 0;
  book.watch(&watcher, "later", 10);
  CHECK(book.take_update()->state == serving_state::service_unknown);
  book.set("later", true);
  CHECK(book.take_update()->state == serving_state::serving);
}

TEST_CASE("health book: forgetting and closing") {
  health_book book;
  int gone = 0;
  int stays = 0;
  book.set("a", true);
  book.watch(&gone, "a", 10);
  book.watch(&stays, "a", 10);
  book.forget(&gone);
  CHECK(book.take_update()->who == &stays);
  CHECK_FALSE(book.take_update());
  book.add_credit(&gone, 1);
  book.close();
  CHECK(book.take_update()->state == serving_state::not_serving);
  CHECK_FALSE(book.take_update());
  book.set("a", true);
  CHECK(book.state("a") == serving_state::not_serving);
  CHECK(book.closed());
}
