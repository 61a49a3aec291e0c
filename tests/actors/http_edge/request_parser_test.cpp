#include "actors/http_edge/request_parser.hpp"

#include <catch2/catch.hpp>

using namespace troupe;
using step = request_parser::step;

namespace {

struct parsed {
  http_limits limits;
  request_parser parser{limits};
  http_request request;
  std::vector<step> steps;

  void feed(std::string_view& bytes) {
    do
      steps.push_back(parser.advance(bytes));
    while (steps.back() == step::head);
  }
  explicit parsed(std::string_view bytes) {
    parser.begin(request);
    feed(bytes);
  }
};

} // namespace

TEST_CASE("a head is told before its body, and a request before the next one") {
  std::string_view bytes = "POST /a HTTP/1.1\r\nHost: t\r\nContent-Length: 2\r\n\r\nhiGET ";
  http_limits limits;
  request_parser parser{limits};
  http_request request;
  parser.begin(request);
  CHECK_FALSE(parser.begun());
  CHECK(parser.advance(bytes) == step::head);
  CHECK(parser.begun());
  CHECK(*request.find("content-length") == "2");
  CHECK(request.body().empty());
  CHECK(parser.advance(bytes) == step::done);
  CHECK(request.body() == "hi");
  CHECK(bytes == "GET ");
}

TEST_CASE("RFC 9112, 9.3: what keeps a connection") {
  CHECK(parsed{"GET / HTTP/1.1\r\nHost: t\r\n\r\n"}.parser.keep_alive());
  CHECK_FALSE(parsed{"GET / HTTP/1.1\r\nHost: t\r\nConnection: a, Close\r\n\r\n"}.parser.keep_alive());
  CHECK_FALSE(parsed{"GET / HTTP/1.0\r\n\r\n"}.parser.keep_alive());
  CHECK(parsed{"GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n"}.parser.keep_alive());
}

TEST_CASE("RFC 9112, 5.2: a folded line is one value") {
  CHECK(*parsed{"GET / HTTP/1.1\r\nHost: t\r\nX: a\r\n  b\r\n\r\n"}.request.find("x") == "a b");
}

TEST_CASE("RFC 9110, 6.5: trailers are read and dropped") {
  parsed chunked{"POST / HTTP/1.1\r\nHost: t\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\nHost: "
                 "x\r\nX: y\r\n\r\n"};
  CHECK(chunked.steps.back() == step::done);
  CHECK(chunked.request.body() == "hi");
  CHECK_FALSE(chunked.request.find("x"));
}

TEST_CASE("an empty chunked body in pieces") {
  const std::string request = "POST / HTTP/1.1\r\nHost: t\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n";
  for (std::size_t first = 1; first <= request.size(); ++first) {
    parsed piecewise{""};
    std::string buffer;
    for (std::size_t at = 0; at < request.size(); at += at < first ? first : 1) {
      buffer += at < first ? request.substr(0, first) : request.substr(at, 1);
      std::string_view left = buffer;
      piecewise.feed(left);
      buffer.erase(0, buffer.size() - left.size());
    }
    CAPTURE(first);
    CHECK(piecewise.steps.back() == step::done);
    CHECK(buffer.empty());
  }
}

TEST_CASE("a refusal says why") {
  parsed bad{"GET / HTTP/1.1\r\n\r\n"};
  CHECK(bad.steps.back() == step::failed);
  CHECK(bad.parser.failure_status() == 400);
  CHECK(bad.parser.failure_text() == "an HTTP/1.1 request must have a Host field");
}
