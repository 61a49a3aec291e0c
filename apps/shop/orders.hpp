// The service shop.Orders: places orders with the help of the other three, in memory.
#pragma once

#include "actors/service/notification.hpp"
#include "apps/shop/order_book.hpp"
#include "shop/orders.troupe.hpp"

namespace shop {

struct order_options {
  order_limits limits;
  // From the confirmation until the parcel leaves the house.
  troupe::duration standard_delivery = std::chrono::seconds{30};
  troupe::duration express_delivery = std::chrono::seconds{1};
};

// Starts without orders, also after a crash. Placing an order is a saga: see place().
class orders final : public OrdersHandler {
public:
  explicit orders(order_options options = {}) : options_(options), book_(options.limits) {}

  troupe::task<> on_stop() override;
  troupe::task<Order> place(const PlaceOrderRequest& request) override;
  troupe::task<Order> get(const GetOrderRequest& request) override;
  troupe::task<ListOrdersResponse> list(const ListOrdersRequest& request) override;
  troupe::task<Order> cancel(const CancelOrderRequest& request) override;
  troupe::task<> watch(const WatchOrderRequest& request, troupe::stream_writer<OrderEvent>& replies) override;

private:
  class unfinished_order;

  troupe::task<order_record_ptr> take_up(const PlaceOrderRequest& request);
  troupe::task<> settle(order_record& record, const PlaceOrderRequest& request);
  troupe::task<> take_prices(order_record& record, const PlaceOrderRequest& request);
  troupe::task<> commit_goods(std::string reservation_id, const PlaceOrderRequest& request);
  troupe::task<> take_back(std::string settlement_id, std::string reason);
  troupe::task<> give_up(order_record_ptr record);
  troupe::task<> finish_cancel(order_record_ptr record, std::string reason);
  troupe::task<> ship_later(order_record_ptr record);

  order_options options_;
  order_book book_;
  int taking_back_ = 0; // in the background
  troupe::notification taken_back_;
};

} // namespace shop
