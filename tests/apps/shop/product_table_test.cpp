#include "actors/testing/catch_result.hpp"
#include "apps/shop/product_table.hpp"
#include "apps/shop/values.hpp"
#include "google/rpc/error_details.pb.h"
#include "runtime/contract/status_details.hpp"

#include <catch2/catch.hpp>

using namespace shop;
using troupe::status_code;

namespace {

const troupe::wall_time noon{std::chrono::hours{12}};

Product product(std::string id, Category category = BOOKS) {
  Product out;
  out.set_product_id(std::move(id));
  out.set_name("a name");
  out.set_category(category);
  *out.mutable_price() = euros(999);
  out.add_tags("play");
  return out;
}

std::string field_of(const troupe::status& outcome) {
  auto found = troupe::detail_of<google::rpc::BadRequest>(outcome);
  return found && found->field_violations_size() == 1 ? found->field_violations(0).field() : "";
}

} // namespace

TEST_CASE("a product is stored with a version and a time of its own") {
  product_table table{10, 7};
  auto made = table.create(product("hamlet"), noon);
  REQUIRE(made);
  CHECK(made->update_time().seconds() == 12 * 3600);
  CHECK_FALSE(made->etag().empty());
  CHECK(table.get("hamlet")->etag() == made->etag());
  CHECK(table.create(product("hamlet"), noon).error().code() == status_code::already_exists);
  CHECK(table.get("faust").error().code() == status_code::not_found);
}

TEST_CASE("versions never come back, also not in the table of another actor") {
  product_table table{10, 7};
  product_table later{10, 8};
  auto first = *table.create(product("hamlet"), noon);
  REQUIRE(table.remove("hamlet", "").ok());
  CHECK(table.create(product("hamlet"), noon)->etag() != first.etag());
  CHECK(later.create(product("hamlet"), noon)->etag() != first.etag());
}

TEST_CASE("what is wrong with a product is named") {
  struct {
    const char* field;
    std::function<void(Product&)> spoil;
  } cases[] = {
    {"product.product_id", [](Product& p) { p.set_product_id("a b"); }},
    {"product.product_id", [](Product& p) { p.set_product_id(std::string(65, 'a')); }},
    {"product.name", [](Product& p) { p.clear_name(); }},
    {"product.name", [](Product& p) { p.set_name(std::string(201, 'a')); }},
    {"product.description", [](Product& p) { p.set_description(std::string(4001, 'a')); }},
    {"product.category", [](Product& p) { p.clear_category(); }},
    {"product.category", [](Product& p) { p.set_category(static_cast<Category>(99)); }},
    {"product.price.currency_code", [](Product& p) { p.mutable_price()->set_currency_code("XYZ"); }},
    {"product.price.minor_units", [](Product& p) { p.mutable_price()->set_minor_units(0); }},
    {"product.price.minor_units", [](Product& p) { p.mutable_price()->set_minor_units(largest_price + 1); }},
    {"product.tags", [](Product& p) { p.add_tags(""); }},
    {"product.tags",
     [](Product& p) {
       while (p.tags_size() < 21)
         p.add_tags("x");
     }},
  };
  product_table table{10, 7};
  for (auto& each : cases) {
    auto spoiled = product("hamlet");
    each.spoil(spoiled);
    auto outcome = table.create(spoiled, noon);
    REQUIRE_FALSE(outcome);
    CHECK(outcome.error().code() == status_code::invalid_argument);
    CHECK(field_of(outcome.error()) == each.field);
  }
  CHECK(table.size() == 0);
}

TEST_CASE("a full catalog takes changes, and nothing new") {
  product_table table{1, 7};
  REQUIRE(table.create(product("hamlet"), noon));
  CHECK(table.create(product("faust"), noon).error().code() == status_code::resource_exhausted);
  CHECK(table.put(product("faust"), noon).error().code() == status_code::resource_exhausted);
  CHECK(*table.put(product("hamlet"), noon) == product_table::stored::replaced);
}

TEST_CASE("an update changes what its mask names, of the version that it names") {
  product_table table{10, 7};
  auto before = *table.create(product("hamlet"), noon);
  UpdateProductRequest request;
  request.mutable_product()->set_product_id("hamlet");
  request.mutable_product()->set_description("new");
  request.mutable_product()->add_tags("tragedy");
  *request.mutable_product()->mutable_price() = euros(1);

  SECTION("with a mask") {
    request.mutable_update_mask()->add_paths("tags");
    auto after = table.update(request, noon);
    REQUIRE(after);
    CHECK(after->description().empty());
    CHECK(after->price().minor_units() == 999);
    REQUIRE(after->tags_size() == 1);
    CHECK(after->tags(0) == "tragedy");
    CHECK(after->etag() != before.etag());
  }
  SECTION("without a mask: what is given") {
    auto after = table.update(request, noon);
    REQUIRE(after);
    CHECK(after->name() == "a name");
    CHECK(after->description() == "new");
    CHECK(after->price().minor_units() == 1);
    CHECK(after->tags_size() == 1);
  }
  SECTION("a mask can clear a field") {
    request.mutable_product()->clear_tags();
    request.mutable_update_mask()->add_paths("tags");
    CHECK(table.update(request, noon)->tags_size() == 0);
  }
  SECTION("a mask that names what cannot be changed") {
    request.mutable_update_mask()->add_paths("etag");
    CHECK(field_of(table.update(request, noon).error()) == "update_mask");
  }
  SECTION("the version that is there") {
    request.mutable_product()->set_etag(before.etag());
    REQUIRE(table.update(request, noon));
    CHECK(table.update(request, noon).error().code() == status_code::aborted);
  }
  SECTION("a change that would make it invalid changes nothing") {
    request.mutable_product()->clear_name();
    request.mutable_update_mask()->add_paths("name");
    CHECK_FALSE(table.update(request, noon));
    CHECK(table.get("hamlet")->name() == "a name");
  }
}

TEST_CASE("a product is removed in the version that is named") {
  product_table table{10, 7};
  auto there = *table.create(product("hamlet"), noon);
  CHECK(table.remove("hamlet", "x").code() == status_code::aborted);
  CHECK(table.remove("hamlet", there.etag()).ok());
  CHECK(table.remove("hamlet", "").code() == status_code::not_found);
}

TEST_CASE("pages cover every product once, in order") {
  product_table table{1000, 7};
  for (int i = 0; i < 120; ++i)
    REQUIRE(table.create(product(fmt::format("p{:03}", i), i % 3 ? BOOKS : GAMES), noon));
  ListProductsRequest request;
  auto walk = [&] {
    std::vector<std::string> seen;
    int pages = 0;
    request.clear_page_token();
    do {
      auto page = table.list(request);
      REQUIRE(page);
      for (const auto& each : page->products())
        seen.push_back(each.product_id());
      request.set_page_token(page->next_page_token());
      REQUIRE(++pages <= 120);
    } while (!request.page_token().empty());
    CHECK(std::is_sorted(seen.begin(), seen.end()));
    CHECK(std::adjacent_find(seen.begin(), seen.end()) == seen.end());
    return std::pair{seen.size(), pages};
  };
  CHECK(walk() == std::pair{std::size_t{120}, 3});
  request.set_page_size(40);
  CHECK(walk() == std::pair{std::size_t{120}, 3});
  request.set_page_size(1'000'000);
  CHECK(walk() == std::pair{std::size_t{120}, 1});
  request.set_page_size(40);
  request.set_category(GAMES);
  CHECK(walk() == std::pair{std::size_t{40}, 1});
  request.set_page_size(-1);
  CHECK(field_of(table.list(request).error()) == "page_size");
  request.set_page_size(1);
  request.set_page_token("no such/token");
  CHECK(field_of(table.list(request).error()) == "page_token");
}
