// The orders and what has happened to them: the states of an order, without the work that leads from one to
// the next. No clock, no calls.
//
//   open --> PENDING --confirm--> CONFIRMED --ship--> SHIPPED
//               |                     |
//               |                     +----cancel---> CANCELLED
//               +--refuse--> REFUSED
//               +--abandon-> CANCELLED, and may be opened again
#pragma once

#include "actors/service/notification.hpp"
#include "runtime/core/result.hpp"
#include "runtime/environment/clock.hpp"
#include "shop/orders.pb.h"

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

namespace shop {

struct order_limits {
  std::size_t orders = 50'000;
};

struct order_record {
  Order order;
  std::vector<OrderEvent> events;
  // Of the request that placed it: a request with another one is not a repetition.
  std::size_t fingerprint = 0;
  // Why it was refused.
  troupe::status refused;
  // How often it was opened; each time has reservation and payment of its own.
  int attempt = 1;
  // The order was given up without a verdict: the same request may place it.
  bool abandoned = false;
  // It is being cancelled, and must not be shipped.
  bool cancelling = false;
  // Whenever the order or its events change.
  troupe::notification changed;

  // What its reservation and its payment are called.
  std::string settlement_id() const;
  // Whether nothing more can happen.
  bool final() const noexcept;
};
// A record outlives its place in the book while a handler looks at it.
using order_record_ptr = std::shared_ptr<order_record>;

// INVALID_ARGUMENT, naming the field, unless the order is complete.
troupe::status check_order(const PlaceOrderRequest& request);

// Equal for equal requests.
std::size_t fingerprint_of(const PlaceOrderRequest& request);

class order_book {
public:
  explicit order_book(order_limits limits = {}) : limits_(limits) {}

  // Null when there is no such order.
  order_record_ptr find(const std::string& order_id) const;

  // A new PENDING order. RESOURCE_EXHAUSTED at the limit.
  troupe::result<order_record_ptr> open(const PlaceOrderRequest& request, troupe::wall_time now);

  // An abandoned order is PENDING again. FAILED_PRECONDITION when it was abandoned too often.
  troupe::status reopen(order_record& record, troupe::wall_time now);

  void note(order_record& record, OrderEventKind kind, std::string note, troupe::wall_time now);
  void confirm(order_record& record, troupe::wall_time now);
  void ship(order_record& record, troupe::wall_time now);
  void cancel(order_record& record, const std::string& reason, troupe::wall_time now);
  void refuse(order_record& record, troupe::status why, troupe::wall_time now);
  void abandon(order_record& record, const std::string& reason, troupe::wall_time now);

  // A page, the newest first; shorter than asked for when many orders had to be looked at. INVALID_ARGUMENT.
  troupe::result<ListOrdersResponse> list(const ListOrdersRequest& request) const;

  std::size_t size() const noexcept { return orders_.size(); }

private:
  void enter(order_record& record, OrderState state, OrderEventKind kind, std::string note,
             troupe::wall_time now);

  order_limits limits_;
  std::unordered_map<std::string, order_record_ptr> orders_;
  std::vector<order_record_ptr> by_age_; // nothing is ever taken out
};

} // namespace shop
