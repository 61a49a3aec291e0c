#include "discovery/split_brain/split_brain_strategy.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <tuple>
#include <utility>

namespace troupe {

namespace {

using strategy = split_brain_strategy;
using loss = split_brain_loss;

constexpr std::array strategies{
  std::pair{"keep-majority", strategy::keep_majority}, std::pair{"keep-oldest", strategy::keep_oldest},
  std::pair{"keep-referee", strategy::keep_referee}, std::pair{"static-quorum", strategy::static_quorum},
  std::pair{"down-all", strategy::down_all}};
constexpr std::array losses{std::pair{"leave", loss::leave}, std::pair{"restart", loss::restart},
                            std::pair{"read-only", loss::read_only}};

template <class Table, class Value>
std::string_view name_of(const Table& table, Value value) noexcept {
  for (const auto& [name, each] : table)
    if (each == value) return name;
  return "unknown";
}

template <class Table>
auto find_named(const Table& table, std::string_view text, std::string_view what)
  -> result<decltype(table[0].second)> {
  std::string all;
  for (const auto& [name, each] : table) {
    if (name == text) return each;
    all += (all.empty() ? "" : ", ") + std::string{name};
  }
  return invalid_argument("'{}' is no {}; there are {}", text, what, all);
}

using view = std::vector<const split_brain_member*>;

// Those that count, seen and unseen.
std::pair<view, view> sides_of(const split_brain_rules& rules, std::span<const split_brain_member> members) {
  std::pair<view, view> out;
  for (const auto& each : members)
    if (rules.role.empty() || each.roles.count(rules.role) != 0)
      (each.reachable ? out.first : out.second).push_back(&each);
  return out;
}

// The name decides between two that started in the same nanosecond.
bool older(const split_brain_member* a, const split_brain_member* b) {
  return std::tie(a->incarnation, a->name) < std::tie(b->incarnation, b->name);
}

split_brain_verdict by_majority(const view& seen, const view& unseen) {
  if (seen.size() != unseen.size())
    return {seen.size() > unseen.size(), fmt::format("keep-majority: {} of {} members are here", seen.size(),
                                                     seen.size() + unseen.size())};
  const auto by_name = [](auto* a, auto* b) { return a->name < b->name; };
  if (seen.empty()) return {true, "keep-majority: no member counts"};
  const auto* ours = *std::min_element(seen.begin(), seen.end(), by_name);
  const auto* theirs = *std::min_element(unseen.begin(), unseen.end(), by_name);
  const bool stays = ours->name < theirs->name;
  return {
    stays,
    fmt::format("keep-majority: {} members are here and as many elsewhere; {}, whose name comes first, is {}",
                seen.size(), (stays ? ours : theirs)->name, stays ? "here" : "elsewhere")};
}

split_brain_verdict by_age(const view& seen, const view& unseen, bool alone_loses) {
  view all = seen;
  all.insert(all.end(), unseen.begin(), unseen.end());
  if (all.empty()) return {true, "keep-oldest: no member counts"};
  const auto* oldest = *std::min_element(all.begin(), all.end(), older);
  const auto& side = oldest->reachable ? seen : unseen;
  // Only one side can be all others, so at most one concludes from "it is alone there" that it stays.
  const bool alone = alone_loses && side.size() == 1 && all.size() > 1;
  return {oldest->reachable != alone,
          fmt::format("keep-oldest: {} is {}{}", oldest->name, oldest->reachable ? "here" : "elsewhere",
                      alone ? ", alone" : "")};
}

split_brain_verdict by_referee(const view& seen, const std::string& referee) {
  const bool here = std::any_of(seen.begin(), seen.end(), [&](auto* each) { return each->name == referee; });
  return {here, fmt::format("keep-referee: {} is {}", referee, here ? "here" : "not here")};
}

split_brain_verdict by_quorum(const view& seen, const view& unseen, std::size_t quorum) {
  const auto all = seen.size() + unseen.size();
  if (all > 2 * quorum - 1)
    return {false, fmt::format(
                     "static-quorum: with {} members, two sides could have the quorum of {}; raise it to {}",
                     all, quorum, all / 2 + 1)};
  return {seen.size() >= quorum,
          fmt::format("static-quorum: {} members are here; {} are necessary", seen.size(), quorum)};
}

} // namespace

std::string_view to_string(strategy value) noexcept { return name_of(strategies, value); }
std::string_view to_string(loss value) noexcept { return name_of(losses, value); }

result<strategy> parse_split_brain_strategy(std::string_view text) {
  return find_named(strategies, text, "split-brain strategy");
}

result<loss> parse_split_brain_loss(std::string_view text) {
  return find_named(losses, text, "way to lose a split-brain decision");
}

status check(const split_brain_rules& rules) {
  if (rules.strategy == strategy::keep_referee && rules.referee.empty())
    return invalid_argument("keep-referee needs the name of the member that is the referee");
  if (rules.strategy == strategy::static_quorum && rules.quorum == 0)
    return invalid_argument(
      "static-quorum needs a number of members: more than half of all that there will ever be");
  return {};
}

split_brain_verdict judge(const split_brain_rules& rules, std::span<const split_brain_member> members) {
  const auto [seen, unseen] = sides_of(rules, members);
  switch (rules.strategy) {
  case strategy::keep_majority:
    return by_majority(seen, unseen);
  case strategy::keep_oldest:
    return by_age(seen, unseen, rules.oldest_alone_loses);
  case strategy::keep_referee:
    return by_referee(seen, rules.referee);
  case strategy::static_quorum:
    return by_quorum(seen, unseen, rules.quorum);
  case strategy::down_all:
    break;
  }
  return {false, "down-all: nobody stays"};
}

} // namespace troupe
