#include "runtime/probe/probe.hpp"

#include <algorithm>
#include <atomic>
#include <tuple>

namespace troupe {
namespace {

// Constant-initialized: sites of other files register before this file's own initialization could run.
constinit std::atomic<const probe_detail::registration*> last_registered{nullptr};

auto order_of(const probe_site& site) { return std::tie(site.kind, site.text, site.file, site.line); }

} // namespace

std::string_view to_string(probe_kind kind) noexcept {
  switch (kind) {
  case probe_kind::buggify:
    return "buggify";
  case probe_kind::planted_bug:
    return "planted_bug";
  case probe_kind::always:
    return "always";
  case probe_kind::sometimes:
    return "sometimes";
  case probe_kind::unreachable:
    return "unreachable";
  }
  return "unknown";
}

scoped_probe_listener::scoped_probe_listener(probe_listener& listener) noexcept
  : before_(probe_detail::listener) {
  probe_detail::listener = &listener;
}

scoped_probe_listener::~scoped_probe_listener() { probe_detail::listener = before_; }

probe_listener* current_probe_listener() noexcept { return probe_detail::listener; }

std::vector<probe_site> registered_probe_sites() {
  std::vector<probe_site> out;
  for (auto* one = last_registered.load(std::memory_order_acquire); one != nullptr; one = one->next)
    out.push_back(one->site);
  std::sort(out.begin(), out.end(),
            [](const probe_site& a, const probe_site& b) { return order_of(a) < order_of(b); });
  const auto same = [](const probe_site& a, const probe_site& b) { return order_of(a) == order_of(b); };
  out.erase(std::unique(out.begin(), out.end(), same), out.end());
  return out;
}

probe_detail::registration::registration(const probe_site& site) noexcept : site(site) {
  // A library that is loaded later registers while other threads run.
  next = last_registered.load(std::memory_order_relaxed);
  while (!last_registered.compare_exchange_weak(next, this, std::memory_order_release,
                                                std::memory_order_relaxed)) {
  }
}

} // namespace troupe
