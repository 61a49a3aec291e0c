#include "discovery/split_brain/split_brain_resolver.hpp"

#include <algorithm>

namespace troupe {

namespace {

constexpr duration longest = std::chrono::hours{24};

bool torn(const std::vector<split_brain_member>& members) {
  return std::any_of(members.begin(), members.end(), [](const auto& each) { return !each.reachable; });
}

} // namespace

status check(const split_brain_settings& settings) {
  if (auto outcome = check(settings.rules); !outcome.ok()) return outcome;
  if (settings.stable_after <= duration::zero() || settings.stable_after > longest)
    return invalid_argument(
      "a split-brain decision needs a time for which the view must be stable, up to 24 h");
  if (settings.unstable_limit < duration::zero() || settings.unstable_limit > longest)
    return invalid_argument("the limit of an unstable view must be 0 (none) to 24 h");
  return {};
}

void split_brain_resolver::on_view(monotonic_time now, std::vector<split_brain_member> members) {
  std::sort(members.begin(), members.end(), [](const auto& a, const auto& b) { return a.name < b.name; });
  if (members == members_) return;
  members_ = std::move(members);
  changed_ = now;
  decided_ = false;
  if (!torn(members_))
    torn_since_.reset();
  else if (!torn_since_)
    torn_since_ = now;
}

std::optional<monotonic_time> split_brain_resolver::due() const noexcept {
  if (!torn_since_ || decided_ || lost_) return std::nullopt;
  const auto stable = changed_ + settings_.stable_after;
  if (settings_.unstable_limit == duration::zero()) return stable;
  return std::min(stable, *torn_since_ + settings_.stable_after + settings_.unstable_limit);
}

std::optional<split_brain_decision> split_brain_resolver::decide(monotonic_time now) {
  const auto at = due();
  if (!at || now < *at) return std::nullopt;
  decided_ = true;
  split_brain_decision out;
  if (now < changed_ + settings_.stable_after) {
    out.reason = "the view of the cluster does not hold still, so no side knows what the other one sees";
  } else {
    auto verdict = judge(settings_.rules, members_);
    out.stays = verdict.stays;
    out.reason = std::move(verdict.reason);
  }
  lost_ = !out.stays;
  if (lost_) return out;
  for (const auto& each : members_)
    if (!each.reachable) out.lost.push_back(each.name);
  // Who is unreachable later begins a time of its own.
  torn_since_.reset();
  return out;
}

} // namespace troupe
