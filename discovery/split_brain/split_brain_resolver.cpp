#include "discovery/split_brain/split_brain_resolver.hpp"

#include <algorithm>

namespace troupe {

namespace {

constexpr duration longest = std::chrono::hours{24};

bool torn(const std::vector<split_brain_member>& members) {
  return std::any_of(members.begin(), members.end(), [](const auto& each) { return !each.reachable; });
}

bool same_but_for_doubts(const std::vector<split_brain_member>& a, const std::vector<split_brain_member>& b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](const auto& x, auto y) {
    y.doubted = x.doubted;
    return x == y;
  });
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
  const bool same = same_but_for_doubts(members, members_);
  members_ = std::move(members);
  if (same) return;
  changed_ = now;
  decided_ = false;
  if (!torn(members_))
    torn_since_.reset();
  else if (!torn_since_)
    torn_since_ = now;
}

bool split_brain_resolver::doubts() const noexcept {
  return std::any_of(members_.begin(), members_.end(), [](const auto& each) { return each.doubted; });
}

std::optional<monotonic_time> split_brain_resolver::due() const noexcept {
  if (!torn_since_ || decided_ || lost_) return std::nullopt;
  std::optional<monotonic_time> out;
  if (!doubts()) out = changed_ + settings_.stable_after;
  if (settings_.unstable_limit == duration::zero()) return out;
  const auto limit = *torn_since_ + settings_.stable_after + settings_.unstable_limit;
  return out ? std::min(*out, limit) : limit;
}

std::optional<split_brain_decision> split_brain_resolver::decide(monotonic_time now) {
  const auto at = due();
  if (!at || now < *at) return std::nullopt;
  decided_ = true;
  split_brain_decision out;
  if (now < changed_ + settings_.stable_after) {
    out.reason = "the view of the cluster does not hold still, so no side knows what the other one sees";
  } else {
    auto seen = members_;
    for (auto& each : seen)
      each.reachable = each.reachable && !each.doubted;
    auto verdict = judge(settings_.rules, seen);
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
