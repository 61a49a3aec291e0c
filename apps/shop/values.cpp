#include "apps/shop/values.hpp"

#include "google/rpc/error_details.pb.h"
#include "runtime/contract/status_details.hpp"

#include <algorithm>
#include <set>

namespace shop {

namespace {

constexpr int default_page = 50;
constexpr int largest_page = 200;

} // namespace

bool is_id(std::string_view text, std::size_t longest, std::string_view also) noexcept {
  if (text.empty() || text.size() > longest) return false;
  return std::all_of(text.begin(), text.end(), [also](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_'
           || also.find(c) != std::string_view::npos;
  });
}

troupe::status bad_field(std::string field, std::string problem) {
  auto message = field + " " + problem;
  return troupe::with_field_violation(troupe::invalid_argument("{}", message), std::move(field),
                                      std::move(problem));
}

troupe::status refusal(std::string reason, std::string subject, std::string message) {
  google::rpc::PreconditionFailure failure;
  auto& violation = *failure.add_violations();
  violation.set_type(reason);
  violation.set_subject(subject);
  violation.set_description(message);
  auto outcome = troupe::with_error_info(
    troupe::failed_precondition("{}", message),
    {.reason = std::move(reason), .domain = "shop", .metadata = {{"subject", std::move(subject)}}});
  return troupe::with_detail(std::move(outcome), failure);
}

troupe::result<int> page_size_of(std::int32_t asked) {
  if (asked < 0) return bad_field("page_size", "must not be negative");
  return asked == 0 ? default_page : std::min(asked, largest_page);
}

troupe::status check_items(const google::protobuf::RepeatedPtrField<StockItem>& items,
                           std::string_view field) {
  if (items.empty() || items.size() > most_items)
    return bad_field(std::string{field}, fmt::format("must be 1 to {} products", most_items));
  std::set<std::string_view> seen;
  for (int i = 0; i < items.size(); ++i) {
    const auto& item = items[i];
    auto named = [&](std::string_view part) { return fmt::format("{}[{}].{}", field, i, part); };
    if (!is_id(item.product_id(), 64))
      return bad_field(named("product_id"), "must be 1 to 64 letters, digits, '-' and '_'");
    if (!seen.insert(item.product_id()).second)
      return bad_field(named("product_id"),
                       fmt::format("names {} a second time; add up its quantities", item.product_id()));
    if (item.quantity() < 1 || item.quantity() > largest_quantity)
      return bad_field(named("quantity"), fmt::format("must be 1 to {}", largest_quantity));
  }
  return {};
}

troupe::status check_money(const Money& amount, std::string_view field, std::int64_t most) {
  if (amount.currency_code() != shop_currency)
    return bad_field(fmt::format("{}.currency_code", field), fmt::format("must be {}", shop_currency));
  if (amount.minor_units() < 1 || amount.minor_units() > most)
    return bad_field(fmt::format("{}.minor_units", field), fmt::format("must be 1 to {}", most));
  return {};
}

Money euros(std::int64_t cents) {
  Money out;
  out.set_currency_code(std::string{shop_currency});
  out.set_minor_units(cents);
  return out;
}

std::string to_text(const Money& amount) {
  const auto units = amount.minor_units();
  return fmt::format("{}{}.{:02} {}", units < 0 ? "-" : "", std::abs(units / 100), std::abs(units % 100),
                     amount.currency_code());
}

google::protobuf::Timestamp timestamp_of(troupe::wall_time when) {
  const auto since = when.time_since_epoch();
  const auto seconds = std::chrono::floor<std::chrono::seconds>(since);
  google::protobuf::Timestamp out;
  out.set_seconds(seconds.count());
  out.set_nanos(
    static_cast<std::int32_t>(std::chrono::duration_cast<std::chrono::nanoseconds>(since - seconds).count()));
  return out;
}

} // namespace shop
