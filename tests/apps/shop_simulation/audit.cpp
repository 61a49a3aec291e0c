// The books of the shop after a storm. What a service forgot in a crash, nobody can ask it for: each check
// says which lives it needs.
#include "apps/shop/assortment.hpp"
#include "runtime/probe/probe.hpp"
#include "tests/apps/shop_simulation/shop_cluster.hpp"

#include <set>

namespace shop_simulation {

namespace {

using namespace shop;

// An order that was given up is settled anew under another name: id, id.2, id.3, ...
// (order_record::settlement_id).
constexpr int most_settlements = 12;

struct settlement_book {
  int charged = 0;
  std::int64_t charged_cents = 0;
  int committed = 0;
};

struct shop_books {
  std::map<std::string, StockLevel> stock;
  std::map<std::string, Order> orders;
  std::map<std::string, settlement_book> settlements; // by order
};

task<> read_settlement(visitor& self, std::string id, settlement_book& into) {
  GetPaymentRequest get;
  get.set_payment_id(id);
  auto payment = co_await self.client<Payments>().get(get).as_result();
  if (payment && payment->state() == CHARGED) {
    ++into.charged;
    into.charged_cents += payment->amount().minor_units();
  }
  if (!payment && payment.error().code() != status_code::not_found) co_await payment.error();
  // Nothing is held any more, so this changes nothing: it tells whether the goods were sold.
  CommitRequest commit;
  commit.set_reservation_id(id);
  auto reservation = co_await self.client<Inventory>().commit(commit).as_result();
  if (reservation) ++into.committed;
  if (!reservation && reservation.error().code() != status_code::not_found
      && reservation.error().code() != status_code::failed_precondition)
    co_await reservation.error();
}

task<shop_books> read_books(visitor& self, const shop_diary& diary) {
  shop_books out;
  ListStockRequest all;
  all.set_page_size(100);
  auto levels = co_await self.client<Inventory>().list(all);
  for (const auto& level : levels.levels())
    out.stock[level.product_id()] = level;
  for (const auto& [id, known] : diary.orders) {
    GetOrderRequest get;
    get.set_order_id(id);
    out.orders[id] = co_await self.client<Orders>().get(get);
    auto& book = out.settlements[id];
    for (int attempt = 1; attempt <= most_settlements; ++attempt) {
      auto settlement = attempt == 1 ? id : fmt::format("{}.{}", id, attempt);
      co_await read_settlement(self, std::move(settlement), book);
    }
  }
  co_return out;
}

// No goods are held for ever, none are sold twice, none are lost.
void audit_stock(const shop_books& books, const shop_diary& diary) {
  std::map<std::string, int> sold;
  for (const auto& [id, known] : diary.orders)
    for (const auto& item : known.request.items())
      sold[item.product_id()] += item.quantity() * books.settlements.at(id).committed;
  for (const auto& each : built_in_assortment()) {
    const auto& id = each.product.product_id();
    INFO("product " << id);
    const auto& level = books.stock.at(id);
    CHECK(level.reserved() == 0);
    CHECK(level.available() + sold[id] == each.available);
  }
}

void audit_order(const known_order& known, const Order& order, const settlement_book& book,
                 const lives& now) {
  INFO("order " << order.ShortDebugString());
  INFO("charged " << book.charged << ", " << book.charged_cents << " cents; committed " << book.committed);
  CHECK(order.state() != PENDING);
  const bool sold = order.state() == CONFIRMED || order.state() == SHIPPED;
  const bool since_placed = known.last == now;
  const bool always = since_placed && known.first == now;
  const bool orders_know = known.first.orders == now.orders;
  const bool others_know = known.first.inventory == now.inventory && known.first.payments == now.payments;
  TROUPE_SOMETIMES(sold && always, "an order is sold that nobody forgot anything of");
  TROUPE_SOMETIMES(sold && !orders_know, "an order is sold again by Orders that had forgotten it");
  TROUPE_SOMETIMES(!sold && orders_know && known.cancelled, "an order is cancelled");
  TROUPE_SOMETIMES(known.refused.has_value(), "an order is refused");
  TROUPE_SOMETIMES(since_placed && !always, "a service crashed before the verdict");
  // Never twice, unless Orders and another one forgot what they had agreed upon.
  if (orders_know || others_know) {
    CHECK(book.charged <= 1);
    CHECK(book.committed <= 1);
  }
  // Confirmed is settled, as long as the books are those in which it was.
  if (sold && always) {
    CHECK(book.charged == 1);
    CHECK(book.charged_cents == order.total().minor_units());
    CHECK(book.committed == 1);
  }
  // Not confirmed is given back, by the Orders that took it.
  if (!sold && orders_know) {
    CHECK(book.charged == 0);
    CHECK(book.committed == 0);
  }
  // What was answered stays true.
  if (since_placed && known.placed && !known.cancelled) CHECK(sold);
  if (since_placed && known.refused) CHECK_FALSE(sold);
}

} // namespace

void audit(simulation& sim, const shop_diary& diary) {
  auto books = sim.run([&](visitor& self) { return read_books(self, diary); }, 5min);
  REQUIRE(books);
  audit_stock(*books, diary);
  const auto now = lives_now(sim);
  for (const auto& [id, known] : diary.orders)
    audit_order(known, books->orders.at(id), books->settlements.at(id), now);
}

} // namespace shop_simulation
