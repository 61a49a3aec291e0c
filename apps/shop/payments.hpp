// The service shop.Payments: the till, in memory.
#pragma once

#include "apps/shop/payment_book.hpp"
#include "shop/payments.troupe.hpp"

namespace shop {

struct payment_options {
  payment_limits limits;
  // How long the bank thinks about each charge.
  troupe::duration bank_delay = std::chrono::milliseconds{1};
};

// Starts with empty books, also after a crash.
class payments final : public PaymentsHandler {
public:
  explicit payments(payment_options options = {}) : options_(options), book_(options.limits) {}

  troupe::task<Payment> charge(const ChargeRequest& request) override;
  troupe::task<Payment> refund(const RefundRequest& request) override;
  troupe::task<Payment> get(const GetPaymentRequest& request) override;

private:
  payment_options options_;
  payment_book book_;
};

} // namespace shop
