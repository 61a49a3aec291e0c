// The generated code compiles against actors/service, and its tables say what the contract says.
#include "no_package.troupe.hpp"
#include "runtime/contract/service_info.hpp"
#include "sample/orders.troupe.hpp"
#include "sample/services_only.troupe.hpp"

#include <catch2/catch.hpp>
#include <google/protobuf/descriptor.h>

#include <map>
#include <type_traits>

using namespace sample::v1;

namespace {

// What a service's author writes.
class orders final : public OrdersHandler {
public:
  troupe::task<Order> place_order(const PlaceOrderRequest& request) override { co_return request.order(); }
  troupe::task<Order> get(const GetOrder&) override { co_return troupe::not_found("no such order"); }
  troupe::task<> watch(const GetOrder&, troupe::stream_writer<Order_Event>& replies) override {
    co_await replies.write(Order_Event{});
  }
  troupe::task<google::protobuf::Empty> import(troupe::stream_reader<PlaceOrderRequest>& requests) override {
    while (co_await requests.next()) {
    }
    co_return google::protobuf::Empty{};
  }
  troupe::task<> chat(troupe::stream_reader<PlaceOrderRequest>& requests,
                      troupe::stream_writer<Order_Event>& replies) override {
    while (co_await requests.next())
      co_await replies.write(Order_Event{});
  }
  troupe::task<google::protobuf::Empty> delete_(const GetOrder&) override {
    co_return google::protobuf::Empty{};
  }
  troupe::task<google::protobuf::Empty> start_(const GetOrder&) override {
    co_return google::protobuf::Empty{};
  }
  troupe::task<> reconcile_http_orders_of_a_customer(troupe::stream_reader<PlaceOrderRequest>&,
                                                     troupe::stream_writer<sample::common::Money>&) override {
    co_return;
  }
  troupe::task<sample::common::Money>
  explain_why_the_order_of_that_customer_was_refused(const GetOrder& request) override {
    // A service calls another one, in whatever shape the method has.
    Order found = co_await client<Orders>().get(request);
    co_return found.price();
  }
};

std::map<std::string_view, std::string_view> comments_of(const troupe::service_info& info) {
  std::map<std::string_view, std::string_view> out;
  for (const auto& each : info.comments)
    out.emplace(each.full_name, each.text);
  return out;
}

} // namespace

static_assert(std::is_base_of_v<troupe::service_handler, orders>);
static_assert(std::is_same_v<Orders::handler, OrdersHandler>);
static_assert(std::is_same_v<Orders::client, OrdersClient>);
static_assert(
  std::is_same_v<decltype(std::declval<const OrdersClient&>().place_order({})), troupe::unary_call<Order>>);
static_assert(
  std::is_same_v<decltype(std::declval<const OrdersClient&>().watch({})), troupe::reply_stream<Order_Event>>);
static_assert(std::is_same_v<decltype(std::declval<const OrdersClient&>().import()),
                             troupe::request_stream<PlaceOrderRequest, google::protobuf::Empty>>);
static_assert(std::is_same_v<decltype(std::declval<const OrdersClient&>().chat()),
                             troupe::duplex_stream<PlaceOrderRequest, Order_Event>>);

TEST_CASE("a service's table names its methods as gRPC does") {
  const auto& info = Orders::info();
  CHECK(info.name == "sample.v1.Orders");
  REQUIRE(info.methods.size() == 9);
  const auto& place = info.methods[0];
  CHECK(place.service == &info);
  CHECK(place.index == 0);
  CHECK(place.name == "PlaceOrder");
  CHECK(place.full_name == "sample.v1.Orders.PlaceOrder");
  CHECK(place.path == "/sample.v1.Orders/PlaceOrder");
  CHECK(info.find_method("Watch") == &info.methods[2]);
  CHECK(Nothing::info().methods.empty());
}

TEST_CASE("a service's table knows kinds and what may be repeated") {
  const auto& methods = Orders::info().methods;
  CHECK(methods[0].kind == troupe::method_kind::unary);
  CHECK(methods[2].kind == troupe::method_kind::server_streaming);
  CHECK(methods[3].kind == troupe::method_kind::client_streaming);
  CHECK(methods[4].kind == troupe::method_kind::bidirectional);
  CHECK(methods[0].repeat == troupe::idempotency::idempotent);
  CHECK(methods[1].repeat == troupe::idempotency::no_side_effects);
  CHECK(methods[2].repeat == troupe::idempotency::unknown);
}

TEST_CASE("a service's table makes the messages of its methods") {
  for (const auto* info : {&Orders::info(), &Nothing::info(), &Exchange::info(), &Pinger::info()})
    for (const auto& method : info->methods) {
      CAPTURE(method.full_name);
      CHECK(method.new_request()->GetDescriptor() == method.descriptor().input_type());
      CHECK(method.new_reply()->GetDescriptor() == method.descriptor().output_type());
      CHECK(method.descriptor().full_name() == method.full_name);
    }
}

TEST_CASE("a service's descriptor is found, also in a file that has no types of its own") {
  CHECK(Orders::info().descriptor().full_name() == "sample.v1.Orders");
  CHECK(Nothing::info().descriptor().full_name() == "sample.v1.Nothing");
  CHECK(Exchange::info().descriptor().full_name() == "sample.v1.Exchange");
  CHECK(Pinger::info().descriptor().full_name() == "Pinger");
}

TEST_CASE("the contract's comments come along, of the service's file and of what its messages are made of") {
  const auto comments = comments_of(Orders::info());
  CHECK(comments.at("sample.v1.Orders")
        == "Takes orders, and says what became of them.\n\nOne actor an order: {order_id} decides which.");
  CHECK(comments.at("sample.v1.Orders.Get") == "Reads an order.");
  CHECK(comments.at("sample.v1.Orders.Import") == "Takes many orders at once.");
  CHECK(comments.at("sample.v1.Order") == "An order. \"Quotes\", a back\\slash, ünïcode.");
  CHECK(comments.at("sample.v1.Order.order_id") == "The shop's own number.");
  CHECK(comments.at("sample.v1.Order.Event") == "What happened.");
  CHECK(comments.at("sample.v1.Order.SENT") == "It left the house.");
  CHECK(comments.at("sample.common.Money") == "An amount of money.");
  CHECK(comments.at("sample.common.Money.cents") == "In hundredths.");
  CHECK(comments.count("sample.common.Unused") == 0);
  CHECK(comments.count("sample.v1.Order.price") == 0);
  for (const auto& [name, text] : comments)
    CHECK_FALSE(name.starts_with("google."));
}
