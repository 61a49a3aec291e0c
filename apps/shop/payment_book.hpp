// Who paid what, and the rules by which a payment is refused. Pure: no clock, no actor.
#pragma once

#include "runtime/core/result.hpp"
#include "runtime/environment/clock.hpp"
#include "shop/payments.pb.h"

#include <cstdint>
#include <deque>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>

namespace shop {

struct payment_limits {
  std::size_t payments = 100'000;
  std::int64_t wallet_cents = 50'000;   // what a wallet holds that was not used yet
  std::int64_t invoice_cents = 100'000; // the largest invoice
};

// Whether the last digit of a card's number checks the others (Luhn, ISO/IEC 7812-1 annex B).
bool passes_luhn(std::string_view digits) noexcept;

class payment_book {
public:
  explicit payment_book(payment_limits limits = {}) : limits_(limits) {}

  // INVALID_ARGUMENT; FAILED_PRECONDITION with the reason CARD_DECLINED, CARD_EXPIRED, INSUFFICIENT_FUNDS or
  // INVOICE_TOO_LARGE; ALREADY_EXISTS when the id is another payment's, ABORTED when its payment was
  // refunded, even before it was made; RESOURCE_EXHAUSTED. The payment of this id again when it was made
  // before.
  troupe::result<Payment> charge(const ChargeRequest& request, troupe::wall_time now);

  // NOT_FOUND; then a charge of this id that comes later is ABORTED: it was on its way, or whoever made it
  // has forgotten that it gave up. A payment that was refunded before stays as it is.
  troupe::result<Payment> refund(const std::string& payment_id, troupe::wall_time now);

  // NOT_FOUND.
  troupe::result<Payment> get(const std::string& payment_id) const;

  // What is left in a wallet, in cents.
  std::int64_t balance(const std::string& wallet_id) const;

private:
  struct entry {
    Payment shown;
    std::string wallet_id; // empty: it was not paid from a wallet
  };

  void bar(const std::string& payment_id);
  troupe::status settle(const ChargeRequest& request, troupe::wall_time now, entry& made);

  payment_limits limits_;
  std::unordered_map<std::string, entry> payments_;
  std::unordered_set<std::string> barred_; // refunded before they were made; no more than payments
  std::deque<std::string> barred_by_age_;  // oldest first
  std::unordered_map<std::string, std::int64_t> spent_; // by wallet; no more than there are payments
};

} // namespace shop
