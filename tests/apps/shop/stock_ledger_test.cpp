#include "actors/testing/catch_result.hpp"
#include "apps/shop/stock_ledger.hpp"
#include "google/rpc/error_details.pb.h"
#include "runtime/contract/status_details.hpp"

#include <catch2/catch.hpp>

#include <random>

using namespace shop;
using namespace std::chrono_literals;
using troupe::status_code;

namespace {

ledger_time at(troupe::duration since) {
  return {troupe::monotonic_time{} + since,
          troupe::wall_time{} + std::chrono::duration_cast<troupe::wall_time::duration>(since)};
}

ReserveRequest wants(std::string id, std::vector<std::pair<std::string, int>> items) {
  ReserveRequest out;
  out.set_reservation_id(std::move(id));
  for (auto& [product, quantity] : items) {
    auto& item = *out.add_items();
    item.set_product_id(product);
    item.set_quantity(quantity);
  }
  return out;
}

struct fixture {
  stock_ledger ledger{{.products = 5, .reservations = 3}};
  fixture() {
    REQUIRE(ledger.set("hamlet", 10, {}).ok());
    REQUIRE(ledger.set("faust", 5, {}).ok());
  }
  std::pair<int, int> stock(const std::string& product) {
    auto level = ledger.level(product);
    REQUIRE(level);
    return {level->available(), level->reserved()};
  }
};

using pair = std::pair<int, int>;

} // namespace

TEST_CASE_METHOD(fixture, "goods are held, then sold") {
  auto held = ledger.reserve(wants("r1", {{"hamlet", 4}, {"faust", 1}}), at(0s));
  REQUIRE(held);
  CHECK(held->state() == HELD);
  CHECK(held->expire_time().seconds() == 30);
  CHECK(stock("hamlet") == pair{6, 4});
  auto sold = ledger.commit("r1", at(1s));
  REQUIRE(sold);
  CHECK(sold->state() == COMMITTED);
  CHECK(stock("hamlet") == pair{6, 0});
  CHECK(ledger.commit("r1", at(100s))->state() == COMMITTED);
  CHECK(stock("hamlet") == pair{6, 0});
}

TEST_CASE_METHOD(fixture, "a reservation gets all of its goods or none") {
  auto refused = ledger.reserve(wants("r1", {{"hamlet", 4}, {"faust", 6}}), at(0s));
  REQUIRE_FALSE(refused);
  CHECK(refused.error().code() == status_code::failed_precondition);
  CHECK(troupe::error_info_of(refused.error())->reason == "OUT_OF_STOCK");
  auto failure = troupe::detail_of<google::rpc::PreconditionFailure>(refused.error());
  REQUIRE(failure);
  CHECK(failure->violations(0).subject() == "faust");
  CHECK(stock("hamlet") == pair{10, 0});
  CHECK(ledger.reserve(wants("r1", {{"hamlet", 4}, {"nothing", 6}}), at(0s)).error().code()
        == status_code::not_found);
  CHECK(stock("hamlet") == pair{10, 0});
  CHECK(ledger.reservations() == 0);
}

TEST_CASE_METHOD(fixture, "released goods are back, once") {
  REQUIRE(ledger.reserve(wants("held", {{"hamlet", 4}}), at(0s)));
  REQUIRE(ledger.reserve(wants("sold", {{"hamlet", 3}}), at(0s)));
  REQUIRE(ledger.commit("sold", at(0s)));
  for (int twice = 0; twice < 2; ++twice) {
    CHECK(ledger.release("held", at(0s))->state() == RELEASED);
    CHECK(ledger.release("sold", at(0s))->state() == RELEASED);
    CHECK(stock("hamlet") == pair{10, 0});
  }
  CHECK(ledger.commit("held", at(0s)).error().code() == status_code::failed_precondition);
  CHECK(ledger.release("other", at(0s)).error().code() == status_code::not_found);
  CHECK(ledger.commit("other", at(0s)).error().code() == status_code::not_found);
}

TEST_CASE_METHOD(fixture, "a reservation that nobody commits expires") {
  auto request = wants("r1", {{"hamlet", 4}});
  request.mutable_hold()->set_seconds(2);
  REQUIRE(ledger.reserve(request, at(0s)));
  CHECK(ledger.next_expiry() == at(2s).now);
  ledger.expire(at(2s - 1ns));
  CHECK(stock("hamlet") == pair{6, 4});
  ledger.expire(at(2s));
  CHECK(stock("hamlet") == pair{10, 0});
  CHECK_FALSE(ledger.next_expiry());
  CHECK(ledger.commit("r1", at(2s)).error().code() == status_code::failed_precondition);
  CHECK(ledger.release("r1", at(2s))->state() == EXPIRED);
  CHECK(stock("hamlet") == pair{10, 0});
}

TEST_CASE_METHOD(fixture, "expired goods can be had by the next one at once") {
  REQUIRE(ledger.reserve(wants("r1", {{"faust", 5}}), at(0s)));
  CHECK_FALSE(ledger.reserve(wants("r2", {{"faust", 5}}), at(29s)));
  CHECK(ledger.reserve(wants("r2", {{"faust", 5}}), at(30s)));
}

TEST_CASE_METHOD(fixture, "a repeated reservation is the same reservation") {
  REQUIRE(ledger.reserve(wants("r1", {{"hamlet", 4}}), at(0s)));
  CHECK(ledger.reserve(wants("r1", {{"hamlet", 4}}), at(1s)));
  CHECK(stock("hamlet") == pair{6, 4});
  CHECK(ledger.reserve(wants("r1", {{"hamlet", 5}}), at(1s)).error().code() == status_code::already_exists);
  REQUIRE(ledger.release("r1", at(1s)));
  CHECK(ledger.reserve(wants("r1", {{"hamlet", 4}}), at(1s)).error().code() == status_code::aborted);
}

TEST_CASE_METHOD(fixture, "what is not a reservation is refused") {
  auto code = [&](ReserveRequest request) { return ledger.reserve(request, at(0s)).error().code(); };
  CHECK(code(wants("", {{"hamlet", 1}})) == status_code::invalid_argument);
  CHECK(code(wants("a b", {{"hamlet", 1}})) == status_code::invalid_argument);
  CHECK(code(wants("r", {})) == status_code::invalid_argument);
  CHECK(code(wants("r", {{"hamlet", 0}})) == status_code::invalid_argument);
  CHECK(code(wants("r", {{"hamlet", -1}})) == status_code::invalid_argument);
  CHECK(code(wants("r", {{"hamlet", 1001}})) == status_code::invalid_argument);
  CHECK(code(wants("r", {{"hamlet", 1}, {"hamlet", 1}})) == status_code::invalid_argument);
  auto forever = wants("r", {{"hamlet", 1}});
  forever.mutable_hold()->set_seconds(600);
  CHECK(code(forever) == status_code::invalid_argument);
  forever.mutable_hold()->set_seconds(-1);
  CHECK(code(forever) == status_code::invalid_argument);
  forever.mutable_hold()->set_seconds(INT64_MAX);
  CHECK(code(forever) == status_code::invalid_argument);
}

TEST_CASE_METHOD(fixture, "reservations that ended make room, the others keep their places") {
  for (auto id : {"a", "b", "c"})
    REQUIRE(ledger.reserve(wants(id, {{"hamlet", 1}}), at(0s)));
  CHECK(ledger.reserve(wants("d", {{"hamlet", 1}}), at(0s)).error().code()
        == status_code::resource_exhausted);
  REQUIRE(ledger.commit("a", at(0s)));
  CHECK(ledger.reserve(wants("d", {{"hamlet", 1}}), at(0s)).error().code()
        == status_code::resource_exhausted);
  CHECK(stock("hamlet") == pair{7, 2});
  REQUIRE(ledger.release("b", at(0s)));
  CHECK(ledger.reserve(wants("d", {{"hamlet", 1}}), at(0s)));
  CHECK(ledger.reservations() == 3);
  CHECK(ledger.release("b", at(0s)).error().code() == status_code::not_found);
}

TEST_CASE_METHOD(fixture, "adjustments count, deliver and lose, never below zero") {
  auto adjust = [&](std::string product, std::optional<int> delta, std::optional<int> counted) {
    StockAdjustment change;
    change.set_product_id(std::move(product));
    if (delta) change.set_delta(*delta);
    if (counted) change.set_counted(*counted);
    return ledger.adjust(change, {}).code();
  };
  CHECK(adjust("hamlet", 5, {}) == status_code::ok);
  CHECK(stock("hamlet") == pair{15, 0});
  CHECK(adjust("hamlet", -15, {}) == status_code::ok);
  CHECK(adjust("hamlet", -1, {}) == status_code::failed_precondition);
  CHECK(adjust("hamlet", INT32_MIN, {}) == status_code::failed_precondition);
  CHECK(adjust("hamlet", INT32_MAX, {}) == status_code::invalid_argument);
  CHECK(adjust("hamlet", {}, -1) == status_code::invalid_argument);
  CHECK(adjust("hamlet", {}, {}) == status_code::invalid_argument);
  CHECK(adjust("new", 1, {}) == status_code::not_found);
  CHECK(adjust("new", {}, 3) == status_code::ok);
  CHECK(stock("new") == pair{3, 0});
  for (auto id : {"x", "y"})
    CHECK(adjust(id, {}, 1) == status_code::ok);
  CHECK(adjust("z", {}, 1) == status_code::resource_exhausted);
}

TEST_CASE_METHOD(fixture, "changes are told in order, each product with its latest only") {
  std::uint64_t seen = 0;
  auto next = [&]() -> std::string {
    auto found = ledger.changed_after(seen);
    if (!found) return "";
    seen = found->first;
    return found->second;
  };
  CHECK(next() == "hamlet");
  CHECK(next() == "faust");
  CHECK(next().empty());
  REQUIRE(ledger.reserve(wants("a", {{"hamlet", 1}}), at(0s)));
  REQUIRE(ledger.reserve(wants("b", {{"faust", 1}}), at(0s)));
  REQUIRE(ledger.release("a", at(0s)));
  CHECK(next() == "faust");
  CHECK(next() == "hamlet");
  CHECK(next().empty());
}

TEST_CASE("whatever happens, no piece is lost and none is sold twice") {
  std::mt19937 random{7};
  for (int round = 0; round < 20; ++round) {
    stock_ledger ledger{{.products = 10, .reservations = 30}};
    const std::string products[] = {"a", "b", "c"};
    for (const auto& each : products)
      REQUIRE(ledger.set(each, 20, {}).ok());
    std::map<std::string, std::map<std::string, int>> committed;
    for (int step = 0; step < 500; ++step) {
      const auto id = fmt::format("r{}", random() % 60);
      const auto time = at(std::chrono::seconds{step / 5});
      switch (random() % 4) {
      case 0:
      case 1: {
        auto request = wants(id, {{products[random() % 3], 1 + static_cast<int>(random() % 8)}});
        request.mutable_hold()->set_seconds(1 + random() % 20);
        (void)ledger.reserve(request, time);
        break;
      }
      case 2:
        if (auto sold = ledger.commit(id, time))
          for (const auto& item : sold->items())
            committed[id][item.product_id()] = item.quantity();
        break;
      default:
        if (ledger.release(id, time)) committed.erase(id);
      }
      for (const auto& each : products) {
        auto level = *ledger.level(each);
        int sold = 0;
        for (auto& [_, items] : committed)
          if (auto found = items.find(each); found != items.end()) sold += found->second;
        REQUIRE(level.available() >= 0);
        REQUIRE(level.reserved() >= 0);
        REQUIRE(level.available() + level.reserved() + sold == 20);
      }
    }
  }
}
