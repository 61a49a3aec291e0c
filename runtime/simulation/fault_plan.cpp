#include "runtime/simulation/fault_plan.hpp"

#include "runtime/configuration/units.hpp"
#include "runtime/simulation/fault_kinds.hpp"
#include "runtime/simulation/node_clock.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <numeric>

namespace troupe {

namespace {

using k = fault_kind;

constexpr std::array<fault_kind_info, fault_kind_count> kinds{{
  {.kind = k::crash, .name = "crash"},
  {.kind = k::kill, .name = "kill"},
  {.kind = k::pause, .name = "pause"},
  {.kind = k::slow, .name = "slow", .amount = true},
  {.kind = k::partition, .name = "partition", .links = true},
  {.kind = k::partition_one_way, .name = "partition_one_way", .links = true},
  {.kind = k::partition_flapping, .name = "partition_flapping", .links = true, .amount = true},
  {.kind = k::clog, .name = "clog", .links = true},
  {.kind = k::swizzle, .name = "swizzle", .seed = true},
  {.kind = k::narrow, .name = "narrow", .links = true, .number = true},
  {.kind = k::delay, .name = "delay", .links = true, .amount = true},
  {.kind = k::tail, .name = "tail", .links = true, .chance = true, .amount = true},
  {.kind = k::loss, .name = "loss", .links = true, .chance = true},
  {.kind = k::duplication, .name = "duplication", .links = true, .chance = true},
  {.kind = k::reordering, .name = "reordering", .links = true, .chance = true},
  {.kind = k::reset, .name = "reset", .links = true, .chance = true},
  {.kind = k::clock_jump, .name = "clock_jump", .amount = true},
  {.kind = k::clock_rate, .name = "clock_rate", .number = true},
  {.kind = k::disk_read_error, .name = "disk_read_error", .chance = true},
  {.kind = k::disk_write_error, .name = "disk_write_error", .chance = true},
  {.kind = k::disk_sync_failure, .name = "disk_sync_failure", .chance = true},
  {.kind = k::disk_lost_sync, .name = "disk_lost_sync", .chance = true},
  {.kind = k::disk_bit_rot, .name = "disk_bit_rot", .chance = true},
  {.kind = k::disk_stall, .name = "disk_stall", .chance = true, .amount = true},
  {.kind = k::disk_full, .name = "disk_full", .chance = true},
}};

// Half a century: sums of two stay representable.
constexpr duration longest = std::chrono::hours{24 * 365 * 50};

std::string problem_of(const fault_event& event) {
  const auto& info = info_of(event.kind);
  if (event.at < duration::zero() || event.at > longest) return "'at' is not within 0 and 50 years";
  if (event.span < duration::zero() || event.span > longest) return "'for' is not within 0 and 50 years";
  if (info.chance && !(event.chance >= 0 && event.chance <= 1)) return "'chance' is not within 0 and 1";
  if (info.amount) {
    if (event.amount > longest || event.amount < -longest) return "'amount' is longer than 50 years";
    if (event.kind != k::clock_jump && event.amount <= duration::zero())
      return "'amount' is not longer than 0";
  }
  if (event.kind == k::narrow && event.number < 1) return "'number' of bytes a second is less than 1";
  if (event.kind == k::clock_rate
      && (event.number < node_clock::slowest_ppm || event.number > node_clock::fastest_ppm))
    return "'number' of microseconds a second is not within -500000 and 1000000";
  auto has_empty = [](const std::vector<std::string>& names) {
    return std::any_of(names.begin(), names.end(), [](const std::string& each) { return each.empty(); });
  };
  if (has_empty(event.nodes) || has_empty(event.others)) return "a node without a name";
  return {};
}

std::string names(const std::vector<std::string>& of) {
  return of.empty() ? std::string{"all"} : fmt::format("{}", fmt::join(of, ", "));
}

std::string signed_text(duration value) {
  return value < duration::zero() ? "-" + format_duration(-value) : format_duration(value);
}

} // namespace

std::span<const fault_kind_info> fault_kinds() noexcept { return kinds; }

const fault_kind_info& info_of(fault_kind kind) noexcept { return kinds[static_cast<std::size_t>(kind)]; }

std::optional<fault_kind> fault_kind_from_name(std::string_view name) noexcept {
  for (const auto& each : kinds)
    if (each.name == name) return each.kind;
  return std::nullopt;
}

std::string_view to_string(fault_kind kind) noexcept { return info_of(kind).name; }

std::string_view to_string(fault_profile profile) noexcept {
  switch (profile) {
  case fault_profile::none:
    return "none";
  case fault_profile::everyday:
    return "everyday";
  case fault_profile::everything:
    return "everything";
  }
  return "none";
}

std::optional<fault_profile> fault_profile_from_name(std::string_view name) noexcept {
  for (const auto each : {fault_profile::none, fault_profile::everyday, fault_profile::everything})
    if (to_string(each) == name) return each;
  return std::nullopt;
}

status validate(const fault_plan& plan) {
  if (plan.events.size() > max_fault_events)
    return invalid_argument("the plan has {} events; at most {} are allowed", plan.events.size(),
                            max_fault_events);
  for (std::size_t i = 0; i < plan.events.size(); ++i)
    if (const auto problem = problem_of(plan.events[i]); !problem.empty())
      return invalid_argument("event {} ({}): {}", i, to_string(plan.events[i].kind), problem);
  return {};
}

std::string to_text(const fault_plan& plan) {
  std::vector<const fault_event*> order;
  order.reserve(plan.events.size());
  for (const auto& each : plan.events)
    order.push_back(&each);
  std::stable_sort(order.begin(), order.end(), [](const auto* a, const auto* b) { return a->at < b->at; });
  std::string out;
  for (const auto* each : order) {
    const auto& info = info_of(each->kind);
    const auto lasts = each->span > duration::zero() ? "for " + format_duration(each->span) : std::string{};
    out +=
      fmt::format("{:>12}  {:<12}  {} {}", format_duration(each->at), lasts, info.name, names(each->nodes));
    if (info.links) out += (each->kind == k::partition_one_way ? " -> " : " | ") + names(each->others);
    if (info.chance) out += fmt::format(", chance {}", each->chance);
    if (info.amount) out += ", " + signed_text(each->amount);
    if (info.number) out += fmt::format(", {}", each->number);
    out += '\n';
  }
  return out;
}

} // namespace troupe
