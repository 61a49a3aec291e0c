#include "apps/shop/payment_book.hpp"

#include "apps/shop/values.hpp"

#include <algorithm>
#include <chrono>

namespace shop {

namespace {

constexpr std::size_t longest_payment_id = 128;
// 50 products, 1000 of each, at the largest price.
constexpr std::int64_t largest_charge = most_items * largest_quantity * largest_price;

bool is_digit(char c) noexcept { return c >= '0' && c <= '9'; }

// The first moment that a card of "MM/YY" is not valid any more; nothing for other texts.
std::optional<troupe::wall_time> end_of(std::string_view expiry) {
  using namespace std::chrono;
  if (expiry.size() != 5 || expiry[2] != '/' || !is_digit(expiry[0]) || !is_digit(expiry[1])
      || !is_digit(expiry[3]) || !is_digit(expiry[4]))
    return std::nullopt;
  const auto number = [&](int at) { return (expiry[at] - '0') * 10 + (expiry[at + 1] - '0'); };
  const auto last = year{2000 + number(3)} / month{static_cast<unsigned>(number(0))};
  if (!last.ok()) return std::nullopt;
  return troupe::wall_time{sys_days{(last + months{1}) / day{1}}};
}

} // namespace

bool passes_luhn(std::string_view digits) noexcept {
  int sum = 0;
  bool twice = false;
  for (auto at = digits.rbegin(); at != digits.rend(); ++at, twice = !twice) {
    if (!is_digit(*at)) return false;
    const int value = (*at - '0') * (twice ? 2 : 1);
    sum += value > 9 ? value - 9 : value;
  }
  return !digits.empty() && sum % 10 == 0;
}

troupe::status payment_book::settle(const ChargeRequest& request, troupe::wall_time now, entry& made) {
  const auto cents = request.amount().minor_units();
  auto refuse = [&](const char* reason, std::string why) {
    return refusal(reason, request.payment_id(), std::move(why));
  };
  switch (request.method().method_case()) {
  case PaymentMethod::kCard: {
    const auto& card = request.method().card();
    const auto& number = card.number();
    if (number.size() < 12 || number.size() > 19 || !passes_luhn(number))
      return bad_field("method.card.number", "must be 12 to 19 digits of which the last one fits");
    const auto end = end_of(card.expiry());
    if (!end) return bad_field("method.card.expiry", "must be month and year, MM/YY");
    if (*end <= now) return refuse("CARD_EXPIRED", "the card has expired");
    if (number.ends_with("0002")) return refuse("CARD_DECLINED", "the bank has declined the card");
    made.shown.set_method_summary("card ending in " + number.substr(number.size() - 4));
    return {};
  }
  case PaymentMethod::kWallet: {
    const auto& wallet = request.method().wallet().wallet_id();
    if (!is_id(wallet, 64))
      return bad_field("method.wallet.wallet_id", "must be 1 to 64 letters, digits, '-' and '_'");
    if (balance(wallet) < cents)
      return refuse("INSUFFICIENT_FUNDS",
                    fmt::format("the wallet holds {}", to_text(euros(balance(wallet)))));
    spent_[wallet] += cents;
    made.wallet_id = wallet;
    made.shown.set_method_summary("wallet " + wallet);
    return {};
  }
  case PaymentMethod::kInvoice: {
    const auto& email = request.method().invoice().email();
    const auto at = email.find('@');
    if (email.size() > 254 || at == 0 || at == std::string::npos || at + 1 == email.size())
      return bad_field("method.invoice.email", "must be an address");
    if (cents > limits_.invoice_cents)
      return refuse("INVOICE_TOO_LARGE",
                    fmt::format("no invoice is written above {}", to_text(euros(limits_.invoice_cents))));
    made.shown.set_method_summary("invoice");
    return {};
  }
  case PaymentMethod::METHOD_NOT_SET:
    break;
  }
  return bad_field("method", "must be card, wallet or invoice");
}

troupe::result<Payment> payment_book::charge(const ChargeRequest& request, troupe::wall_time now) {
  const auto& id = request.payment_id();
  if (!is_id(id, longest_payment_id, "."))
    return bad_field("payment_id", "must be 1 to 128 letters, digits, '-', '_' and '.'");
  if (auto outcome = check_money(request.amount(), "amount", largest_charge); !outcome.ok()) return outcome;
  if (auto there = payments_.find(id); there != payments_.end()) {
    const auto& shown = there->second.shown;
    if (shown.amount().minor_units() != request.amount().minor_units())
      return troupe::already_exists("the payment {} is of {}", id, to_text(shown.amount()));
    if (shown.state() == REFUNDED)
      return troupe::aborted("the payment {} was refunded; charge under another id", id);
    return shown;
  }
  if (barred_.contains(id))
    return troupe::aborted("the payment {} was refunded before it was made; charge under another id", id);
  if (payments_.size() >= limits_.payments)
    return troupe::resource_exhausted("the books are full: {} payments", payments_.size());
  entry made;
  if (auto outcome = settle(request, now, made); !outcome.ok()) return outcome;
  made.shown.set_payment_id(id);
  *made.shown.mutable_amount() = request.amount();
  made.shown.set_state(CHARGED);
  *made.shown.mutable_charge_time() = timestamp_of(now);
  return payments_.emplace(id, std::move(made)).first->second.shown;
}

void payment_book::bar(const std::string& payment_id) {
  if (!is_id(payment_id, longest_payment_id, ".") || !barred_.insert(payment_id).second) return;
  barred_by_age_.push_back(payment_id);
  if (barred_by_age_.size() <= limits_.payments) return;
  barred_.erase(barred_by_age_.front());
  barred_by_age_.pop_front();
}

troupe::result<Payment> payment_book::refund(const std::string& payment_id, troupe::wall_time now) {
  auto found = payments_.find(payment_id);
  if (found == payments_.end()) {
    bar(payment_id);
    return troupe::not_found("there is no payment {}", payment_id);
  }
  auto& [shown, wallet] = found->second;
  if (shown.state() == CHARGED) {
    if (!wallet.empty()) spent_[wallet] -= shown.amount().minor_units();
    shown.set_state(REFUNDED);
    *shown.mutable_refund_time() = timestamp_of(now);
  }
  return shown;
}

troupe::result<Payment> payment_book::get(const std::string& payment_id) const {
  auto found = payments_.find(payment_id);
  if (found == payments_.end()) return troupe::not_found("there is no payment {}", payment_id);
  return found->second.shown;
}

std::int64_t payment_book::balance(const std::string& wallet_id) const {
  auto found = spent_.find(wallet_id);
  return limits_.wallet_cents - (found == spent_.end() ? 0 : found->second);
}

} // namespace shop
