#include "actors/testing/simulate_settings.hpp"

#include <fmt/format.h>

#include <charconv>
#include <stdexcept>
#include <string_view>

namespace troupe::detail {

namespace {

constexpr std::uint64_t most_seeds = 10'000'000;
constexpr std::uint64_t most_cpu_seconds = 1'000'000;

[[noreturn]] void refuse(std::string_view name, std::string_view value, std::string_view want) {
  throw std::invalid_argument{fmt::format("{}={}: must be {}", name, value, want)};
}

std::uint64_t number(std::string_view name, std::string_view text, std::string_view whole) {
  std::uint64_t out = 0;
  const auto [at, error] = std::from_chars(text.data(), text.data() + text.size(), out);
  if (error != std::errc{} || at != text.data() + text.size()) refuse(name, whole, "a number");
  return out;
}

std::vector<std::string> words(std::string_view text) {
  std::vector<std::string> out;
  while (!text.empty()) {
    const auto comma = text.find(',');
    if (comma != 0) out.emplace_back(text.substr(0, comma));
    text.remove_prefix(comma == std::string_view::npos ? text.size() : comma + 1);
  }
  return out;
}

} // namespace

std::vector<std::uint64_t> simulate_settings::chosen(std::uint64_t count) const {
  if (seed) return {*seed};
  std::vector<std::uint64_t> out;
  const auto all = seeds.value_or(count);
  // Every n-th, so that expensive neighbours are shared out.
  for (auto at = shard - 1; at < all; at += shards)
    out.push_back(first_seed + at);
  return out;
}

simulate_settings read_simulate_settings(const std::function<const char*(const char*)>& variable) {
  simulate_settings out;
  const auto text = [&variable](const char* name) -> std::optional<std::string_view> {
    const char* value = variable(name);
    if (value == nullptr || *value == '\0') return std::nullopt;
    return value;
  };
  const auto whole = [&text](const char* name) -> std::optional<std::uint64_t> {
    const auto value = text(name);
    if (!value) return std::nullopt;
    return number(name, *value, *value);
  };
  out.seed = whole("TROUPE_SIM_SEED");
  out.seeds = whole("TROUPE_SIM_SEEDS");
  if (out.seeds && (*out.seeds == 0 || *out.seeds > most_seeds))
    refuse("TROUPE_SIM_SEEDS", std::to_string(*out.seeds), fmt::format("1 to {}", most_seeds));
  out.first_seed = whole("TROUPE_SIM_FIRST_SEED").value_or(1);
  if (const auto shard = text("TROUPE_SIM_SHARD")) {
    constexpr std::string_view want = "like 1/4: which part, and of how many";
    const auto slash = shard->find('/');
    if (slash == std::string_view::npos) refuse("TROUPE_SIM_SHARD", *shard, want);
    out.shard = number("TROUPE_SIM_SHARD", shard->substr(0, slash), *shard);
    out.shards = number("TROUPE_SIM_SHARD", shard->substr(slash + 1), *shard);
    if (out.shard == 0 || out.shard > out.shards) refuse("TROUPE_SIM_SHARD", *shard, want);
  }
  out.once = text("TROUPE_SIM_ONCE").value_or("0") != "0";
  out.trace_file = text("TROUPE_SIM_TRACE").value_or("");
  out.plan_file = text("TROUPE_SIM_PLAN").value_or("");
  out.plan_out_file = text("TROUPE_SIM_PLAN_OUT").value_or("");
  if (const auto level = text("TROUPE_SIM_LOG")) {
    out.level = log_level_from_name(*level);
    if (!out.level) refuse("TROUPE_SIM_LOG", *level, "trace, debug, info, warning, error or critical");
  }
  out.planted_bugs = words(text("TROUPE_SIM_PLANTED_BUGS").value_or(""));
  out.coverage = text("TROUPE_SIM_COVERAGE").value_or("0") != "0";
  if (const auto limit = whole("TROUPE_SIM_CPU_LIMIT")) {
    if (*limit > most_cpu_seconds)
      refuse("TROUPE_SIM_CPU_LIMIT", std::to_string(*limit),
             fmt::format("0 to {} seconds", most_cpu_seconds));
    out.cpu_limit = std::chrono::seconds{*limit};
  }
  return out;
}

} // namespace troupe::detail
