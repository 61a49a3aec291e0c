#include "actors/openapi/docs_page.hpp"

#include <catch2/catch.hpp>

#include <array>
#include <string>

using namespace troupe;

namespace {

// The text of the page's only element of a name.
std::string content_of(const std::string& tag) {
  const auto page = docs_page();
  const auto open = "<" + tag + ">";
  const auto begin = page.find(open);
  REQUIRE(begin != std::string_view::npos);
  REQUIRE(page.find(open, begin + 1) == std::string_view::npos);
  const auto end = page.find("</" + tag + ">");
  REQUIRE(end != std::string_view::npos);
  return std::string{page.substr(begin + open.size(), end - begin - open.size())};
}

} // namespace

TEST_CASE("the page is whole: one style, one script, no marks left, nothing from elsewhere") {
  const auto page = docs_page();
  CHECK(page.starts_with("<!doctype html>"));
  CHECK(page.find("@style@") == std::string_view::npos);
  CHECK(page.find("@script@") == std::string_view::npos);
  CHECK(content_of("style").find(".operation") != std::string::npos);
  CHECK(content_of("script").find("showDocument(await response.json())") != std::string::npos);
  CHECK(content_of("script").ends_with("})();\n"));
  for (const auto* outside : {"src=", "@import", "url(", "//cdn", "integrity="})
    CHECK(page.find(outside) == std::string_view::npos);
}

TEST_CASE("the page works under its policy: no style or script but the two that are hashed") {
  const auto page = docs_page();
  for (const auto* inline_code :
       {" style=\"", " onclick=\"", " onload=\"", "javascript:", "eval(", "innerHTML", "new Function"})
    CHECK(page.find(inline_code) == std::string_view::npos);
}

// The hash of an independent implementation, made by `openssl dgst -sha256 -binary | base64` from the page of
// this build, is what the client test compares; here: the form.
TEST_CASE("the policy names hashes, the page's host, and the servers by origin") {
  const auto policy = docs_page_policy();
  CHECK(policy.starts_with("default-src 'none'; style-src 'sha256-"));
  CHECK(policy.find("; script-src 'sha256-") != std::string::npos);
  CHECK(policy.find("; connect-src 'self';") != std::string::npos);
  CHECK(policy.find("unsafe") == std::string::npos);
  CHECK(policy.substr(policy.find("'sha256-") + 8 + 44).starts_with("'; "));

  const std::array<std::string, 5> servers{"https://api.example.org/v1", "/relative", "http://127.0.0.1:8080",
                                           "https://evil.example.org;script-src *", "ftp://example.org"};
  CHECK(docs_page_policy(servers).find(
          "; connect-src 'self' https://api.example.org http://127.0.0.1:8080; base-uri")
        != std::string::npos);
}
