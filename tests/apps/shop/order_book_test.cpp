#include "actors/testing/catch_result.hpp"
#include "apps/shop/order_book.hpp"
#include "google/rpc/error_details.pb.h"
#include "runtime/contract/status_details.hpp"

#include <catch2/catch.hpp>

using namespace shop;
using troupe::status_code;

namespace {

PlaceOrderRequest order(std::string id, std::string customer = "ada") {
  PlaceOrderRequest out;
  out.set_order_id(std::move(id));
  out.set_customer_id(std::move(customer));
  out.mutable_payment()->mutable_wallet()->set_wallet_id("w");
  auto& item = *out.add_items();
  item.set_product_id("hamlet");
  item.set_quantity(1);
  return out;
}

std::string field_of(const PlaceOrderRequest& request) {
  auto outcome = check_order(request);
  auto found = troupe::detail_of<google::rpc::BadRequest>(outcome);
  return found ? found->field_violations(0).field() : std::string{to_string(outcome.code())};
}

} // namespace

TEST_CASE("what is missing of an order is named") {
  CHECK(field_of(order("o")) == "OK");
  CHECK(field_of(order("")) == "order_id");
  CHECK(field_of(order("a.b")) == "order_id");
  CHECK(field_of(order("o", "")) == "customer_id");
  CHECK(field_of(order("o", std::string(65, 'x'))) == "customer_id");
  auto changed = order("o");
  changed.clear_payment();
  CHECK(field_of(changed) == "payment");
  changed = order("o");
  changed.clear_items();
  CHECK(field_of(changed) == "items");
  changed = order("o");
  changed.mutable_items(0)->set_quantity(0);
  CHECK(field_of(changed) == "items[0].quantity");
  changed = order("o");
  changed.set_delivery(static_cast<Delivery>(7));
  CHECK(field_of(changed) == "delivery");
}

TEST_CASE("an order's events are numbered, and its version is the last one") {
  order_book book;
  auto record = *book.open(order("o"), {});
  CHECK(record->order.state() == PENDING);
  CHECK_FALSE(record->final());
  book.confirm(*record, {});
  CHECK_FALSE(record->final());
  book.ship(*record, {});
  CHECK(record->final());
  REQUIRE(record->events.size() == 3);
  for (std::size_t i = 0; i < 3; ++i)
    CHECK(record->events[i].sequence() == static_cast<int>(i) + 1);
  CHECK(record->order.etag() == "3");
}

TEST_CASE("an abandoned order may be tried again, under another name for its money and goods, ten times") {
  order_book book;
  auto record = *book.open(order("o"), {});
  CHECK(record->settlement_id() == "o");
  for (int attempt = 2; attempt <= 10; ++attempt) {
    book.abandon(*record, "gone", {});
    CHECK_FALSE(record->final());
    REQUIRE(book.reopen(*record, {}).ok());
    CHECK(record->settlement_id() == fmt::format("o.{}", attempt));
    CHECK(record->order.reason().empty());
  }
  book.abandon(*record, "gone", {});
  CHECK(book.reopen(*record, {}).code() == status_code::failed_precondition);
}

TEST_CASE("a full book takes no more orders") {
  order_book book{{.orders = 1}};
  REQUIRE(book.open(order("a"), {}));
  CHECK(book.open(order("b"), {}).error().code() == status_code::resource_exhausted);
}

TEST_CASE("orders are listed from the newest to the oldest, by page, customer and state") {
  order_book book;
  for (int i = 0; i < 30; ++i) {
    auto record = *book.open(order(fmt::format("o{:02}", i), i % 3 ? "ada" : "ben"), {});
    if (i % 2) book.confirm(*record, {});
  }
  ListOrdersRequest request;
  request.set_page_size(7);
  auto walk = [&] {
    std::vector<std::string> seen;
    request.clear_page_token();
    for (int pages = 0; pages < 40; ++pages) {
      auto page = book.list(request);
      REQUIRE(page);
      for (const auto& each : page->orders())
        seen.push_back(each.order_id());
      request.set_page_token(page->next_page_token());
      if (request.page_token().empty()) break;
    }
    return seen;
  };
  auto all = walk();
  REQUIRE(all.size() == 30);
  CHECK(all.front() == "o29");
  CHECK(std::is_sorted(all.rbegin(), all.rend()));
  request.set_customer_id("ben");
  CHECK(walk().size() == 10);
  request.add_states(CONFIRMED);
  CHECK(walk().size() == 5);
  request.add_states(PENDING);
  CHECK(walk().size() == 10);
  for (auto wrong : {"x", "-1", "5x", "99999999999999999999999"}) {
    request.set_page_token(wrong);
    CHECK(book.list(request).error().code() == status_code::invalid_argument);
  }
  request.set_page_token("1000");
  CHECK(book.list(request));
}
