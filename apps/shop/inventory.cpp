#include "apps/shop/inventory.hpp"

#include "apps/shop/assortment.hpp"
#include "apps/shop/values.hpp"

#include <algorithm>

namespace shop {

namespace {

using namespace std::chrono_literals;

constexpr int most_watched = 100;
// A reservation that is made while another one is waited for may expire before it.
constexpr troupe::duration longest_wait = 1s;

} // namespace

troupe::task<> inventory::on_start() {
  for (const auto& each : built_in_assortment())
    co_await ledger_.set(each.product.product_id(), each.available, wall_now());
  log().info("the stock is counted");
}

troupe::task<StockLevel> inventory::get(const GetStockRequest& request) {
  co_return ledger_.level(request.product_id());
}

troupe::task<ListStockResponse> inventory::list(const ListStockRequest& request) {
  co_return ledger_.list(request);
}

troupe::task<Reservation> inventory::reserve(const ReserveRequest& request) {
  auto made = ledger_.reserve(request, time());
  changed_.notify_all();
  if (made && !expiring_) {
    expiring_ = true;
    run_in_background(expire_reservations());
  }
  co_return made;
}

troupe::task<Reservation> inventory::commit(const CommitRequest& request) {
  auto outcome = ledger_.commit(request.reservation_id(), time());
  changed_.notify_all();
  co_return outcome;
}

troupe::task<Reservation> inventory::release(const ReleaseRequest& request) {
  auto outcome = ledger_.release(request.reservation_id(), time());
  changed_.notify_all();
  co_return outcome;
}

troupe::task<> inventory::expire_reservations() {
  while (auto next = ledger_.next_expiry()) {
    co_await sleep_for(std::min(longest_wait, troupe::duration{*next - now()}));
    ledger_.expire(time());
    changed_.notify_all();
  }
  expiring_ = false;
}

troupe::task<> inventory::adjust(troupe::stream_reader<StockAdjustment>& requests,
                                 troupe::stream_writer<StockAdjustmentResult>& replies) {
  while (const StockAdjustment* adjustment = co_await requests.next()) {
    StockAdjustmentResult result;
    auto outcome = ledger_.adjust(*adjustment, wall_now());
    if (!outcome.ok()) result.set_refusal(outcome.message());
    if (auto level = ledger_.level(adjustment->product_id())) *result.mutable_level() = std::move(*level);
    changed_.notify_all();
    co_await replies.write(std::move(result));
  }
}

troupe::task<> inventory::watch_stock(const WatchStockRequest& request,
                                      troupe::stream_writer<StockLevel>& replies) {
  const auto& watched = request.product_ids();
  if (watched.size() > most_watched)
    co_await bad_field("product_ids", fmt::format("must be at most {}", most_watched));
  for (const auto& id : watched) {
    auto known = ledger_.level(id);
    co_await troupe::status_of(known);
  }
  std::uint64_t seen = 0;
  while (true) {
    while (auto next = ledger_.changed_after(seen)) {
      seen = next->first;
      if (!watched.empty() && std::find(watched.begin(), watched.end(), next->second) == watched.end())
        continue;
      auto level = co_await ledger_.level(next->second);
      co_await replies.write(std::move(level));
    }
    co_await changed_.wait();
  }
}

} // namespace shop
