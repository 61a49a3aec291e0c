// How much of everything there is, and who has reserved some of it. Pure: no clock, no actor.
//
//   available --reserve--> held --commit--> sold
//       ^                   |                 |
//       +---release, expiry-+-----release-----+
//
// What is available and held is never negative, and no operation but set() and adjust() changes the sum of
// available, held and sold.
#pragma once

#include "runtime/core/result.hpp"
#include "runtime/environment/clock.hpp"
#include "shop/inventory.pb.h"

#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <unordered_map>
#include <utility>

namespace shop {

struct ledger_limits {
  std::size_t products = 10'000;
  // Held and committed ones; those that ended are forgotten, the oldest first, when they are in the way.
  std::size_t reservations = 100'000;
};

// The time, as both clocks of the environment tell it.
struct ledger_time {
  troupe::monotonic_time now;
  troupe::wall_time wall;
};

class stock_ledger {
public:
  explicit stock_ledger(ledger_limits limits = {}) : limits_(limits) {}

  struct entry {
    int available = 0;
    int reserved = 0;
    std::uint64_t revision = 0; // of the ledger, when this entry changed last
    troupe::wall_time changed{};
  };

  // -- the shelves

  // Gives a product a place with that many in it. RESOURCE_EXHAUSTED, INVALID_ARGUMENT.
  troupe::status set(const std::string& product_id, int available, troupe::wall_time wall);

  // INVALID_ARGUMENT, NOT_FOUND; FAILED_PRECONDITION when fewer than none would be left.
  troupe::status adjust(const StockAdjustment& adjustment, troupe::wall_time wall);

  // NOT_FOUND.
  troupe::result<StockLevel> level(const std::string& product_id) const;

  // A page by id. INVALID_ARGUMENT.
  troupe::result<ListStockResponse> list(const ListStockRequest& request) const;

  // The product that changed first after a revision, with its own revision; nothing when none did.
  std::optional<std::pair<std::uint64_t, std::string>> changed_after(std::uint64_t revision) const;

  // -- reservations; each operation looks for expired ones first

  // INVALID_ARGUMENT, NOT_FOUND, ALREADY_EXISTS (the id has other goods), RESOURCE_EXHAUSTED;
  // FAILED_PRECONDITION when there is not enough; ABORTED when the reservation of this id has ended.
  troupe::result<Reservation> reserve(const ReserveRequest& request, ledger_time time);

  // NOT_FOUND; FAILED_PRECONDITION when it has ended.
  troupe::result<Reservation> commit(const std::string& reservation_id, ledger_time time);

  // NOT_FOUND. Of one that has ended: no effect.
  troupe::result<Reservation> release(const std::string& reservation_id, ledger_time time);

  // Puts back what was held too long.
  void expire(ledger_time time);

  // When the next reservation expires.
  std::optional<troupe::monotonic_time> next_expiry() const;

  std::size_t reservations() const noexcept { return reservations_.size(); }

private:
  struct reservation {
    Reservation shown;
    troupe::monotonic_time until;
  };

  void touch(const std::string& product_id, entry& changed, troupe::wall_time wall);
  void put_back(reservation& ended, ReservationState state, troupe::wall_time wall);
  bool make_room();

  ledger_limits limits_;
  std::uint64_t revision_ = 0;
  std::map<std::string, entry> entries_;
  std::map<std::uint64_t, std::string> by_revision_;
  std::unordered_map<std::string, reservation> reservations_;
  std::set<std::pair<troupe::monotonic_time, std::string>> held_;
  std::deque<std::string> ended_; // oldest first
};

} // namespace shop
