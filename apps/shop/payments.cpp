#include "apps/shop/payments.hpp"

namespace shop {

troupe::task<Payment> payments::charge(const ChargeRequest& request) {
  // Other requests are handled meanwhile; a caller that goes away now has paid nothing.
  co_await sleep_for(options_.bank_delay);
  co_return book_.charge(request, wall_now());
}

troupe::task<Payment> payments::refund(const RefundRequest& request) {
  auto refunded = book_.refund(request.payment_id(), wall_now());
  if (refunded) log().debug("refunded", {{"payment", request.payment_id()}, {"reason", request.reason()}});
  co_return refunded;
}

troupe::task<Payment> payments::get(const GetPaymentRequest& request) {
  co_return book_.get(request.payment_id());
}

} // namespace shop
