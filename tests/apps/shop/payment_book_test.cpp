#include "actors/testing/catch_result.hpp"
#include "apps/shop/payment_book.hpp"
#include "apps/shop/values.hpp"
#include "runtime/contract/status_details.hpp"

#include <catch2/catch.hpp>

using namespace shop;
using troupe::status_code;

namespace {

const troupe::wall_time november_2026 = std::chrono::sys_days{std::chrono::year{2026} / 11 / 23};

ChargeRequest card(std::string id, std::int64_t cents, std::string number = "4242424242424242",
                   std::string expiry = "12/30") {
  ChargeRequest out;
  out.set_payment_id(std::move(id));
  *out.mutable_amount() = euros(cents);
  out.mutable_method()->mutable_card()->set_number(std::move(number));
  out.mutable_method()->mutable_card()->set_expiry(std::move(expiry));
  return out;
}

ChargeRequest wallet(std::string id, std::int64_t cents, std::string wallet_id = "w") {
  ChargeRequest out;
  out.set_payment_id(std::move(id));
  *out.mutable_amount() = euros(cents);
  out.mutable_method()->mutable_wallet()->set_wallet_id(std::move(wallet_id));
  return out;
}

std::string reason(const troupe::result<Payment>& outcome) {
  if (outcome) return "charged";
  auto info = troupe::error_info_of(outcome.error());
  return info ? info->reason : std::string{to_string(outcome.error().code())};
}

} // namespace

TEST_CASE("Luhn's check digit") {
  CHECK(passes_luhn("4242424242424242"));
  CHECK(passes_luhn("79927398713"));
  CHECK_FALSE(passes_luhn("79927398710"));
  CHECK_FALSE(passes_luhn("4242424242424243"));
  CHECK_FALSE(passes_luhn("2442424242424242"));
  CHECK_FALSE(passes_luhn("4242 424242424242"));
  CHECK_FALSE(passes_luhn(""));
}

TEST_CASE("cards") {
  payment_book book;
  auto charge = [&, number = 0](std::string digits, std::string expiry = "12/30") mutable {
    return reason(book.charge(card(fmt::format("p{}", ++number), 100, digits, expiry), november_2026));
  };
  CHECK(charge("4242424242424242") == "charged");
  CHECK(charge("4000000000000002") == "CARD_DECLINED");
  CHECK(charge("4242424242424242", "11/26") == "charged");
  CHECK(charge("4242424242424242", "10/26") == "CARD_EXPIRED");
  CHECK(charge("4242424242424242", "13/30") == "INVALID_ARGUMENT");
  CHECK(charge("4242424242424242", "1/30") == "INVALID_ARGUMENT");
  CHECK(charge("4242424242424242", "ab/cd") == "INVALID_ARGUMENT");
  CHECK(charge("4242424242424243") == "INVALID_ARGUMENT");
  CHECK(charge("00000000000") == "INVALID_ARGUMENT");
  CHECK(charge(std::string(20, '0')) == "INVALID_ARGUMENT");
}

TEST_CASE("a payment never shows the card's number") {
  payment_book book;
  auto paid = book.charge(card("p", 100), november_2026);
  REQUIRE(paid);
  CHECK(paid->method_summary() == "card ending in 4242");
  CHECK(paid->DebugString().find("42424242") == std::string::npos);
}

TEST_CASE("a wallet is spent until it is empty, and filled again by refunds") {
  payment_book book{{.wallet_cents = 1000}};
  CHECK(reason(book.charge(wallet("a", 600), november_2026)) == "charged");
  CHECK(reason(book.charge(wallet("b", 401), november_2026)) == "INSUFFICIENT_FUNDS");
  CHECK(reason(book.charge(wallet("b", 400), november_2026)) == "charged");
  CHECK(reason(book.charge(wallet("c", 1, "other"), november_2026)) == "charged");
  CHECK(book.balance("w") == 0);
  for (int twice = 0; twice < 2; ++twice) {
    CHECK(book.refund("a", november_2026)->state() == REFUNDED);
    CHECK(book.balance("w") == 600);
  }
}

TEST_CASE("invoices have a largest amount and need an address") {
  payment_book book{{.invoice_cents = 500}};
  auto invoice = [&](std::string id, std::int64_t cents, std::string email) {
    ChargeRequest out;
    out.set_payment_id(std::move(id));
    *out.mutable_amount() = euros(cents);
    out.mutable_method()->mutable_invoice()->set_email(std::move(email));
    return reason(book.charge(out, november_2026));
  };
  CHECK(invoice("a", 500, "ada@example.org") == "charged");
  CHECK(invoice("b", 501, "ada@example.org") == "INVOICE_TOO_LARGE");
  for (auto wrong : {"", "ada", "@example.org", "ada@"})
    CHECK(invoice("c", 1, wrong) == "INVALID_ARGUMENT");
}

TEST_CASE("a repeated charge takes nothing more") {
  payment_book book{{.wallet_cents = 1000}};
  auto first = book.charge(wallet("a", 600), november_2026);
  auto again = book.charge(wallet("a", 600), november_2026 + std::chrono::hours{1});
  REQUIRE(again);
  CHECK(again->charge_time().seconds() == first->charge_time().seconds());
  CHECK(book.balance("w") == 400);
  CHECK(reason(book.charge(wallet("a", 601), november_2026)) == "ALREADY_EXISTS");
  REQUIRE(book.refund("a", november_2026));
  CHECK(reason(book.charge(wallet("a", 600), november_2026)) == "ABORTED");
  CHECK(book.balance("w") == 1000);
}

TEST_CASE("what is not a payment is refused, and full books refuse all") {
  payment_book book{{.payments = 1}};
  CHECK(reason(book.charge(card("", 1), november_2026)) == "INVALID_ARGUMENT");
  CHECK(reason(book.charge(card("p", 0), november_2026)) == "INVALID_ARGUMENT");
  CHECK(reason(book.charge(card("p", -5), november_2026)) == "INVALID_ARGUMENT");
  auto none = card("p", 1);
  none.clear_method();
  CHECK(reason(book.charge(none, november_2026)) == "INVALID_ARGUMENT");
  CHECK(book.get("p").error().code() == status_code::not_found);
  CHECK(book.refund("z", november_2026).error().code() == status_code::not_found);
  CHECK(reason(book.charge(card("p", 1), november_2026)) == "charged");
  CHECK(reason(book.charge(card("q", 1), november_2026)) == "RESOURCE_EXHAUSTED");
}

TEST_CASE("what was refunded before it was charged is never charged") {
  payment_book book{{.payments = 2}};
  CHECK(book.refund("early", november_2026).error().code() == status_code::not_found);
  CHECK(reason(book.charge(card("early", 1), november_2026)) == "ABORTED");
  CHECK(book.get("early").error().code() == status_code::not_found);
  // Only so many are remembered.
  CHECK_FALSE(book.refund("second", november_2026));
  CHECK_FALSE(book.refund("third", november_2026));
  CHECK(reason(book.charge(card("early", 1), november_2026)) == "charged");
  CHECK(reason(book.charge(card("third", 1), november_2026)) == "ABORTED");
}
