#include "tests/apps/shop/shop_node.hpp"

#include "runtime/contract/status_details.hpp"

namespace shop_test {

void shop_node::set_stock(const std::string& product_id, int counted) {
  auto outcome = run([=](visitor& self) -> task<StockAdjustmentResult> {
    auto list = self.client<Inventory>().adjust();
    StockAdjustment change;
    change.set_product_id(product_id);
    change.set_counted(counted);
    co_await list.write(change);
    list.close_writing();
    StockAdjustmentResult last;
    while (const auto* answered = co_await list.next())
      last = *answered;
    co_return last;
  });
  REQUIRE(outcome);
  REQUIRE(outcome->refusal().empty());
}

std::vector<OrderEventKind> shop_node::events_until(const std::string& order_id, OrderEventKind last) {
  auto seen = run([=](visitor& self) -> task<std::vector<OrderEventKind>> {
    WatchOrderRequest request;
    request.set_order_id(order_id);
    auto events = self.client<Orders>().watch(request);
    std::vector<OrderEventKind> out;
    while (const auto* event = co_await events.next()) {
      out.push_back(event->kind());
      if (event->kind() == last) break;
    }
    co_return out;
  });
  REQUIRE(seen);
  return *seen;
}

void shop_node::kill(const std::string& service) {
  auto killed = run([this, service](visitor& self) -> task<bool> {
    // It may be on its way back from being killed before.
    for (int looks = 0; looks < 5000; ++looks) {
      auto tree = co_await node_->look_at_tree(self);
      for (const auto& module : tree.children) {
        const auto actor = module.name == service ? module.children.at(0).actor : 0;
        if (actor != 0 && co_await node_->kill_actor(self, actor)) co_return true;
      }
      co_await self.sleep_for(1ms);
    }
    co_return false;
  });
  REQUIRE(killed);
  REQUIRE(*killed);
}

PlaceOrderRequest order(std::string id, std::vector<std::pair<std::string, int>> items, std::string card) {
  PlaceOrderRequest out;
  out.set_order_id(std::move(id));
  out.set_customer_id("ada");
  out.mutable_payment()->mutable_card()->set_number(std::move(card));
  out.mutable_payment()->mutable_card()->set_expiry("12/40");
  for (auto& [product, quantity] : items) {
    auto& item = *out.add_items();
    item.set_product_id(product);
    item.set_quantity(quantity);
  }
  return out;
}

task<> wait_for_event(visitor& self, std::string order_id, OrderEventKind kind) {
  WatchOrderRequest request;
  request.set_order_id(order_id);
  auto events = self.client<Orders>().watch(request);
  while (const auto* event = co_await events.next())
    if (event->kind() == kind) co_return;
  co_await troupe::not_found("{} ended without the event", order_id);
}

std::string reason_of(const troupe::status& outcome) {
  auto info = troupe::error_info_of(outcome);
  return info ? info->reason : "";
}

} // namespace shop_test
