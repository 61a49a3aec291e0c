#include "google/rpc/error_details.pb.h"
#include "runtime/contract/status_details.hpp"
#include "runtime/rest/transcode.hpp"
#include "tests/runtime/rest/library.hpp"
#include "tests/runtime/rest/library.pb.h"

#include <catch2/catch.hpp>

using namespace troupe;
using namespace troupe::test::library;
using troupe::test::library_router;

namespace {

struct http_request {
  std::string_view method = "GET";
  std::string_view path;
  std::string_view query;
  std::string_view body;
  body_format format = body_format::json;
  request_limits limits = {};
};

result<std::shared_ptr<google::protobuf::Message>> build(const http_request& request) {
  const auto found = library_router().match(request.method, request.path);
  REQUIRE(found.outcome == route_outcome::match);
  return build_request(found.match, request.query, {.format = request.format, .bytes = request.body},
                       request.limits);
}

// The request as JSON, or the error; every error blames the field in a BadRequest detail.
std::string built(const http_request& request) {
  const auto message = build(request);
  if (message) return render_json(**message).value();
  const auto& error = message.error();
  const auto detail = detail_of<google::rpc::BadRequest>(error);
  return fmt::format("{} [{}]", error.to_string(), detail ? detail->field_violations(0).field() : "");
}

std::string listed(std::string_view query) { return built({.path = "/v1/books", .query = query}); }

std::string refusal(std::string_view query) {
  const auto text = listed(query);
  const std::string start = "INVALID_ARGUMENT: query parameter ";
  REQUIRE(text.starts_with(start));
  return text.substr(start.size());
}

} // namespace

TEST_CASE("http.proto: the path's variables become fields") {
  CHECK(built({.path = "/v1/books/8"}) == R"({"name":"8"})");
  CHECK(built({.path = "/v1/shelves/1/books/2"}) == R"({"name":"shelves/1/books/2"})");
  CHECK(built({.path = "/v1/typed/-5/RED/true"}) == R"({"number":"-5","color":"RED","flag":true})");
  CHECK(built({.path = "/v1/typed/5/1/false"}) == R"({"number":"5","color":"RED"})");
}

TEST_CASE("http.proto: a variable of one segment is decoded completely") {
  CHECK(built({.path = "/v1/books/a%2Fb%20c%C3%BC+"}) == "{\"name\":\"a/b c\xC3\xBC+\"}");
}

TEST_CASE("http.proto: a variable of several segments keeps escaped slashes") {
  CHECK(built({.path = "/v1/files/a%2Fb/c%2fd%20e"}) == R"({"path":"a%2Fb/c%2fd e"})");
  CHECK(built({.path = "/v1/shelves/1%2F2/books/%33"}) == R"({"name":"shelves/1%2F2/books/3"})");
}

TEST_CASE("a value of the path that is none of the field's is refused by name") {
  CHECK(built({.path = "/v1/typed/x/RED/true"})
        == "INVALID_ARGUMENT: path variable \"number\": \"x\" is not a 64-bit integer [number]");
  CHECK(
    built({.path = "/v1/typed/1/PINK/true"})
    == "INVALID_ARGUMENT: path variable \"color\": \"PINK\" is neither the name nor the number of a value of "
       "troupe.test.library.Color [color]");
  CHECK(built({.path = "/v1/typed/1/RED/yes"}).find("[flag]") != std::string::npos);
  CHECK(
    built({.path = "/v1/books/%zz"})
    == "INVALID_ARGUMENT: path variable \"name\": a \"%\" is not followed by two hexadecimal digits [name]");
  CHECK(built({.path = "/v1/typed/%FF/RED/true"})
        == "INVALID_ARGUMENT: path variable \"number\": the value is not valid UTF-8 [number]");
  CHECK(built({.path = "/v1/books/%FF"})
        == "INVALID_ARGUMENT: path variable \"name\": the value is not valid UTF-8 [name]");
}

TEST_CASE("http.proto: fields that path and body leave over are query parameters") {
  CHECK(built({.path = "/v1/books/8", .query = "reader=me%20too"}) == R"({"name":"8","reader":"me too"})");
  CHECK(listed("") == "{}");
  CHECK(listed("page_size=5&pageToken=x") == R"({"pageSize":5,"pageToken":"x"})");
  CHECK(listed("odd-name=1") == R"({"odd-name":"1"})");
}

TEST_CASE("http.proto: nested fields are addressed with dots") {
  CHECK(listed("filter.author=Ann&filter.not.author=Bob&filter.years=1&filter.years=2")
        == R"({"filter":{"author":"Ann","not":{"author":"Bob"},"years":[1,2]}})");
}

TEST_CASE("http.proto: repeated fields take every one of their parameters, in order") {
  CHECK(listed("tags=b&tags=a&page_size=1&tags=b") == R"({"pageSize":1,"tags":["b","a","b"]})");
  CHECK(listed("colors=RED&colors=0") == R"({"colors":["RED","COLOR_UNSPECIFIED"]})");
  CHECK(listed("sizes=1&sizes=2") == R"({"sizes":["1","2"]})");
}

TEST_CASE("query parameters of every kind") {
  CHECK(listed("since=2024-01-31T09:30:00Z") == R"({"since":"2024-01-31T09:30:00Z"})");
  CHECK(listed("since=2024-01-31T10:30:00%2B01:00") == R"({"since":"2024-01-31T09:30:00Z"})");
  CHECK(listed("within=1.5s") == R"({"within":"1.500s"})");
  CHECK(listed("fields=name,bookTitle") == R"({"fields":"name,bookTitle"})");
  CHECK(listed("limit=9223372036854775807") == R"({"limit":"9223372036854775807"})");
  CHECK(listed("owner=&lent=false") == R"({"owner":"","lent":false})");
  CHECK(listed("cursor=-_8") == R"({"cursor":"+/8="})");
  CHECK(listed("deep=true") == R"({"deep":true})");
  CHECK(listed("score=1e-3&weight=-Infinity") == R"({"score":0.001,"weight":"-Infinity"})");
  CHECK(listed("offset=18446744073709551615") == R"({"offset":"18446744073709551615"})");
  CHECK(listed("color=1") == R"({"color":"RED"})");
  CHECK(listed("minimum=0") == R"({"minimum":0})");
}

TEST_CASE("an unknown query parameter is refused by name") {
  CHECK(refusal("colour=RED")
        == "\"colour\": troupe.test.library.ListBooksRequest has no field \"colour\" [colour]");
  CHECK(refusal("filter.x=1")
        == "\"filter.x\": troupe.test.library.ListBooksRequest.Filter has no field \"x\" [filter.x]");
  CHECK(refusal("page_size.x=1")
        == "\"page_size.x\": field \"page_size\" has no fields of its own, so not \"x\" [page_size.x]");
  CHECK(refusal("since.seconds=1").find("has no fields of its own") != std::string::npos);
  CHECK(refusal("limit.value=1").find("has no fields of its own") != std::string::npos);
  for (auto bad : {"=1", ".=1", "filter.=1", ".filter=1", "filter..author=1", "Page_Size=1"}) {
    CAPTURE(bad);
    refusal(bad);
  }
}

TEST_CASE("values that are none of the field's are refused") {
  CHECK(refusal("page_size=5x") == "\"page_size\": \"5x\" is not a 32-bit integer [page_size]");
  CHECK(refusal("page_size=3000000000")
        == "\"page_size\": \"3000000000\" is out of range, expected a 32-bit integer [page_size]");
  CHECK(refusal("offset=-1").find("out of range") != std::string::npos);
  CHECK(refusal("page_size=").find("is not a 32-bit integer") != std::string::npos);
  CHECK(refusal("page_size=1.5").find("is not a 32-bit integer") != std::string::npos);
  CHECK(refusal("deep=1") == "\"deep\": \"1\" is not \"true\" or \"false\" [deep]");
  CHECK(refusal("color=7").find("neither the name nor the number") != std::string::npos);
  CHECK(refusal("color=red").find("neither the name nor the number") != std::string::npos);
  CHECK(refusal("since=now") == "\"since\": \"now\" is not a time such as 2024-01-31T09:30:00Z [since]");
  CHECK(refusal("within=1h") == "\"within\": \"1h\" is not a duration such as 1.5s [within]");
  CHECK(refusal("fields=a_b").find("is not a list of fields") != std::string::npos);
  CHECK(refusal("cursor=!") == "\"cursor\": \"!\" is not base64 or base64url [cursor]");
  CHECK(refusal("weight=1e39").find("out of range") != std::string::npos);
  CHECK(refusal("limit=x").find("is not a 64-bit integer") != std::string::npos);
}

TEST_CASE("what has no form in a query is refused") {
  CHECK(refusal("filter=x")
        == "\"filter\": a troupe.test.library.ListBooksRequest.Filter cannot be a query parameter; name one "
           "of its "
           "fields [filter]");
  CHECK(refusal("labels=x") == "\"labels\": a map cannot be a query parameter [labels]");
  CHECK(refusal("labels.a=x").find("is repeated") != std::string::npos);
  CHECK(refusal("examples=x").find("cannot be a query parameter") != std::string::npos);
  CHECK(refusal("examples.name=x").find("is repeated") != std::string::npos);
  CHECK(refusal("extra=x").find("cannot be a query parameter") != std::string::npos);
  CHECK(refusal("free=x").find("cannot be a query parameter") != std::string::npos);
}

TEST_CASE("a field that path or body bind is no query parameter") {
  CHECK(built({.path = "/v1/books/8", .query = "name=9"})
        == "INVALID_ARGUMENT: query parameter \"name\": the field is bound by the path [name]");
  CHECK(
    built({.method = "POST", .path = "/v1/shelves/1/books", .query = "book.title=x"})
    == "INVALID_ARGUMENT: query parameter \"book.title\": the field is the body of this method [book.title]");
  CHECK(built({.method = "POST", .path = "/v1/books/8:archive", .query = "reader=x"})
        == "INVALID_ARGUMENT: query parameter \"reader\": every field is in the body or the path of this "
           "method [reader]");
}

TEST_CASE("a singular field or a oneof given twice is refused") {
  CHECK(refusal("page_size=1&page_size=1")
        == "\"page_size\": it is given more than once, and the field is not repeated [page_size]");
  CHECK(refusal("page_size=0&pageSize=0").find("more than once") != std::string::npos);
  CHECK(refusal("limit=1&limit=2").find("more than once") != std::string::npos);
  CHECK(refusal("ascending=a&descending=b")
        == "\"descending\": \"ascending\" is given too, and only one of them can be [descending]");
  CHECK(refusal("ascending=a&by.author=b").find("\"ascending\" is given too") != std::string::npos);
}

TEST_CASE("queries are bounded") {
  CHECK(listed("a&a&a") != "{}");
  CHECK(built({.path = "/v1/books", .query = "tags&tags&tags", .limits = {.query_parameters = 2}})
        == "RESOURCE_EXHAUSTED: more than 2 query parameters []");
  std::string deep = "filter";
  for (int i = 0; i < 10'000; ++i)
    deep += ".not";
  const auto refused = listed(deep + ".author=x");
  CHECK(refused.find("it leads through more than 64 messages") != std::string::npos);
}

TEST_CASE("http.proto: body \"*\" is everything that the path does not bind") {
  CHECK(built({.method = "POST", .path = "/v1/books/8:archive", .body = R"({"reader":"me"})"})
        == R"({"name":"8","reader":"me"})");
  CHECK(built({.method = "POST", .path = "/v1/books/8:archive"}) == R"({"name":"8"})");
  CHECK(built({.method = "POST", .path = "/v1/books/8:archive", .body = " \n"}) == R"({"name":"8"})");
}

TEST_CASE("http.proto: body of one field, the rest in the query") {
  CHECK(built({.method = "POST",
               .path = "/v1/shelves/1/books",
               .query = "dry_run=true",
               .body = R"({"title":"T","pages":3})"})
        == R"({"shelf":"1","book":{"title":"T","pages":3},"dryRun":true})");
  CHECK(built({.method = "PUT", .path = "/v1/names", .query = "sort=true", .body = R"(["b","a"])"})
        == R"({"names":["b","a"],"sort":true})");
  CHECK(built({.method = "PUT", .path = "/v1/names"}) == "{}");
}

TEST_CASE("a body that says the same as the path is accepted, another one is not") {
  CHECK(built({.method = "PATCH", .path = "/v1/books/8", .body = R"({"title":"T"})"})
        == R"({"book":{"name":"8","title":"T"}})");
  CHECK(built({.method = "PATCH", .path = "/v1/books/8", .body = R"({"name":"8","title":"T"})"})
        == R"({"book":{"name":"8","title":"T"}})");
  CHECK(built({.method = "PATCH", .path = "/v1/books/8", .body = R"({"name":"9"})"})
        == "INVALID_ARGUMENT: field \"book.name\": the body says \"9\", the path says \"8\" [book.name]");
}

TEST_CASE("a list that the body repeats is not appended to the path's") {
  CHECK(built({.method = "PUT", .path = "/v1/masks/a,b", .body = R"({"mask":"a,b"})"})
        == R"({"mask":"a,b"})");
  CHECK(built({.method = "PUT", .path = "/v1/masks/a,b", .body = R"({"mask":"a"})"}).find("[mask]")
        != std::string::npos);
}

TEST_CASE("http.proto: without a body there must be none") {
  CHECK(built({.path = "/v1/books/8", .body = "{}"})
        == "INVALID_ARGUMENT: GET /v1/books/{name} takes no body; send the fields as query parameters []");
}

TEST_CASE("a body that is wrong is refused with place and field") {
  CHECK(built({.method = "POST", .path = "/v1/shelves/1/books", .body = R"({"pages":"many"})"})
        == "INVALID_ARGUMENT: JSON, line 1, column 10: book.pages: \"many\" is not a number [book.pages]");
  CHECK(built({.method = "POST", .path = "/v1/shelves/1/books", .body = R"({"size":1})"}).find("[book.size]")
        != std::string::npos);
  CHECK(
    built({.method = "POST", .path = "/v1/shelves/1/books", .body = R"({"color":7})"}).find("[book.color]")
    != std::string::npos);
  CHECK(built({.method = "POST", .path = "/v1/books/8:archive", .body = "[]"}).find("INVALID_ARGUMENT: JSON")
        == 0);
  CHECK(built({.method = "POST",
               .path = "/v1/shelves/1/books",
               .body = R"({"sequel":{"sequel":{}}})",
               .limits = {.json_depth = 2}})
          .find("nest deeper than 2")
        != std::string::npos);
}

TEST_CASE("protobuf bodies") {
  GetBookRequest request;
  request.set_reader("me");
  const auto bytes = request.SerializeAsString();
  const auto post = [](std::string_view path, std::string_view body) {
    return built({.method = "POST", .path = path, .body = body, .format = body_format::protobuf});
  };
  CHECK(post("/v1/books/8:archive", bytes) == R"({"name":"8","reader":"me"})");
  CHECK(post("/v1/books/8:archive", "") == R"({"name":"8"})");
  CHECK(post("/v1/books/8:archive", "\xFF\xFF")
        == "INVALID_ARGUMENT: the body is not a serialized troupe.test.library.GetBookRequest []");
  Book book;
  book.set_title("T");
  CHECK(post("/v1/shelves/1/books", book.SerializeAsString()) == R"({"shelf":"1","book":{"title":"T"}})");
  CHECK(built({.method = "PUT", .path = "/v1/names", .body = "x", .format = body_format::protobuf})
        == "INVALID_ARGUMENT: the body is field \"names\", which is not a message: send it as "
           "application/json []");
}

TEST_CASE("http.proto: response_body is one field of the reply") {
  const auto route_of = [](std::string_view method, std::string_view path) {
    return library_router().match(method, path).match.route;
  };
  const auto rendered = [](const rest_route& route, const google::protobuf::Message& reply,
                           body_format format) {
    std::string out = ">";
    const auto outcome = render_reply(route, reply, format, out);
    return outcome.ok() ? out : outcome.to_string();
  };
  ListBooksReply books;
  books.add_books()->set_name("8");
  books.set_next_page_token("t");
  CHECK(rendered(*route_of("GET", "/v1/books"), books, body_format::json) == R"(>[{"name":"8"}])");
  CHECK(rendered(*route_of("GET", "/v1/books"), ListBooksReply{}, body_format::json) == ">[]");
  CHECK(rendered(*route_of("GET", "/v1/books"), books, body_format::protobuf)
        == "INVALID_ARGUMENT: the response body is field \"books\", which is not a message: accept "
           "application/json");
  Book book;
  book.set_name("8");
  CHECK(rendered(*route_of("GET", "/v1/books/8"), book, body_format::json) == R"(>{"name":"8"})");
  CHECK(rendered(*route_of("GET", "/v1/books/8"), book, body_format::protobuf)
        == ">" + book.SerializeAsString());
}
