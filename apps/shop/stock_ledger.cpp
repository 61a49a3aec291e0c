#include "apps/shop/stock_ledger.hpp"

#include "apps/shop/values.hpp"

#include <google/protobuf/util/time_util.h>

namespace shop {

namespace {

using namespace std::chrono_literals;
using google::protobuf::util::TimeUtil;

constexpr int largest_stock = 1'000'000'000;
constexpr troupe::duration default_hold = 30s;
constexpr std::int64_t longest_hold_seconds = 600;
constexpr std::size_t longest_reservation_id = 128;

troupe::status no_place(const std::string& product_id) {
  return troupe::not_found("the warehouse has no place for {}", product_id);
}

troupe::status no_reservation(const std::string& reservation_id) {
  return troupe::not_found("there is no reservation {}", reservation_id);
}

troupe::status out_of_range(std::string_view field) {
  return bad_field(std::string{field}, fmt::format("must leave 0 to {} on the shelf", largest_stock));
}

bool same_items(const Reservation& there, const ReserveRequest& request) {
  if (there.items_size() != request.items_size()) return false;
  for (int i = 0; i < there.items_size(); ++i)
    if (there.items(i).product_id() != request.items(i).product_id()
        || there.items(i).quantity() != request.items(i).quantity())
      return false;
  return true;
}

bool ended(const Reservation& what) { return what.state() == RELEASED || what.state() == EXPIRED; }

} // namespace

void stock_ledger::touch(const std::string& product_id, entry& changed, troupe::wall_time wall) {
  by_revision_.erase(changed.revision);
  changed.revision = ++revision_;
  changed.changed = wall;
  by_revision_.emplace(changed.revision, product_id);
}

troupe::status stock_ledger::set(const std::string& product_id, int available, troupe::wall_time wall) {
  if (!is_id(product_id, 64)) return bad_field("product_id", "must be 1 to 64 letters, digits, '-' and '_'");
  if (available < 0 || available > largest_stock) return out_of_range("available");
  if (!entries_.contains(product_id) && entries_.size() >= limits_.products)
    return troupe::resource_exhausted("the warehouse has places for {} products, and all are taken",
                                      limits_.products);
  auto& there = entries_[product_id];
  there.available = available;
  touch(product_id, there, wall);
  return {};
}

troupe::status stock_ledger::adjust(const StockAdjustment& adjustment, troupe::wall_time wall) {
  auto found = entries_.find(adjustment.product_id());
  std::int64_t available = 0;
  switch (adjustment.change_case()) {
  case StockAdjustment::kCounted:
    available = adjustment.counted();
    break;
  case StockAdjustment::kDelta:
    if (found == entries_.end()) return no_place(adjustment.product_id());
    available = std::int64_t{found->second.available} + adjustment.delta();
    if (available < 0)
      return refusal(
        "NOT_ENOUGH", adjustment.product_id(),
        fmt::format("there are only {} of {}", found->second.available, adjustment.product_id()));
    break;
  case StockAdjustment::CHANGE_NOT_SET:
    return bad_field("change", "must be delta or counted");
  }
  if (available < 0 || available > largest_stock)
    return out_of_range(adjustment.has_delta() ? "delta" : "counted");
  return set(adjustment.product_id(), static_cast<int>(available), wall);
}

troupe::result<StockLevel> stock_ledger::level(const std::string& product_id) const {
  auto found = entries_.find(product_id);
  if (found == entries_.end()) return no_place(product_id);
  StockLevel out;
  out.set_product_id(product_id);
  out.set_available(found->second.available);
  out.set_reserved(found->second.reserved);
  *out.mutable_update_time() = timestamp_of(found->second.changed);
  return out;
}

troupe::result<ListStockResponse> stock_ledger::list(const ListStockRequest& request) const {
  auto size = page_size_of(request.page_size());
  if (!size) return size.error();
  if (!request.page_token().empty() && !is_id(request.page_token(), 64))
    return bad_field("page_token", "must be the next_page_token of the page before");
  ListStockResponse out;
  for (auto at = entries_.upper_bound(request.page_token()); at != entries_.end(); ++at) {
    if (request.has_max_available() && at->second.available > request.max_available()) continue;
    if (out.levels_size() == *size) {
      out.set_next_page_token(out.levels(*size - 1).product_id());
      break;
    }
    *out.add_levels() = *level(at->first);
  }
  return out;
}

std::optional<std::pair<std::uint64_t, std::string>>
stock_ledger::changed_after(std::uint64_t revision) const {
  auto found = by_revision_.upper_bound(revision);
  if (found == by_revision_.end()) return std::nullopt;
  return *found;
}

bool stock_ledger::make_room() {
  while (reservations_.size() >= limits_.reservations && !ended_.empty()) {
    reservations_.erase(ended_.front());
    ended_.pop_front();
  }
  return reservations_.size() < limits_.reservations;
}

troupe::result<Reservation> stock_ledger::reserve(const ReserveRequest& request, ledger_time time) {
  expire(time);
  const auto& id = request.reservation_id();
  if (!is_id(id, longest_reservation_id, "."))
    return bad_field("reservation_id", "must be 1 to 128 letters, digits, '-', '_' and '.'");
  if (auto outcome = check_items(request.items(), "items"); !outcome.ok()) return outcome;
  auto hold = default_hold;
  if (request.has_hold()) {
    if (request.hold().seconds() < 0 || request.hold().nanos() < 0
        || TimeUtil::DurationToMilliseconds(request.hold()) == 0
        || request.hold().seconds() >= longest_hold_seconds)
      return bad_field("hold", "must be more than nothing and less than 10 minutes");
    hold = std::chrono::nanoseconds{TimeUtil::DurationToNanoseconds(request.hold())};
  }
  if (auto there = reservations_.find(id); there != reservations_.end()) {
    if (!same_items(there->second.shown, request))
      return troupe::already_exists("the reservation {} is for other goods", id);
    if (ended(there->second.shown))
      return troupe::aborted("the reservation {} has ended; reserve under another id", id);
    return there->second.shown;
  }
  for (const auto& item : request.items()) {
    auto found = entries_.find(item.product_id());
    if (found == entries_.end()) return no_place(item.product_id());
    if (found->second.available < item.quantity())
      return refusal("OUT_OF_STOCK", item.product_id(),
                     fmt::format("{} of {} are asked for, and {} are left", item.quantity(),
                                 item.product_id(), found->second.available));
  }
  if (!make_room())
    return troupe::resource_exhausted("there are {} reservations already", reservations_.size());
  for (const auto& item : request.items()) {
    auto& there = entries_.at(item.product_id());
    there.available -= item.quantity();
    there.reserved += item.quantity();
    touch(item.product_id(), there, time.wall);
  }
  auto& made = reservations_[id];
  made.until = time.now + hold;
  made.shown.set_reservation_id(id);
  *made.shown.mutable_items() = request.items();
  made.shown.set_state(HELD);
  *made.shown.mutable_expire_time() =
    timestamp_of(time.wall + std::chrono::duration_cast<troupe::wall_time::duration>(hold));
  held_.emplace(made.until, id);
  return made.shown;
}

troupe::result<Reservation> stock_ledger::commit(const std::string& reservation_id, ledger_time time) {
  expire(time);
  auto found = reservations_.find(reservation_id);
  if (found == reservations_.end()) return no_reservation(reservation_id);
  auto& what = found->second;
  if (ended(what.shown))
    return refusal("RESERVATION_ENDED", reservation_id,
                   fmt::format("the reservation {} was released, or has expired", reservation_id));
  if (what.shown.state() == HELD) {
    held_.erase({what.until, reservation_id});
    what.shown.set_state(COMMITTED);
    what.shown.clear_expire_time();
    for (const auto& item : what.shown.items()) {
      auto& there = entries_.at(item.product_id());
      there.reserved -= item.quantity();
      touch(item.product_id(), there, time.wall);
    }
  }
  return what.shown;
}

void stock_ledger::put_back(reservation& what, ReservationState state, troupe::wall_time wall) {
  for (const auto& item : what.shown.items()) {
    auto& there = entries_.at(item.product_id());
    there.available += item.quantity();
    if (what.shown.state() == HELD) there.reserved -= item.quantity();
    touch(item.product_id(), there, wall);
  }
  what.shown.set_state(state);
  what.shown.clear_expire_time();
  ended_.push_back(what.shown.reservation_id());
}

troupe::result<Reservation> stock_ledger::release(const std::string& reservation_id, ledger_time time) {
  expire(time);
  auto found = reservations_.find(reservation_id);
  if (found == reservations_.end()) return no_reservation(reservation_id);
  auto& what = found->second;
  if (!ended(what.shown)) {
    held_.erase({what.until, reservation_id});
    put_back(what, RELEASED, time.wall);
  }
  return what.shown;
}

void stock_ledger::expire(ledger_time time) {
  while (!held_.empty() && held_.begin()->first <= time.now) {
    auto& what = reservations_.at(held_.begin()->second);
    held_.erase(held_.begin());
    put_back(what, EXPIRED, time.wall);
  }
}

std::optional<troupe::monotonic_time> stock_ledger::next_expiry() const {
  if (held_.empty()) return std::nullopt;
  return held_.begin()->first;
}

} // namespace shop
