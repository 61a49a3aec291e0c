#include "tests/apps/shop/shop_node.hpp"

using namespace shop_test;

namespace {

constexpr auto declined_card = "4000000000000002";

using pair = std::pair<int, int>;

shop_options with_bank_delay(troupe::duration delay) {
  shop_options out;
  out.payments.bank_delay = delay;
  return out;
}

} // namespace

TEST_CASE("an order is priced, paid, committed and shipped") {
  shop_options options;
  options.orders.express_delivery = 0s;
  shop_node shop{options};
  const auto before = shop.stock("hamlet");
  auto request = order("o1", {{"hamlet", 2}, {"faust", 1}});
  request.set_delivery(EXPRESS);
  auto placed = shop.place(request);
  REQUIRE(placed);
  CHECK(placed->total().minor_units() == 2 * 999 + 1299);
  REQUIRE(placed->lines_size() == 2);
  CHECK(placed->lines(0).name() == "Hamlet, paperback");
  CHECK(placed->payment_summary() == "card ending in 4242");
  CHECK(shop.stock("hamlet") == pair{before.first - 2, 0});
  CHECK(shop.payment("o1")->amount().minor_units() == placed->total().minor_units());
  CHECK(shop.events_until("o1", ORDER_EVENT_KIND_UNSPECIFIED)
        == std::vector{ORDER_RECEIVED, GOODS_RESERVED, PAYMENT_TAKEN, ORDER_CONFIRMED, ORDER_SHIPPED});
  CHECK(shop.get("o1")->state() == SHIPPED);
  CHECK(reason_of(shop.cancel("o1").error()) == "ORDER_SHIPPED");
}

TEST_CASE("a refused payment gives the goods back, and stays refused") {
  shop_node shop;
  const auto before = shop.stock("hamlet");
  for (int twice = 0; twice < 2; ++twice) {
    auto refused = shop.place(order("o1", {{"hamlet", 2}}, declined_card));
    REQUIRE_FALSE(refused);
    CHECK(refused.error().code() == status_code::failed_precondition);
    CHECK(reason_of(refused.error()) == "CARD_DECLINED");
    CHECK(shop.stock("hamlet") == before);
  }
  CHECK(shop.get("o1")->state() == REFUSED);
  CHECK(shop.events_until("o1", ORDER_EVENT_KIND_UNSPECIFIED)
        == std::vector{ORDER_RECEIVED, GOODS_RESERVED, ORDER_REFUSED});
  CHECK(reason_of(shop.cancel("o1").error()) == "ORDER_REFUSED");
}

TEST_CASE("stock runs out for all goods of an order or for none") {
  shop_node shop;
  shop.set_stock("chess", 1);
  const auto before = shop.stock("hamlet");
  auto refused = shop.place(order("o1", {{"hamlet", 1}, {"chess", 2}}));
  REQUIRE_FALSE(refused);
  CHECK(reason_of(refused.error()) == "OUT_OF_STOCK");
  CHECK(shop.stock("hamlet") == before);
  CHECK(shop.payment("o1").error().code() == status_code::not_found);
  CHECK(shop.place(order("o2", {{"chess", 1}})));
  CHECK(shop.stock("chess") == pair{0, 0});
}

TEST_CASE("an order of what is not for sale, or that is not complete, is refused") {
  shop_node shop;
  CHECK(shop.place(order("o1", {{"lear", 1}})).error().code() == status_code::not_found);
  CHECK(shop.place(order("", {{"hamlet", 1}})).error().code() == status_code::invalid_argument);
  CHECK(shop.place(order("o3", {{"hamlet", 1}}, "1234")).error().code() == status_code::invalid_argument);
  CHECK(shop.get("o9").error().code() == status_code::not_found);
  CHECK(shop.cancel("o9").error().code() == status_code::not_found);
}

TEST_CASE("a cancelled order gives money and goods back, once") {
  shop_node shop;
  const auto before = shop.stock("hamlet");
  REQUIRE(shop.place(order("o1", {{"hamlet", 3}})));
  for (int twice = 0; twice < 2; ++twice) {
    auto cancelled = shop.cancel("o1");
    REQUIRE(cancelled);
    CHECK(cancelled->state() == CANCELLED);
    CHECK(cancelled->reason() == "bought twice");
    CHECK(shop.stock("hamlet") == before);
    CHECK(shop.payment("o1")->state() == REFUNDED);
  }
  CHECK(shop.place(order("o1", {{"hamlet", 3}}))->state() == CANCELLED);
  CHECK(shop.events_until("o1", ORDER_EVENT_KIND_UNSPECIFIED).back() == ORDER_CANCELLED);
}

TEST_CASE("a repeated order is the same order") {
  shop_node shop;
  const auto before = shop.stock("hamlet");
  REQUIRE(shop.place(order("o1", {{"hamlet", 1}})));
  CHECK(shop.place(order("o1", {{"hamlet", 1}}))->etag() == "4");
  CHECK(shop.stock("hamlet").first == before.first - 1);
  CHECK(shop.place(order("o1", {{"hamlet", 2}})).error().code() == status_code::already_exists);
}

TEST_CASE("an Idempotency-Key names an order that has no name of its own") {
  shop_node shop;
  auto placed = shop.run([](visitor& self) -> task<std::vector<Order>> {
    auto orders = self.client<Orders>(troupe::call_options().idempotency_key("key-1"));
    auto request = order("", {{"hamlet", 1}});
    std::vector<Order> out;
    out.push_back(co_await orders.place(request));
    out.push_back(co_await orders.place(request));
    co_return out;
  });
  REQUIRE(placed);
  for (const auto& each : *placed) {
    CHECK(each.order_id() == "key-1");
    CHECK(each.etag() == "4");
  }
}

TEST_CASE("repetitions that come too early wait for the first one") {
  shop_node shop{with_bank_delay(20ms)};
  const auto before = shop.stock("hamlet");
  auto placed = shop.run([](visitor& self) -> task<std::vector<Order>> {
    std::vector<task<Order>> buyers;
    auto buy = [](visitor& buyer) -> task<Order> {
      auto request = order("o1", {{"hamlet", 1}});
      co_return co_await buyer.client<Orders>().place(request);
    };
    for (int i = 0; i < 10; ++i)
      buyers.push_back(buy(self));
    co_return co_await troupe::all(std::move(buyers));
  });
  REQUIRE(placed);
  REQUIRE(placed->size() == 10);
  for (const auto& each : *placed)
    CHECK(each.etag() == "4");
  CHECK(shop.stock("hamlet") == pair{before.first - 1, 0});
}

TEST_CASE("64 buyers at the same time are sold what there is, and not one piece more") {
  shop_node shop;
  shop.set_stock("first-folio", 25);
  auto sold = shop.run([](visitor& self) -> task<std::vector<int>> {
    auto buy = [](visitor& buyer, int number) -> task<int> {
      auto request = order(fmt::format("buyer-{}", number), {{"first-folio", 1}});
      auto outcome = co_await buyer.client<Orders>().place(request).as_result();
      co_return outcome ? 1 : reason_of(outcome.error()) == "OUT_OF_STOCK" ? 0 : 1000;
    };
    std::vector<task<int>> buyers;
    for (int number = 0; number < 64; ++number)
      buyers.push_back(buy(self, number));
    co_return co_await troupe::all(std::move(buyers));
  });
  REQUIRE(sold);
  CHECK(std::accumulate(sold->begin(), sold->end(), 0) == 25);
  CHECK(shop.stock("first-folio") == pair{0, 0});
}

TEST_CASE("a client that goes away leaves money and goods behind, and may place the order again") {
  shop_node shop{with_bank_delay(3s)}; // long enough for the client to see how far its order is, and to go
  const auto before = shop.stock("hamlet");
  auto left = shop.run([](visitor& self) -> task<bool> {
    {
      auto request = order("o1", {{"hamlet", 2}});
      auto call = self.client<Orders>().place(request);
      call.start();
      co_await wait_for_event(self, "o1", GOODS_RESERVED);
    }
    co_await wait_for_event(self, "o1", ORDER_CANCELLED);
    co_return true;
  });
  REQUIRE(left);
  CHECK(shop.stock("hamlet") == before);
  CHECK(shop.get("o1")->state() == CANCELLED);
  CHECK(shop.payment("o1").error().code() == status_code::not_found);

  auto placed = shop.place(order("o1", {{"hamlet", 2}}));
  REQUIRE(placed);
  CHECK(placed->state() == CONFIRMED);
  CHECK(shop.stock("hamlet").first == before.first - 2);
  CHECK(shop.payment("o1.2")->state() == CHARGED);
}

TEST_CASE("an order whose deadline passes gives money and goods back") {
  shop_node shop{with_bank_delay(1h)};
  const auto before = shop.stock("hamlet");
  auto late = shop.run([](visitor& self) -> task<Order> {
    auto request = order("o1", {{"hamlet", 2}});
    co_return co_await self.client<Orders>(troupe::call_options().timeout(3s)).place(request);
  });
  REQUIRE_FALSE(late);
  CHECK(late.error().code() == status_code::deadline_exceeded);
  CHECK(shop.events_until("o1", ORDER_CANCELLED).back() == ORDER_CANCELLED);
  CHECK(shop.stock("hamlet") == before);
}

TEST_CASE("goods of an order that a crash interrupted come back") {
  shop_node shop{with_bank_delay(1h)};
  const auto before = shop.stock("hamlet");
  auto interrupted = shop.run([&](visitor& self) -> task<Order> {
    auto request = order("o1", {{"hamlet", 2}});
    auto call = self.client<Orders>(troupe::call_options().attempts(1)).place(request);
    call.start();
    co_await wait_for_event(self, "o1", GOODS_RESERVED);
    auto tree = co_await shop.node().look_at_tree(self);
    co_await shop.node().kill_actor(self, tree.children.at(3).children.at(0).actor);
    co_return co_await call;
  });
  REQUIRE_FALSE(interrupted);
  CHECK(interrupted.error().code() == status_code::unavailable);
  CHECK(troupe::retry_hint_of(interrupted.error()) == troupe::retry_hint::may_have_executed);
  CHECK(shop.get("o1").error().code() == status_code::not_found);
  ReleaseRequest release;
  release.set_reservation_id("o1");
  CHECK(shop.call<Inventory>(&InventoryClient::release, release));
  CHECK(shop.stock("hamlet") == before);
}

TEST_CASE("no order fails while the actors that it needs are killed") {
  const auto service =
    GENERATE(as<std::string>{}, "shop.Catalog", "shop.Inventory", "shop.Payments", "shop.Orders");
  shop_node shop{with_bank_delay(2ms)};
  std::promise<void> under_way;
  auto load = shop.node().run([&](visitor& self) -> task<int> {
    int placed = 0;
    for (int number = 0; number < 200; ++number) {
      auto request = order(fmt::format("o{}", number), {{"hamlet", 1}});
      // Two attempts for each kill.
      auto outcome = co_await self.client<Orders>(troupe::call_options().attempts(6)).place(request);
      placed += outcome.state() == CONFIRMED ? 1 : 0;
      if (number == 20) under_way.set_value();
    }
    co_return placed;
  });
  under_way.get_future().wait();
  for (int times = 0; times < 3; ++times)
    shop.kill(service);
  REQUIRE(load.wait_for(60s) == std::future_status::ready);
  auto placed = load.get();
  REQUIRE(placed);
  CHECK(*placed == 200);
}
