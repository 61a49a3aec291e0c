#include "apps/shop/order_book.hpp"

#include "apps/shop/values.hpp"

#include <algorithm>
#include <charconv>
#include <functional>

namespace shop {

namespace {

constexpr std::size_t longest_customer_id = 64;
constexpr int most_attempts = 10;
constexpr std::size_t most_looked_at = 10'000;

// A place in by_age_, from 1.
std::optional<std::size_t> place_of(const std::string& page_token) {
  std::size_t place = 0;
  const auto* end = page_token.data() + page_token.size();
  auto [at, error] = std::from_chars(page_token.data(), end, place);
  if (error != std::errc{} || at != end) return std::nullopt;
  return place;
}

bool wanted(const ListOrdersRequest& request, const Order& order) {
  if (!request.customer_id().empty() && request.customer_id() != order.customer_id()) return false;
  return request.states().empty()
         || std::find(request.states().begin(), request.states().end(), order.state())
              != request.states().end();
}

} // namespace

std::string order_record::settlement_id() const {
  return attempt == 1 ? order.order_id() : fmt::format("{}.{}", order.order_id(), attempt);
}

bool order_record::final() const noexcept {
  return order.state() != PENDING && order.state() != CONFIRMED && !abandoned;
}

troupe::status check_order(const PlaceOrderRequest& request) {
  if (!is_id(request.order_id(), 64))
    return bad_field("order_id",
                     "must be 1 to 64 letters, digits, '-' and '_', or an Idempotency-Key of this form "
                     "must be sent");
  if (request.customer_id().empty() || request.customer_id().size() > longest_customer_id)
    return bad_field("customer_id", fmt::format("must be 1 to {} bytes", longest_customer_id));
  if (!Delivery_IsValid(request.delivery())) return bad_field("delivery", "must be STANDARD or EXPRESS");
  if (request.payment().method_case() == PaymentMethod::METHOD_NOT_SET)
    return bad_field("payment", "must be card, wallet or invoice");
  return check_items(request.items(), "items");
}

std::size_t fingerprint_of(const PlaceOrderRequest& request) {
  return std::hash<std::string>{}(request.SerializeAsString());
}

order_record_ptr order_book::find(const std::string& order_id) const {
  auto found = orders_.find(order_id);
  return found == orders_.end() ? nullptr : found->second;
}

troupe::result<order_record_ptr> order_book::open(const PlaceOrderRequest& request, troupe::wall_time now) {
  if (orders_.size() >= limits_.orders)
    return troupe::resource_exhausted("the shop has its {} orders and takes no more", limits_.orders);
  auto made = std::make_shared<order_record>();
  made->fingerprint = fingerprint_of(request);
  auto& order = made->order;
  order.set_order_id(request.order_id());
  order.set_customer_id(request.customer_id());
  order.set_delivery(request.delivery());
  *order.mutable_create_time() = timestamp_of(now);
  orders_.emplace(request.order_id(), made);
  by_age_.push_back(made);
  enter(*made, PENDING, ORDER_RECEIVED, "", now);
  return made;
}

troupe::status order_book::reopen(order_record& record, troupe::wall_time now) {
  if (record.attempt >= most_attempts)
    return troupe::failed_precondition("the order {} was given up {} times; place it under another id",
                                       record.order.order_id(), record.attempt);
  record.abandoned = false;
  record.order.clear_reason();
  ++record.attempt;
  enter(record, PENDING, ORDER_RECEIVED, fmt::format("attempt {}", record.attempt), now);
  return {};
}

void order_book::note(order_record& record, OrderEventKind kind, std::string note, troupe::wall_time now) {
  auto& order = record.order;
  OrderEvent event;
  event.set_order_id(order.order_id());
  event.set_sequence(static_cast<std::int64_t>(record.events.size()) + 1);
  event.set_kind(kind);
  *event.mutable_time() = timestamp_of(now);
  event.set_note(std::move(note));
  *order.mutable_update_time() = event.time();
  order.set_etag(std::to_string(event.sequence()));
  record.events.push_back(std::move(event));
  record.changed.notify_all();
}

void order_book::enter(order_record& record, OrderState state, OrderEventKind kind, std::string text,
                       troupe::wall_time now) {
  record.order.set_state(state);
  note(record, kind, std::move(text), now);
}

void order_book::confirm(order_record& record, troupe::wall_time now) {
  enter(record, CONFIRMED, ORDER_CONFIRMED, to_text(record.order.total()), now);
}

void order_book::ship(order_record& record, troupe::wall_time now) {
  enter(record, SHIPPED, ORDER_SHIPPED, "", now);
}

void order_book::cancel(order_record& record, const std::string& reason, troupe::wall_time now) {
  record.order.set_reason(reason);
  enter(record, CANCELLED, ORDER_CANCELLED, reason, now);
}

void order_book::refuse(order_record& record, troupe::status why, troupe::wall_time now) {
  record.order.set_reason(why.message());
  record.refused = why;
  enter(record, REFUSED, ORDER_REFUSED, why.message(), now);
}

void order_book::abandon(order_record& record, const std::string& reason, troupe::wall_time now) {
  record.abandoned = true;
  cancel(record, reason, now);
}

troupe::result<ListOrdersResponse> order_book::list(const ListOrdersRequest& request) const {
  auto size = page_size_of(request.page_size());
  if (!size) return size.error();
  auto place = by_age_.size();
  if (!request.page_token().empty()) {
    auto given = place_of(request.page_token());
    if (!given) return bad_field("page_token", "must be the next_page_token of the page before");
    place = std::min(place, *given);
  }
  ListOrdersResponse out;
  std::size_t looked_at = 0;
  for (; place > 0 && out.orders_size() < *size && looked_at < most_looked_at; --place, ++looked_at)
    if (wanted(request, by_age_[place - 1]->order)) *out.add_orders() = by_age_[place - 1]->order;
  if (place > 0) out.set_next_page_token(std::to_string(place));
  return out;
}

} // namespace shop
