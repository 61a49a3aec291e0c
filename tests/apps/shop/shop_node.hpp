// The shop on a node without doors, and what its tests do with it.
#pragma once

#include "actors/host/node.hpp"
#include "actors/service/all.hpp"
#include "actors/testing/catch_result.hpp"
#include "apps/shop/catalog.hpp"
#include "apps/shop/inventory.hpp"
#include "apps/shop/orders.hpp"
#include "apps/shop/payments.hpp"
#include "runtime/environment/real_environment.hpp"

#include <catch2/catch.hpp>

#include <functional>
#include <future>
#include <numeric>
#include <set>

namespace shop_test {

using namespace shop;
using namespace std::chrono_literals;
using troupe::result;
using troupe::status_code;
using troupe::task;
using troupe::visitor;

struct shop_options {
  payment_options payments;
  order_options orders;
};

class shop_node {
public:
  explicit shop_node(shop_options options = {}) {
    std::vector<troupe::service_module> modules;
    modules.push_back(troupe::module<catalog>());
    modules.push_back(troupe::module<inventory>());
    modules.push_back(troupe::module<payments>(options.payments));
    modules.push_back(troupe::module<orders>(options.orders));
    auto started = troupe::node::start({}, world_.get(), nullptr, nullptr, std::move(modules));
    REQUIRE(started);
    node_ = std::move(*started);
  }

  troupe::node& node() noexcept { return *node_; }

  // Runs `work`, a callable task<T>(visitor&), and yields its outcome.
  template <class F>
  auto run(F work) {
    auto future = node_->run(std::move(work));
    if (future.wait_for(60s) != std::future_status::ready) throw std::runtime_error{"the visit hangs"};
    return future.get();
  }

  // Calls one unary method: call<Orders>(&OrdersClient::get, request).
  template <class S, class Call, class Request>
  auto call(Call method, Request request) {
    using awaited = std::invoke_result_t<Call, typename S::client&, Request>;
    using reply = decltype(std::declval<awaited&>().await_resume());
    return run([=](visitor& self) -> task<reply> {
      auto client = self.client<S>();
      auto answered = co_await (client.*method)(request);
      co_return answered;
    });
  }

  result<Order> place(const PlaceOrderRequest& request) {
    return call<Orders>(&OrdersClient::place, request);
  }
  result<Order> get(const std::string& order_id) {
    GetOrderRequest request;
    request.set_order_id(order_id);
    return call<Orders>(&OrdersClient::get, request);
  }
  result<Order> cancel(const std::string& order_id) {
    CancelOrderRequest request;
    request.set_order_id(order_id);
    request.set_reason("bought twice");
    return call<Orders>(&OrdersClient::cancel, request);
  }
  result<Payment> payment(const std::string& payment_id) {
    GetPaymentRequest request;
    request.set_payment_id(payment_id);
    return call<Payments>(&PaymentsClient::get, request);
  }
  std::pair<int, int> stock(const std::string& product_id) {
    GetStockRequest request;
    request.set_product_id(product_id);
    auto level = call<Inventory>(&InventoryClient::get, request);
    REQUIRE(level);
    return {level->available(), level->reserved()};
  }
  void set_stock(const std::string& product_id, int counted);

  // The events of an order up to the first of that kind, or to the end of the stream.
  std::vector<OrderEventKind> events_until(const std::string& order_id, OrderEventKind last);

  // Ends the actor of a service as a crash would.
  void kill(const std::string& service);

private:
  troupe::real_environment world_{{.seed = 7}};
  std::unique_ptr<troupe::node> node_;
};

PlaceOrderRequest order(std::string id, std::vector<std::pair<std::string, int>> items,
                        std::string card = "4242424242424242");

// Waits, as a visitor, until an order has had an event of that kind.
task<> wait_for_event(visitor& self, std::string order_id, OrderEventKind kind);

std::string reason_of(const troupe::status& outcome);

} // namespace shop_test
