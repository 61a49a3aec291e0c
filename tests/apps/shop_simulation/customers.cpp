#include "tests/apps/shop_simulation/shop_cluster.hpp"

#include <algorithm>

namespace shop_simulation {

namespace {

using namespace shop;

constexpr std::array products = {"hamlet", "faust", "chess", "first-folio", "mask-mug"};
// Beyond its time-out a call may take no virtual time but that of the turns at its end.
constexpr troupe::duration slack = 20ms;
constexpr int most_tries = 5;

// Not a verdict on the order: the same request may be made again.
bool is_verdict(const status& why) {
  return why.code() == status_code::failed_precondition || why.code() == status_code::not_found
         || why.code() == status_code::invalid_argument;
}

class customer {
public:
  customer(visitor& self, simulation& sim, shop_diary& diary, std::uint32_t number)
    : self_(self), sim_(sim), diary_(diary), number_(number), chance_(sim.random("customer", number)) {}

  task<> live(int orders) {
    for (int i = 0; i < orders; ++i) {
      co_await self_.sleep_for(some_time(0ms, 6s));
      const auto id = fmt::format("order-{}-{}", number_, i);
      co_await buy(id);
    }
  }

private:
  troupe::duration some_time(troupe::duration low, troupe::duration high) {
    return troupe::duration{chance_.between(low.count(), high.count())};
  }

  // Few are short: those hardly ever succeed.
  troupe::duration patience() { return chance_.chance(0.2) ? some_time(1ms, 300ms) : some_time(300ms, 8s); }

  PlaceOrderRequest some_order(const std::string& id) {
    PlaceOrderRequest out;
    out.set_order_id(id);
    out.set_customer_id(fmt::format("customer-{}", number_));
    auto wanted = products;
    chance_.shuffle(wanted);
    const auto count = 1 + chance_.below(3);
    for (std::uint64_t i = 0; i < count; ++i) {
      auto& item = *out.add_items();
      item.set_product_id(wanted[i]);
      item.set_quantity(static_cast<int>(1 + chance_.below(6)));
    }
    auto& payment = *out.mutable_payment();
    const auto way = chance_.below(10);
    if (way == 0) {
      payment.mutable_wallet()->set_wallet_id(out.customer_id());
    } else if (way == 1) {
      payment.mutable_invoice()->set_email("ada@example.org");
    } else {
      payment.mutable_card()->set_number(way == 2 ? "4000000000000002" : "4242424242424242");
      payment.mutable_card()->set_expiry("12/40");
    }
    if (chance_.chance(0.5)) out.set_delivery(EXPRESS);
    return out;
  }

  // Any call: it ends when it should.
  template <class Reply, class Call>
  task<Reply> timed(Call call, troupe::duration limit) {
    const auto began = self_.now();
    ++diary_.calls;
    auto begun = call(troupe::call_options().timeout(limit));
    auto outcome = co_await begun.as_result();
    INFO("customer " << number_ << ", limit " << limit.count() << " ns, took "
                     << troupe::duration{self_.now() - began}.count()
                     << " ns: " << troupe::status_of(outcome).to_string());
    CHECK(self_.now() - began <= limit + slack);
    if (!outcome) co_await outcome.error();
    ++diary_.answers;
    co_return std::move(*outcome);
  }

  task<> place(known_order& order) {
    auto call = [this, &order](troupe::call_options options) {
      return self_.client<Orders>(std::move(options)).place(order.request);
    };
    const auto before = lives_now(sim_);
    auto outcome = co_await timed<Order>(call, patience()).as_result();
    order.last = lives_now(sim_);
    // Only what one life of Orders says is one story.
    const bool same_life = order.first.orders == order.last.orders && before == order.last;
    if (!outcome && !is_verdict(outcome.error())) co_return;
    ++diary_.verdicts;
    INFO("order " << order.request.order_id() << ": " << troupe::status_of(outcome).to_string());
    if (outcome) {
      check_order(order.request, *outcome);
      if (same_life && order.placed)
        CHECK(outcome->total().minor_units() == order.placed->total().minor_units());
      if (same_life) CHECK_FALSE(order.refused.has_value());
      order.placed = *outcome;
      order.refused.reset();
    } else {
      if (same_life) CHECK_FALSE(order.placed.has_value());
      order.refused = outcome.error();
      order.placed.reset();
    }
  }

  static void check_order(const PlaceOrderRequest& request, const Order& order) {
    CHECK(order.order_id() == request.order_id());
    CHECK(order.customer_id() == request.customer_id());
    CHECK(order.state() != PENDING);
    CHECK(order.state() != REFUSED);
    REQUIRE(order.lines_size() == request.items_size());
    std::int64_t total = 0;
    for (int i = 0; i < order.lines_size(); ++i) {
      CHECK(order.lines(i).product_id() == request.items(i).product_id());
      CHECK(order.lines(i).quantity() == request.items(i).quantity());
      total += order.lines(i).unit_price().minor_units() * order.lines(i).quantity();
    }
    CHECK(order.total().minor_units() == total);
  }

  task<> get(const known_order& order) {
    GetOrderRequest request;
    request.set_order_id(order.request.order_id());
    auto call = [this, &request](troupe::call_options options) {
      return self_.client<Orders>(std::move(options)).get(request);
    };
    auto outcome = co_await timed<Order>(call, patience()).as_result();
    if (outcome) CHECK(outcome->order_id() == request.order_id());
  }

  task<> cancel(known_order& order) {
    CancelOrderRequest request;
    request.set_order_id(order.request.order_id());
    request.set_reason("changed my mind");
    order.cancelled = true;
    auto call = [this, &request](troupe::call_options options) {
      return self_.client<Orders>(std::move(options)).cancel(request);
    };
    auto outcome = co_await timed<Order>(call, patience()).as_result();
    if (outcome) CHECK(outcome->state() == CANCELLED);
  }

  // The events of an order have no gaps, and end with it.
  task<> watch(const known_order& order) {
    WatchOrderRequest request;
    request.set_order_id(order.request.order_id());
    const auto limit = patience();
    const auto began = self_.now();
    ++diary_.calls;
    auto outcome = co_await look(request, limit).as_result();
    CHECK(self_.now() - began <= limit + slack);
    if (outcome) ++diary_.answers;
  }

  task<> look(WatchOrderRequest request, troupe::duration limit) {
    auto events = self_.client<Orders>(troupe::call_options().timeout(limit)).watch(request);
    std::int64_t seen = 0;
    while (const auto* event = co_await events.next()) {
      CHECK(event->order_id() == request.order_id());
      CHECK(event->sequence() == seen + 1);
      seen = event->sequence();
    }
  }

  task<> buy(const std::string& id) {
    auto& order = diary_.orders[id];
    order.request = some_order(id);
    order.first = lives_now(sim_);
    for (int tries = 0; tries < most_tries && !order.placed && !order.refused; ++tries) {
      co_await place(order);
      co_await self_.sleep_for(some_time(0ms, 1s));
    }
    for (auto more = chance_.below(4); more > 0; --more) {
      switch (chance_.below(5)) {
      case 0:
        co_await place(order);
        break;
      case 1:
        co_await cancel(order);
        break;
      case 2:
        co_await watch(order);
        break;
      default:
        co_await get(order);
      }
    }
  }

  visitor& self_;
  simulation& sim_;
  shop_diary& diary_;
  const std::uint32_t number_;
  troupe::random_source chance_;
};

} // namespace

task<> shop_around(visitor& self, simulation& sim, shop_diary& diary, std::uint32_t number, int orders) {
  customer one{self, sim, diary, number};
  co_await one.live(orders);
}

task<> ask_until_verdict(visitor& self, simulation& sim, shop_diary& diary) {
  constexpr int most_rounds = 100;
  for (auto& [id, order] : diary.orders) {
    for (int round = 0;; ++round) {
      auto outcome = co_await self.client<Orders>().place(order.request).as_result();
      order.last = lives_now(sim);
      if (outcome || is_verdict(outcome.error())) {
        order.placed = outcome ? std::optional{*outcome} : std::nullopt;
        order.refused = outcome ? std::nullopt : std::optional{outcome.error()};
        break;
      }
      if (round == most_rounds)
        co_await troupe::internal("{} has no verdict in calm weather: {}", id, outcome.error().to_string());
      co_await self.sleep_for(1s);
    }
  }
}

} // namespace shop_simulation
