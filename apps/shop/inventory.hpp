// The service shop.Inventory: the stock, in memory.
#pragma once

#include "actors/service/notification.hpp"
#include "apps/shop/stock_ledger.hpp"
#include "shop/inventory.troupe.hpp"

namespace shop {

// Starts with the stock of the built-in assortment, also after a crash: what was sold is forgotten then.
class inventory final : public InventoryHandler {
public:
  explicit inventory(ledger_limits limits = {}) : ledger_(limits) {}

  troupe::task<> on_start() override;
  troupe::task<StockLevel> get(const GetStockRequest& request) override;
  troupe::task<ListStockResponse> list(const ListStockRequest& request) override;
  troupe::task<Reservation> reserve(const ReserveRequest& request) override;
  troupe::task<Reservation> commit(const CommitRequest& request) override;
  troupe::task<Reservation> release(const ReleaseRequest& request) override;
  troupe::task<> adjust(troupe::stream_reader<StockAdjustment>& requests,
                        troupe::stream_writer<StockAdjustmentResult>& replies) override;
  troupe::task<> watch_stock(const WatchStockRequest& request,
                             troupe::stream_writer<StockLevel>& replies) override;

private:
  ledger_time time() const noexcept { return {now(), wall_now()}; }
  troupe::task<> expire_reservations();

  stock_ledger ledger_;
  troupe::notification changed_;
  bool expiring_ = false;
};

} // namespace shop
