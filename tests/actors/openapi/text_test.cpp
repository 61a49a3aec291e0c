#include "actors/openapi/comment_index.hpp"
#include "actors/openapi/example.hpp"
#include "actors/openapi/json_text.hpp"

#include <boost/json.hpp>
#include <catch2/catch.hpp>

#include <array>

using namespace troupe;
using namespace troupe::openapi;

TEST_CASE("a summary is the first sentence in one line, without its full stop") {
  CHECK(first_sentence("Finds a book. Its version is in the header.") == "Finds a book");
  CHECK(first_sentence("Finds\n a   book.") == "Finds a book");
  CHECK(first_sentence("Finds a book\n\nIn detail.") == "Finds a book");
  CHECK(first_sentence("Costs 1.5 times e.g. this one. Then.") == "Costs 1.5 times e.g. this one");
  CHECK(first_sentence("The library decides:\n\n- one\n- two") == "The library decides");
  CHECK(first_sentence("Ends here.\nand goes on") == "Ends here");
  CHECK(first_sentence("  ").empty());
  CHECK(first_sentence("").empty());
}

TEST_CASE("names of methods read as words where nobody commented them") {
  CHECK(words_of_camel_case("PlaceOrder") == "Place order");
  CHECK(words_of_camel_case("Get") == "Get");
  CHECK(words_of_camel_case("ReindexAllBooks") == "Reindex all books");
  CHECK(words_of_camel_case("GetURL") == "Get URL");
  CHECK(words_of_camel_case("GetURLOfBook") == "Get URL of book");
}

TEST_CASE("comments lose the space after their marks and keep the author's own indentation") {
  const std::array comments{comment_info{"a.B", " One.\n\n     code\n   \n - item \n"},
                            comment_info{"a.C", "\n"}};
  service_info service;
  service.comments = comments;
  const std::array<const service_info*, 1> services{&service};
  const comment_index index{services};
  CHECK(index.description("a.B") == "One.\n\n    code\n\n- item");
  CHECK(index.description("a.C").empty());
  CHECK(index.description("a.Missing").empty());
}

TEST_CASE("JSON text keeps the order of members and writes numbers as people do") {
  const boost::json::value value{
    {"z", 1.5}, {"a", boost::json::array{}}, {"m", {{"quote\"", nullptr}}}, {"n", boost::json::array{1, 2}}};
  CHECK(json_text(value, false) == R"({"z":1.5,"a":[],"m":{"quote\"":null},"n":[1,2]})");
  CHECK(json_text(value, true) == R"({
  "z": 1.5,
  "a": [],
  "m": {
    "quote\"": null
  },
  "n": [
    1,
    2
  ]
}
)");
}

TEST_CASE("RFC 8259 section 8.1: what is not UTF-8 is replaced") {
  CHECK(json_text("a\xFF\xC3(\xE2\x82\xAC", false) == "\"a\xEF\xBF\xBD\xEF\xBF\xBD(\xE2\x82\xAC\"");
  CHECK(json_text(boost::json::object{{"\xC3", 1}}, false) == "{\"\xEF\xBF\xBD\":1}");
}

TEST_CASE("examples of text follow the last words of a field's name") {
  CHECK(text_example_of("order_id") == "order-1");
  CHECK(text_example_of("purchase_order_id") == "purchase-order-1");
  CHECK(text_example_of("id") == "id-1");
  CHECK(text_example_of("contact_email") == "ada@example.com");
  CHECK(text_example_of("next_page_token") == "token-1");
  CHECK(text_example_of("paid") == "text");
  CHECK(text_example_of("") == "text");
}
