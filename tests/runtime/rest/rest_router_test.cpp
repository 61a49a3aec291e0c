#include "tests/runtime/rest/library.hpp"

#include <catch2/catch.hpp>
#include <google/protobuf/descriptor.h>

using namespace troupe;
using troupe::test::library_router;

namespace {

// "GetBook[0] name=shelves/1/books/2", or what there is instead.
std::string matched(std::string_view http_method, std::string_view path) {
  const auto found = library_router().match(http_method, path);
  if (found.outcome == route_outcome::not_found) return "not found";
  if (found.outcome == route_outcome::method_not_allowed) {
    CHECK_FALSE(found.match);
    std::string out = "allowed:";
    for (const auto& method : library_router().allowed_methods(path))
      out += " " + method;
    return out;
  }
  REQUIRE(found.match);
  const auto& binding = found.match.route->binding;
  CHECK(binding.method->name() == found.match.route->method->name);
  auto out = fmt::format("{}[{}]", binding.method->name(), binding.index);
  for (std::size_t i = 0; i < binding.path.variables.size(); ++i)
    out += fmt::format(" {}={}", binding.path.variables[i].field_path, found.match.values[i]);
  return out;
}

} // namespace

TEST_CASE("http.proto: a variable captures what its segments match") {
  CHECK(matched("GET", "/v1/shelves/7/books/8") == "GetBook[0] name=shelves/7/books/8");
  CHECK(matched("GET", "/v1/books/8") == "GetBook[1] name=8");
  CHECK(matched("POST", "/v1/shelves/7/books") == "CreateBook[0] shelf=7");
  CHECK(matched("GET", "/v1/typed/1/RED/true") == "Typed[0] number=1 color=RED flag=true");
}

TEST_CASE("http.proto: * matches exactly one segment that is not empty") {
  CHECK(matched("GET", "/v1/books/") == "not found");
  CHECK(matched("GET", "/v1/books/a/b") == "not found");
  CHECK(matched("GET", "/v1/shelves//books/8") == "not found");
}

TEST_CASE("http.proto: ** matches zero or more segments") {
  CHECK(matched("GET", "/v1/files") == "GetFile[0] path=");
  CHECK(matched("GET", "/v1/files/") == "GetFile[0] path=");
  CHECK(matched("GET", "/v1/files/a") == "GetFile[0] path=a");
  CHECK(matched("GET", "/v1/files/a/b//c/") == "GetFile[0] path=a/b//c/");
  std::string deep = "/v1/files";
  std::string value;
  for (int i = 0; i < 500; ++i) {
    deep += "/x";
    value += i == 0 ? "x" : "/x";
  }
  CHECK(matched("GET", deep) == "GetFile[0] path=" + value);
}

TEST_CASE("http.proto: a custom verb follows the last segment") {
  CHECK(matched("POST", "/v1/books/8:archive") == "ArchiveBook[0] name=8");
  CHECK(matched("POST", "/v1/books/a:b:archive") == "ArchiveBook[0] name=a:b");
  CHECK(matched("POST", "/v1/books/8%3Aarchive") == "allowed: DELETE GET HEAD PATCH PUT");
  CHECK(matched("GET", "/v1/files/a/b:download") == "GetFile[2] path=a/b");
  CHECK(matched("POST", "/v1/books/8:%61rchive") == "ArchiveBook[0] name=8");
}

TEST_CASE("a colon that starts no known verb is part of the segment") {
  CHECK(matched("GET", "/v1/books/urn:isbn:0451450523") == "GetBook[1] name=urn:isbn:0451450523");
  CHECK(matched("GET", "/v1/books/8:") == "GetBook[1] name=8:");
  CHECK(matched("GET", "/v1/books/:archive") == "GetBook[1] name=:archive");
  CHECK(matched("GET", "/v1/files/a:b") == "GetFile[0] path=a:b");
  // The verb's route takes POST only; as a name the path is known for others.
  CHECK(matched("GET", "/v1/books/8:archive") == "GetBook[1] name=8:archive");
}

TEST_CASE("a known path with another HTTP method says which methods there are") {
  CHECK(matched("POST", "/v1/books/8") == "allowed: DELETE GET HEAD PATCH PUT");
  CHECK(matched("TRACE", "/v1/books") == "allowed: GET HEAD");
  CHECK(matched("get", "/v1/books") == "allowed: GET HEAD");
  CHECK(library_router().allowed_methods("/nowhere").empty());
  CHECK(library_router().allowed_methods("/any/x")
        == std::vector<std::string>{"DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT"});
}

TEST_CASE("custom kind: an HTTP method of its own, and * for every one") {
  CHECK(matched("HEAD", "/v1/files/a") == "GetFile[1] path=a");
  CHECK(matched("BREW", "/any/x/y") == "Anything[0] path=x");
}

TEST_CASE("a route for one HTTP method comes before the one for every method") {
  CHECK(matched("GET", "/any/x/y") == "Anything[1] path=x");
  CHECK(matched("GET", "/star/x") == "Anything[3] path=x");
  CHECK(matched("PUT", "/star/x") == "Anything[2] path=x");
}

TEST_CASE("HEAD is answered by GET where it has no route of its own") {
  CHECK(matched("HEAD", "/v1/books/8") == "GetBook[1] name=8");
  CHECK(matched("HEAD", "/any/x") == "Anything[0] path=x");
}

TEST_CASE("a method without a rule is reached by its name") {
  CHECK(matched("POST", "/troupe.test.library.Library/Unannotated") == "Unannotated[0]");
  CHECK(matched("GET", "/troupe.test.library.Library/Unannotated") == "allowed: POST");
  CHECK(matched("POST", "/troupe.test.library.Library/Upload") == "not found");
  CHECK(matched("POST", "/troupe.test.library.Library/GetBook") == "not found");
  const service_info* services[] = {&test::library_service()};
  const auto router = rest_router::build(services, {.map_unannotated = false}).value();
  CHECK(router.match("POST", "/troupe.test.library.Library/Unannotated").outcome == route_outcome::not_found);
}

TEST_CASE("RFC 3986 section 6.2.2: escaped characters of a literal match their plain form") {
  CHECK(matched("GET", "/v1/b%6F%6fks/8") == "GetBook[1] name=8");
  CHECK(matched("GET", "/v1/b%6Gks/8") == "not found");
  CHECK(matched("GET", "/v1%2Fbooks/8") == "not found");
}

TEST_CASE("paths that are none match nothing") {
  for (auto bad : {"", "v1/books", "*", "/", "//", "/v1", "/V1/books", "/v1/books/8/"}) {
    CAPTURE(bad);
    CHECK(matched("GET", bad) == "not found");
  }
  CHECK(rest_router{}.match("GET", "/").outcome == route_outcome::not_found);
  CHECK(rest_router{}.routes().empty());
}

TEST_CASE("all routes can be listed, in the order of the contract") {
  const auto routes = library_router().routes();
  REQUIRE(routes.size() == 19);
  CHECK(routes[0]->binding.path.to_string() == "/v1/{name=shelves/*/books/*}");
  CHECK(routes[1]->binding.index == 1);
  CHECK(routes[2]->binding.response_field->name() == "books");
  CHECK(routes[3]->binding.body == body_binding::field);
  CHECK(routes[3]->binding.body_field->name() == "book");
  CHECK(routes[18]->binding.implicit);
  for (const auto& route : routes)
    CHECK(route->method->name == route->binding.method->name());
}
