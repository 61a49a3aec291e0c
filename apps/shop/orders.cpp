#include "apps/shop/orders.hpp"

#include "apps/shop/values.hpp"
#include "shop/catalog.troupe.hpp"
#include "shop/inventory.troupe.hpp"
#include "shop/payments.troupe.hpp"

#include <utility>

namespace shop {

namespace {

using namespace std::chrono_literals;

constexpr int most_settlements = 3;
constexpr int most_commits = 10;
constexpr troupe::duration take_back_pause = 500ms;

// Whether an error is a verdict on the order. Others, such as UNAVAILABLE and DEADLINE_EXCEEDED, say nothing
// about it: the same request may be made again.
bool is_verdict(const troupe::status& why) {
  return why.code() == troupe::status_code::failed_precondition
         || why.code() == troupe::status_code::not_found
         || why.code() == troupe::status_code::invalid_argument;
}

ReserveRequest reservation_of(const std::string& reservation_id, const PlaceOrderRequest& request) {
  ReserveRequest out;
  out.set_reservation_id(reservation_id);
  *out.mutable_items() = request.items();
  return out;
}

} // namespace

// Stands for an order that is neither confirmed nor refused. A handler may be ended wherever it waits: its
// client went away, its deadline passed. Then this destructor sees to it that what was done for the order is
// taken back, in the background, where no deadline counts.
class orders::unfinished_order {
public:
  unfinished_order(orders& of, order_record_ptr record) : of_(of), record_(std::move(record)) {}
  unfinished_order(const unfinished_order&) = delete;
  unfinished_order& operator=(const unfinished_order&) = delete;
  ~unfinished_order() {
    if (record_) of_.run_in_background(of_.give_up(std::move(record_)));
  }
  void finished() noexcept { record_ = nullptr; }

private:
  orders& of_;
  order_record_ptr record_;
};

troupe::task<> orders::on_stop() {
  while (taking_back_ > 0)
    co_await taken_back_.wait();
}

// Each step can be repeated without harm, because it has the order's own id; so a client that did not get an
// answer simply places the order again. Steps that were done are taken back, the last one first, before a
// refusal is answered.
troupe::task<Order> orders::place(const PlaceOrderRequest& request) {
  PlaceOrderRequest command = request;
  if (command.order_id().empty()) command.set_order_id(current_call()->metadata()->idempotency_key);
  co_await check_order(command);
  auto record = co_await take_up(command);
  if (record->order.state() != PENDING) {
    co_await record->refused;
    co_return record->order;
  }
  log().debug("placing", {{"order", command.order_id()}});
  unfinished_order unfinished{*this, record};
  for (int settlements = 1;; ++settlements) {
    auto settled = co_await settle(*record, command).as_result();
    if (settled) break;
    co_await take_back(record->settlement_id(), settled.error().message());
    // A payment or reservation of this name was taken back by an actor that has crashed since.
    if (settled.error().code() == troupe::status_code::aborted && settlements < most_settlements) {
      ++record->attempt;
      continue;
    }
    unfinished.finished();
    if (is_verdict(settled.error()))
      book_.refuse(*record, settled.error(), wall_now());
    else
      book_.abandon(*record, settled.error().message(), wall_now());
    co_await settled.error();
  }
  unfinished.finished();
  book_.confirm(*record, wall_now());
  run_in_background(ship_later(record));
  co_return record->order;
}

// The record of the order: a new one or one to be tried again, which is PENDING, or one that was decided
// before.
troupe::task<order_record_ptr> orders::take_up(const PlaceOrderRequest& request) {
  auto record = book_.find(request.order_id());
  if (!record) co_return book_.open(request, wall_now());
  if (record->fingerprint != fingerprint_of(request))
    co_return troupe::already_exists("the order {} was placed with other contents; use another id",
                                     request.order_id());
  while (record->order.state() == PENDING)
    co_await record->changed.wait();
  if (record->abandoned) co_await book_.reopen(*record, wall_now());
  co_return record;
}

troupe::task<> orders::settle(order_record& record, const PlaceOrderRequest& request) {
  const auto id = record.settlement_id();
  co_await take_prices(record, request);

  auto reservation = reservation_of(id, request);
  co_await client<Inventory>().reserve(std::move(reservation));
  book_.note(record, GOODS_RESERVED, "", wall_now());

  ChargeRequest charge;
  charge.set_payment_id(id);
  *charge.mutable_amount() = record.order.total();
  *charge.mutable_method() = request.payment();
  auto payment = co_await client<Payments>().charge(std::move(charge));
  record.order.set_payment_summary(payment.method_summary());
  book_.note(record, PAYMENT_TAKEN, payment.method_summary(), wall_now());

  co_await commit_goods(id, request);
}

troupe::task<> orders::take_prices(order_record& record, const PlaceOrderRequest& request) {
  BatchGetProductsRequest wanted;
  for (const auto& item : request.items())
    wanted.add_product_ids(item.product_id());
  auto found = co_await client<Catalog>().batch_get(std::move(wanted));
  record.order.clear_lines();
  std::int64_t total = 0;
  for (int i = 0; i < request.items_size(); ++i) {
    const auto& product = found.products(i);
    auto& line = *record.order.add_lines();
    line.set_product_id(product.product_id());
    line.set_name(product.name());
    line.set_quantity(request.items(i).quantity());
    *line.mutable_unit_price() = product.price();
    total += product.price().minor_units() * line.quantity();
  }
  *record.order.mutable_total() = euros(total);
}

// An Inventory that has crashed has forgotten its reservations. It may crash again between a reservation made
// anew and its commit, so both are repeated; what never settles is no verdict on the order.
troupe::task<> orders::commit_goods(std::string reservation_id, const PlaceOrderRequest& request) {
  CommitRequest commit;
  commit.set_reservation_id(reservation_id);
  for (int attempt = 1; attempt <= most_commits; ++attempt) {
    auto outcome = co_await client<Inventory>().commit(commit).as_result();
    if (outcome) co_return;
    if (outcome.error().code() != troupe::status_code::not_found) co_await outcome.error();
    auto reservation = reservation_of(reservation_id, request);
    co_await client<Inventory>().reserve(std::move(reservation));
  }
  co_await troupe::unavailable("Inventory forgot the reservation {} {} times", reservation_id, most_commits);
}

// Gives back money and goods, whichever were taken. Tries for as long as it needs: to stop trying would be to
// keep the money.
troupe::task<> orders::take_back(std::string settlement_id, std::string reason) {
  RefundRequest refund;
  refund.set_payment_id(settlement_id);
  refund.set_reason(std::move(reason));
  ReleaseRequest release;
  release.set_reservation_id(settlement_id);
  for (;;) {
    auto refunded = co_await client<Payments>().refund(refund).as_result();
    auto released = co_await client<Inventory>().release(release).as_result();
    // What nobody knows was not taken.
    auto done = [](const troupe::status& outcome) {
      return outcome.ok() || outcome.code() == troupe::status_code::not_found;
    };
    if (done(troupe::status_of(refunded)) && done(troupe::status_of(released))) co_return;
    log().warning("could not take back all of an order yet",
                  {{"settlement", settlement_id},
                   {"refund", troupe::status_of(refunded).to_string()},
                   {"release", troupe::status_of(released).to_string()}});
    co_await sleep_for(take_back_pause);
  }
}

troupe::task<> orders::give_up(order_record_ptr record) {
  ++taking_back_;
  co_await take_back(record->settlement_id(), "the client went away");
  book_.abandon(*record, "the client went away before the order was placed", wall_now());
  --taking_back_;
  taken_back_.notify_all();
}

troupe::task<Order> orders::get(const GetOrderRequest& request) {
  auto record = book_.find(request.order_id());
  if (!record) co_return troupe::not_found("there is no order {}", request.order_id());
  co_return record->order;
}

troupe::task<ListOrdersResponse> orders::list(const ListOrdersRequest& request) {
  co_return book_.list(request);
}

// Once begun, a cancellation is finished whether its client waits for it or not.
troupe::task<Order> orders::cancel(const CancelOrderRequest& request) {
  if (request.reason().size() > 200) co_return bad_field("reason", "must be at most 200 bytes");
  auto record = book_.find(request.order_id());
  if (!record) co_return troupe::not_found("there is no order {}", request.order_id());
  if (record->order.state() == CONFIRMED && !record->cancelling) {
    record->cancelling = true;
    run_in_background(finish_cancel(record, request.reason()));
  }
  while (record->cancelling)
    co_await record->changed.wait();
  switch (record->order.state()) {
  case CANCELLED:
    co_return record->order;
  case PENDING:
    co_return refusal("ORDER_PENDING", request.order_id(), "the order is still being placed; try again");
  case SHIPPED:
    co_return refusal("ORDER_SHIPPED", request.order_id(), "the order has left the house");
  default:
    co_return refusal("ORDER_REFUSED", request.order_id(), "the order was never placed");
  }
}

troupe::task<> orders::finish_cancel(order_record_ptr record, std::string reason) {
  ++taking_back_;
  co_await take_back(record->settlement_id(), reason);
  record->cancelling = false;
  book_.cancel(*record, reason, wall_now());
  --taking_back_;
  taken_back_.notify_all();
}

troupe::task<> orders::ship_later(order_record_ptr record) {
  co_await sleep_for(record->order.delivery() == EXPRESS ? options_.express_delivery
                                                         : options_.standard_delivery);
  while (record->cancelling)
    co_await record->changed.wait();
  if (record->order.state() == CONFIRMED) book_.ship(*record, wall_now());
}

troupe::task<> orders::watch(const WatchOrderRequest& request, troupe::stream_writer<OrderEvent>& replies) {
  auto record = book_.find(request.order_id());
  if (!record) co_await troupe::not_found("there is no order {}", request.order_id());
  for (std::size_t next = 0;;) {
    while (next < record->events.size())
      co_await replies.write(record->events[next++]);
    if (record->final()) co_return;
    co_await record->changed.wait();
  }
}

} // namespace shop
