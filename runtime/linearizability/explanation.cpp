#include "runtime/linearizability/explanation.hpp"

#include "runtime/linearizability/timeline.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace troupe {

namespace {

// The rows of a timeline that still fit a screen, and the operations of an order that fit a line or two.
constexpr std::size_t most_rows = 24;
constexpr std::size_t most_in_order = 8;
constexpr std::size_t most_refused = 8;

constexpr std::string_view blocked_mark = "!!";

std::string named(const checked_partition& part, std::uint32_t position) {
  return fmt::format("`{}` of client {}", part.describe_operation(position),
                     part.operations()[position].client);
}

// What to show: the blocked answer, what overlaps it, and before these the end of the longest order.
std::vector<std::uint32_t> rows_to_show(const checked_partition& part, const search_result& found) {
  const auto& all = part.operations();
  const auto& blocked = all[found.blocked];
  std::vector<std::uint32_t> out{found.blocked};
  std::vector<bool> chosen(all.size());
  chosen[found.blocked] = true;
  const auto show = [&](std::uint32_t position) {
    if (chosen[position] || out.size() >= most_rows) return;
    chosen[position] = true;
    out.push_back(position);
  };
  const auto& order = found.prefixes.front().order;
  // A few of the order come first, because the answer contradicts what they leave.
  for (std::size_t i = 0; i < order.size() && i < most_in_order; ++i)
    show(order[order.size() - 1 - i]);
  for (const auto position : found.prefixes.front().refused)
    show(position);
  for (std::uint32_t position = 0; position < all.size(); ++position) {
    const bool overlaps =
      all[position].called.event < blocked.ended.event && all[position].ended.event > blocked.called.event;
    if (overlaps && all[position].completed) show(position);
  }
  for (std::size_t i = order.size(); i-- > 0;)
    show(order[i]);
  // Open operations that the order does not use, the latest first: the answer may hint at one of them.
  for (auto position = static_cast<std::uint32_t>(all.size()); position-- > 0;)
    if (!all[position].completed && all[position].called.event < blocked.ended.event) show(position);
  std::sort(out.begin(), out.end());
  return out;
}

std::string draw(const checked_partition& part, const search_result& found) {
  const auto& all = part.operations();
  const auto& order = found.prefixes.front().order;
  std::vector<std::size_t> place(all.size());
  for (std::size_t i = 0; i < order.size(); ++i)
    place[order[i]] = i + 1;
  std::vector<timeline_row> rows;
  for (const auto position : rows_to_show(part, found)) {
    std::string mark;
    if (position == found.blocked)
      mark = blocked_mark;
    else if (place[position] != 0)
      mark = std::to_string(place[position]);
    const auto& one = all[position];
    rows.push_back({mark, one.client, part.describe_operation(position), one.called, one.ended});
  }
  return draw_timeline(rows, all[found.blocked].ended.event);
}

std::string tell_prefix(const checked_partition& part, const search_prefix& prefix) {
  std::string out;
  const auto& order = prefix.order;
  if (order.empty()) out = "nothing before it";
  if (order.size() > most_in_order) out += fmt::format("{} operations, then ", order.size() - most_in_order);
  for (auto i = order.size() - std::min(order.size(), most_in_order); i < order.size(); ++i)
    out += part.describe_operation(order[i]) + (i + 1 < order.size() ? "; " : "");
  out += fmt::format("\n    leaves {}", part.describe_state(prefix.state));
  if (!prefix.refused.empty()) out += ", which refuses ";
  for (std::size_t i = 0; i < prefix.refused.size() && i < most_refused; ++i)
    out += (i == 0 ? "" : ", ") + named(part, prefix.refused[i]);
  if (prefix.refused.size() > most_refused)
    out += fmt::format(" and {} more", prefix.refused.size() - most_refused);
  return out;
}

} // namespace

std::string explain_search(const checked_partition& part, const search_result& found) {
  const auto& all = part.operations();
  const auto limit = all[found.blocked].ended.event;
  const auto before = std::count_if(all.begin(), all.end(),
                                    [&](const checked_operation& each) { return each.ended.event < limit; });
  const bool certain = found.verdict == linearizability_verdict::not_linearizable;
  auto out = fmt::format("no order {} {}: the {} answers before it fit together, with it nothing does{}\n",
                         certain ? "explains" : "was found that explains", named(part, found.blocked), before,
                         certain ? "" : " so far");
  out += draw(part, found);
  const auto called = std::count_if(all.begin(), all.end(),
                                    [&](const checked_operation& each) { return each.called.event < limit; });
  const auto shown = rows_to_show(part, found).size();
  if (static_cast<std::size_t>(called) > shown)
    out += fmt::format("  ({} operations that were called before its end are not shown)\n",
                       static_cast<std::size_t>(called) - shown);
  out += found.prefixes.size() == 1 ? "the longest order (numbered above):\n"
                                    : "the longest orders (the first is numbered above):\n";
  for (std::size_t i = 0; i < found.prefixes.size(); ++i)
    out += fmt::format("  {}. {}\n", i + 1, tell_prefix(part, found.prefixes[i]));
  return out;
}

} // namespace troupe
