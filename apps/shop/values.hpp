// Checks and conversions that the services of the shop share. Pure.
#pragma once

#include "runtime/core/result.hpp"
#include "runtime/environment/clock.hpp"
#include "shop/inventory.pb.h"
#include "shop/money.pb.h"

#include <google/protobuf/repeated_ptr_field.h>
#include <google/protobuf/timestamp.pb.h>

#include <string>
#include <string_view>

namespace shop {

// The only currency that the shop deals in.
inline constexpr std::string_view shop_currency = "EUR";
// The largest price of one piece, so that no total overflows: 10^12 minor units.
inline constexpr std::int64_t largest_price = 1'000'000'000'000;
inline constexpr int largest_quantity = 1000;
inline constexpr int most_items = 50;

// Whether a text is 1 to `longest` letters, digits, '-', '_' and those of `also`.
bool is_id(std::string_view text, std::size_t longest, std::string_view also = "") noexcept;

// INVALID_ARGUMENT that names the field (a BadRequest detail) and what is wrong with its value.
troupe::status bad_field(std::string field, std::string problem);

// FAILED_PRECONDITION for a rule of the shop: `reason` ("OUT_OF_STOCK") as ErrorInfo and, with the subject
// that it is about, as PreconditionFailure.
troupe::status refusal(std::string reason, std::string subject, std::string message);

// A page's size: 0 becomes 50, more than 200 become 200, a negative one is INVALID_ARGUMENT.
troupe::result<int> page_size_of(std::int32_t asked);

// Goods of a request: 1 to 50 different products, 1 to 1000 of each. `field` names them in errors.
troupe::status check_items(const google::protobuf::RepeatedPtrField<StockItem>& items,
                           std::string_view field);

// INVALID_ARGUMENT unless it is of the shop's currency and more than zero, up to `most`.
troupe::status check_money(const Money& amount, std::string_view field, std::int64_t most);

Money euros(std::int64_t cents);
// "19.99 EUR"
std::string to_text(const Money& amount);

google::protobuf::Timestamp timestamp_of(troupe::wall_time when);

} // namespace shop
