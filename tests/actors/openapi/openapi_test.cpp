#include "actors/openapi/openapi.hpp"
#include "tests/actors/openapi/text_contract.hpp"

#include <boost/json.hpp>
#include <catch2/catch.hpp>

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <sstream>

using namespace troupe;
using troupe::testing::text_contract;
namespace json = boost::json;

namespace {

std::string file_text(const std::string& name) {
  std::ifstream in{std::string{TROUPE_TEST_FOLDER} + "/" + name, std::ios::binary};
  REQUIRE(in);
  std::ostringstream out;
  out << in.rdbuf();
  return out.str();
}

std::string render(const text_contract& contract, const openapi_options& options = {}) {
  const auto text = render_openapi(contract.services(), options);
  if (!text) FAIL(text.error().to_string());
  return *text;
}

json::value document(const std::string& proto, const openapi_options& options = {}) {
  const text_contract contract{"syntax = \"proto3\"; import \"google/api/annotations.proto\";"
                               "import \"google/protobuf/empty.proto\"; import \"troupe/options.proto\";"
                               + proto};
  return json::parse(render(contract, options));
}

openapi_options library_options() {
  openapi_options options;
  options.title = "Library";
  options.version = "1.2.3";
  options.description = "Every kind of rule, field and option that a contract may have.";
  options.license_name = "Apache 2.0";
  options.license_identifier = "Apache-2.0";
  options.servers = {{"https://library.example.org", "The library"}, {"/", "This host"}};
  options.bearer_tokens = true;
  options.pretty = true;
  return options;
}

std::vector<std::string> keys(const json::value& object) {
  std::vector<std::string> out;
  for (const auto& member : object.as_object())
    out.emplace_back(member.key());
  return out;
}

std::vector<std::string> parameter_names(const json::value& operation) {
  std::vector<std::string> out;
  const auto* list = operation.as_object().if_contains("parameters");
  if (list == nullptr) return out;
  for (const auto& parameter : list->as_array()) {
    const auto& fields = parameter.as_object();
    if (const auto* reference = fields.if_contains("$ref")) {
      const std::string text{reference->as_string()};
      out.push_back(text.substr(text.rfind('/') + 1));
    } else {
      out.push_back(std::string{fields.at("in").as_string()} + " "
                    + std::string{fields.at("name").as_string()});
    }
  }
  return out;
}

using names = std::vector<std::string>;

} // namespace

// TROUPE_REWRITE=1 in the environment writes the golden file anew; the review reads its diff.
TEST_CASE("the document of a contract with one of everything is the golden one, byte by byte") {
  const text_contract contract{file_text("library.proto")};
  const auto text = render(contract, library_options());
  if (std::getenv("TROUPE_REWRITE") != nullptr)
    std::ofstream{std::string{TROUPE_TEST_FOLDER} + "/golden/library.json", std::ios::binary} << text;
  // Not CHECK(a == b): a difference would print both documents.
  const bool same = text == file_text("golden/library.json");
  CHECK(same);
}

TEST_CASE("the same services give the same bytes, in whatever order they are named") {
  const text_contract contract{file_text("library.proto")};
  auto reversed = contract.services();
  std::reverse(reversed.begin(), reversed.end());
  reversed.push_back(reversed.front());
  const auto first = render(contract);
  CHECK(render(contract) == first);
  const bool same = *render_openapi(reversed, {}) == first;
  CHECK(same);
}

TEST_CASE("without services the document is valid and empty") {
  const auto out = json::parse(*render_openapi({}, {}));
  CHECK(out.at("openapi") == "3.1.0");
  CHECK(out.at("paths").as_object().empty());
  CHECK(out.at("servers").at(0).at("url") == "/");
  CHECK(out.at("security").as_array().empty());
}

TEST_CASE("contracts that the router refuses give its error") {
  const text_contract contract{R"(
    syntax = "proto3"; import "google/api/annotations.proto"; package t;
    message M { string id = 1; }
    service S {
      rpc A(M) returns (M) { option (google.api.http) = { get: "/v1/{nope}" }; }
    })"};
  const auto text = render_openapi(contract.services(), {});
  REQUIRE(!text);
  CHECK(text.error().code() == status_code::invalid_argument);
  CHECK(text.error().message().find("nope") != std::string::npos);
}

TEST_CASE("http.proto, path templates: each wildcard becomes a parameter") {
  const auto out = document(R"(
    package t;
    message M { string name = 1; N n = 2; string path = 3; }
    message N { string id = 1; }
    service S {
      rpc Plain(M) returns (M) { option (google.api.http) = { get: "/a/{name}" }; }
      rpc Nested(M) returns (M) { option (google.api.http) = { get: "/b/{n.id}" }; }
      rpc Pieces(M) returns (M) { option (google.api.http) = { get: "/c/{name=shelves/*/books/*}:read" }; }
      rpc Rest(M) returns (M) { option (google.api.http) = { get: "/d/{path=**}" }; }
      rpc Prefixed(M) returns (M) { option (google.api.http) = { get: "/e/{path=dir/**}" }; }
      rpc Ignored(M) returns (M) { option (google.api.http) = { get: "/f/*/g/*" }; }
    })");
  CHECK(keys(out.at("paths"))
        == names{"/a/{name}", "/b/{n.id}", "/c/shelves/{shelves_id}/books/{books_id}:read", "/d/{path}",
                 "/e/dir/{dir_path}", "/f/{segment}/g/{segment_2}"});
  const auto& pieces = out.at("paths").at("/c/shelves/{shelves_id}/books/{books_id}:read").at("get");
  CHECK(pieces.at("parameters").at(0).at("description")
        == "A piece of `name`, which is `shelves/{shelves_id}/books/{books_id}`.");
  const auto& rest = out.at("paths").at("/d/{path}").at("get").at("parameters").at(0);
  CHECK(rest.at("x-several-segments") == true);
  CHECK(rest.at("required") == true);
}

TEST_CASE("a path parameter that is a whole field has the field's type, comment and example") {
  const auto out = document(R"(
    package t;
    message M {
      // How many.
      int32 quantity = 1;
    }
    service S { rpc A(M) returns (M) { option (google.api.http) = { get: "/a/{quantity}" }; } })");
  const auto& parameter = out.at("paths").at("/a/{quantity}").at("get").at("parameters").at(0);
  CHECK(parameter == json::parse(R"({"name":"quantity","in":"path","required":true,"description":"How many.",
                                     "schema":{"type":"integer","format":"int32"},"example":2})"));
}

TEST_CASE("OpenAPI 3.1.1 section 4.8.8: templates that differ in names only are one path") {
  const auto out = document(R"(
    package t;
    message A { string id = 1; }
    message B { string name = 1; }
    service S {
      rpc Get(A) returns (A) { option (google.api.http) = { get: "/v1/{id}" }; }
      rpc Put(B) returns (B) { option (google.api.http) = { put: "/v1/{name}" body: "*" }; }
      rpc Rest(B) returns (B) { option (google.api.http) = { get: "/v1/{name=**}" }; }
    })");
  CHECK(keys(out.at("paths")) == names{"/v1/{id}"});
  const auto& item = out.at("paths").at("/v1/{id}");
  CHECK(keys(item) == names{"parameters", "get", "put", "x-additional-operations"});
  CHECK(parameter_names(item.at("put")) == names{"path id", "IdempotencyKey", "IfMatch"});
  CHECK(item.at("put").at("parameters").at(0).at("description") == "Here it is `name`.");
  CHECK(keys(item.at("x-additional-operations")) == names{"GET /v1/{name=**}"});
}

TEST_CASE("operation ids and tags are unique, also over packages and additional bindings") {
  const text_contract contract{R"(
    syntax = "proto3"; import "google/api/annotations.proto"; package t;
    message M { string id = 1; }
    service Orders {
      rpc Get(M) returns (M) {
        option (google.api.http) = { get: "/v1/{id}" additional_bindings { get: "/v2/{id}" } };
      }
    })"};
  const text_contract other{R"(
    syntax = "proto3"; package u;
    message M { string id = 1; }
    service Orders { rpc Get(M) returns (M); })"};
  std::vector<const service_info*> services{contract.services().front()};
  auto out = json::parse(*render_openapi(services, {}));
  CHECK(out.at("paths").at("/v1/{id}").at("get").at("operationId") == "Orders_Get");
  CHECK(out.at("paths").at("/v2/{id}").at("get").at("operationId") == "Orders_Get_2");
  CHECK(out.at("tags").at(0).at("name") == "Orders");

  services.push_back(other.services().front());
  out = json::parse(*render_openapi(services, {}));
  CHECK(out.at("paths").at("/v1/{id}").at("get").at("operationId") == "t_Orders_Get");
  CHECK(out.at("paths").at("/u.Orders/Get").at("post").at("operationId") == "u_Orders_Get");
  CHECK(out.at("tags").at(1).at("name") == "u.Orders");
}

TEST_CASE("methods without a rule have a path only where the edge maps them") {
  const text_contract contract{
    "syntax = \"proto3\"; package t; message M {} service S { rpc A(M) returns (M); }"};
  CHECK(keys(json::parse(render(contract)).at("paths")) == names{"/t.S/A"});
  openapi_options options;
  options.routing.map_unannotated = false;
  CHECK(json::parse(render(contract, options)).at("paths").as_object().empty());
}

TEST_CASE("http.proto, query parameters: every field that neither path nor body binds") {
  const auto out = document(R"(
    package t;
    message M {
      string id = 1; Inner inner = 2; repeated int32 sizes = 3; map<string, string> labels = 4;
      repeated Inner inners = 5; M self = 6; string snake_case = 7;
    }
    message Inner { string id = 1; Inner deeper = 2; bool flag = 3; }
    service S {
      rpc None(M) returns (M) { option (google.api.http) = { get: "/a/{id}" }; }
      rpc Deep(M) returns (M) { option (google.api.http) = { get: "/b/{inner.id}" }; }
      rpc Field(M) returns (M) { option (google.api.http) = { post: "/c/{id}" body: "inner" }; }
      rpc Whole(M) returns (M) { option (google.api.http) = { post: "/d/{id}" body: "*" }; }
    })");
  const auto& paths = out.at("paths");
  const auto& none = paths.at("/a/{id}").at("get");
  CHECK(parameter_names(none)
        == names{"path id", "query inner.id", "query inner.flag", "query sizes", "query snakeCase",
                 "IfNoneMatch"});
  CHECK(none.at("parameters").at(3).at("explode") == true);
  CHECK(none.at("parameters").at(3).at("schema").at("items").at("format") == "int32");
  CHECK(parameter_names(paths.at("/b/{inner.id}").at("get"))
        == names{"path inner.id", "query id", "query inner.flag", "query sizes", "query snakeCase",
                 "IfNoneMatch"});
  CHECK(parameter_names(paths.at("/c/{id}").at("post"))
        == names{"path id", "query sizes", "query snakeCase", "IdempotencyKey"});
  CHECK(parameter_names(paths.at("/d/{id}").at("post")) == names{"path id", "IdempotencyKey"});
}

TEST_CASE("http.proto, body: the whole body has what the path does not, a field's body is the field") {
  const auto out = document(R"(
    package t;
    message M { string id = 1; string text = 2; repeated string list = 3; }
    service S {
      rpc Whole(M) returns (M) { option (google.api.http) = { post: "/a/{id}" body: "*" }; }
      rpc All(M) returns (M) { option (google.api.http) = { post: "/b" body: "*" }; }
      rpc List(M) returns (M) { option (google.api.http) = { post: "/c" body: "list" response_body: "list" }; }
    })");
  const auto& whole = out.at("paths").at("/a/{id}").at("post").at("requestBody").at("content");
  CHECK(whole.at("application/json").at("schema").at("$ref") == "#/components/schemas/S_WholeBody");
  CHECK(keys(out.at("components").at("schemas").at("S_WholeBody").at("properties")) == names{"text", "list"});
  CHECK(keys(whole.at("application/json").at("example")) == names{"text", "list"});
  CHECK(keys(whole) == names{"application/json", "application/x-protobuf"});
  const auto& all = out.at("paths").at("/b").at("post").at("requestBody").at("content");
  CHECK(all.at("application/json").at("schema").at("$ref") == "#/components/schemas/t.M");
  const auto& list = out.at("paths").at("/c").at("post");
  CHECK(list.at("requestBody").at("content").at("application/json").at("schema").at("type") == "array");
  CHECK(keys(list.at("requestBody").at("content")) == names{"application/json"});
  CHECK(list.at("responses").at("200").at("content").at("application/json").at("schema").at("type")
        == "array");
}

TEST_CASE("streams of the server come as events, as lines or as an array") {
  const auto out = document(R"(
    package t; message M { string id = 1; }
    service S { rpc Watch(M) returns (stream M) { option (google.api.http) = { get: "/w" }; } })");
  const auto& reply = out.at("paths").at("/w").at("get").at("responses").at("200");
  CHECK(keys(reply.at("content")) == names{"application/json", "text/event-stream", "application/x-ndjson"});
  const auto& content = reply.at("content");
  CHECK(content.at("application/json").at("schema").at("items").at("$ref") == "#/components/schemas/t.M");
  CHECK(content.at("text/event-stream").at("schema").at("contentSchema").at("$ref")
        == "#/components/schemas/t.M");
  CHECK(content.at("text/event-stream").at("example") == "data: {\"id\":\"id-1\"}\n\n");
  CHECK(!reply.at("headers").as_object().contains("ETag"));
}

TEST_CASE("methods whose client streams are left out") {
  const auto out = document(R"(
    package t; message M { string id = 1; }
    service S {
      rpc Send(stream M) returns (M);
      rpc Chat(stream M) returns (stream M);
      rpc Get(M) returns (M) { option (google.api.http) = { get: "/b" }; }
    })");
  CHECK(keys(out.at("paths")) == names{"/b"});
}

TEST_CASE("Idempotency-Key is offered where repeating does harm, and required where the contract says so") {
  const auto out = document(R"(
    package t; message M { string id = 1; }
    service S {
      rpc Unsafe(M) returns (M) { option (google.api.http) = { post: "/a" body: "*" }; }
      rpc Safe(M) returns (M) {
        option (google.api.http) = { post: "/b" body: "*" }; option idempotency_level = IDEMPOTENT;
      }
      rpc Strict(M) returns (M) {
        option (google.api.http) = { post: "/c" body: "*" };
        option (troupe.method) = { require_idempotency_key: true };
      }
      rpc Read(M) returns (M) { option (google.api.http) = { get: "/d" }; }
    })");
  const auto& paths = out.at("paths");
  CHECK(parameter_names(paths.at("/a").at("post")) == names{"IdempotencyKey"});
  CHECK(paths.at("/a").at("post").at("responses").as_object().contains("422"));
  CHECK(parameter_names(paths.at("/b").at("post")).empty());
  CHECK(!paths.at("/b").at("post").at("responses").as_object().contains("422"));
  CHECK(parameter_names(paths.at("/c").at("post")) == names{"RequiredIdempotencyKey"});
  CHECK(out.at("components").at("parameters").at("RequiredIdempotencyKey").at("required") == true);
  CHECK(parameter_names(paths.at("/d").at("get")) == names{"query id", "IfNoneMatch"});
}

TEST_CASE("If-Match is offered where the resource can be read or its message has a version") {
  const auto out = document(R"(
    package t;
    message M { string id = 1; }
    message W { V v = 1; }
    message V { string id = 1; string etag = 2 [(troupe.field) = { etag: true }]; }
    service S {
      rpc Get(M) returns (M) { option (google.api.http) = { get: "/a/{id}" }; }
      rpc Drop(M) returns (google.protobuf.Empty) { option (google.api.http) = { delete: "/a/{id}" }; }
      rpc Lost(M) returns (M) { option (google.api.http) = { put: "/b/{id}" body: "*" }; }
      rpc Versioned(V) returns (V) { option (google.api.http) = { post: "/c/{id}" body: "*" }; }
      rpc Wrapped(W) returns (M) { option (google.api.http) = { patch: "/d/{v.id}" body: "v" }; }
    })");
  const auto& paths = out.at("paths");
  CHECK(parameter_names(paths.at("/a/{id}").at("get")) == names{"path id", "IfNoneMatch"});
  CHECK(paths.at("/a/{id}").at("get").at("responses").as_object().contains("304"));
  const auto& drop = paths.at("/a/{id}").at("delete");
  CHECK(parameter_names(drop) == names{"path id", "IdempotencyKey", "IfMatch"});
  CHECK(drop.at("responses").as_object().contains("412"));
  CHECK(drop.at("responses").at("200").at("description") == "Done.");
  CHECK(parameter_names(paths.at("/b/{id}").at("put")) == names{"path id", "IdempotencyKey"});
  const auto& versioned = paths.at("/c/{id}").at("post");
  CHECK(parameter_names(versioned) == names{"path id", "IdempotencyKey", "IfMatch"});
  CHECK(versioned.at("responses").at("200").at("headers").as_object().contains("ETag"));
  const auto& wrapped = paths.at("/d/{v.id}").at("patch");
  CHECK(parameter_names(wrapped) == names{"path v.id", "IdempotencyKey", "IfMatch"});
  CHECK(!wrapped.at("responses").at("200").at("headers").as_object().contains("ETag"));
}

TEST_CASE("failures that the contract states stand beside those that follow from the call") {
  const auto out = document(R"(
    package t; message M { string id = 1; }
    service S {
      rpc Place(M) returns (M) {
        option (google.api.http) = { post: "/a" body: "*" };
        option (troupe.method) = {
          errors: { code: ALREADY_EXISTS when: "it is placed" }
          errors: { code: FAILED_PRECONDITION when: "it is sold out" }
          errors: { code: DATA_LOSS }
          max_request_bytes: 10
        };
      }
    })");
  const auto& responses = out.at("paths").at("/a").at("post").at("responses");
  CHECK(keys(responses) == names{"200", "400", "409", "413", "422", "429", "500", "503", "504", "default"});
  CHECK(out.at("paths").at("/a").at("post").at("requestBody").at("description") == "At most 10 bytes.");
  CHECK(responses.at("500").at("description") == "`DATA_LOSS`");
  const std::string conflict{responses.at("409").at("description").as_string()};
  CHECK(conflict
        == "- `ALREADY_EXISTS`: it is placed\n- A request with the same Idempotency-Key is still under way.");
  const auto& failure = out.at("components").at("responses").at("Failure").at("content");
  CHECK(keys(failure) == names{"application/problem+json", "application/json"});
  CHECK(out.at("components")
          .at("schemas")
          .at("troupe.Problem")
          .at("properties")
          .at("code")
          .at("enum")
          .as_array()
          .size()
        == 16);
}

TEST_CASE("tokens are described when the host checks them") {
  const std::string proto = R"(
    package t; message M { string id = 1; }
    service S { rpc Get(M) returns (M) { option (google.api.http) = { get: "/a" }; } })";
  openapi_options options;
  options.bearer_tokens = true;
  const auto guarded = document(proto, options);
  CHECK(guarded.at("security").at(0).as_object().contains("bearer"));
  CHECK(guarded.at("components").at("securitySchemes").at("bearer").at("bearerFormat") == "JWT");
  CHECK(guarded.at("paths").at("/a").at("get").at("responses").as_object().contains("401"));
  const auto open = document(proto);
  CHECK(!open.at("components").as_object().contains("securitySchemes"));
  CHECK(!open.at("paths").at("/a").at("get").at("responses").as_object().contains("401"));
}

TEST_CASE("http.proto, custom: methods that OpenAPI has no word for are kept aside") {
  const auto out = document(R"(
    package t; message M { string id = 1; }
    service S {
      rpc Link(M) returns (M) { option (google.api.http) = { custom: { kind: "LINK" path: "/a" } }; }
      rpc Head(M) returns (M) { option (google.api.http) = { custom: { kind: "HEAD" path: "/b" } }; }
      rpc Any(M) returns (M) { option (google.api.http) = { custom: { kind: "*" path: "/c" } }; }
    })");
  CHECK(keys(out.at("paths").at("/a").at("x-additional-operations")) == names{"LINK /a"});
  CHECK(out.at("paths").at("/b").as_object().contains("head"));
  CHECK(out.at("paths").at("/c").at("get").at("description") == "Every HTTP method is answered alike.");
}
