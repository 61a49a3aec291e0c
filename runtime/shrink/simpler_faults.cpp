#include "runtime/shrink/simpler_faults.hpp"

#include <algorithm>
#include <array>
#include <cmath>

namespace troupe {

namespace {

using namespace std::chrono_literals;

constexpr duration shortest_span = 1ms;
constexpr duration smallest_amount = 1us;
constexpr double smallest_chance = 0.001;
constexpr std::int64_t broadest = 1'000'000'000;

// The value with its first digit only: 1'234'567 -> 1'000'000. Never larger in size than the value.
constexpr std::int64_t first_digit_of(std::int64_t value) noexcept {
  std::int64_t power = 1;
  const auto size = value < 0 ? -value : value;
  while (size / power >= 10)
    power *= 10;
  return value / power * power;
}

// Smaller values of the same sign, smallest first: a tenth, a half, and what is left when only rounded.
std::vector<std::int64_t> smaller(std::int64_t value, std::int64_t least) {
  std::vector<std::int64_t> out;
  for (const auto each : {first_digit_of(value / 10), first_digit_of(value / 2), first_digit_of(value)}) {
    const bool less = value < 0 ? each > value && each <= -least : each < value && each >= least;
    if (less && (out.empty() || out.back() != each)) out.push_back(each);
  }
  return out;
}

class candidates {
public:
  explicit candidates(const fault_event& event) : event_(event) {}

  std::vector<fault_event> make() {
    // The steady form of what comes and goes.
    if (event_.kind == fault_kind::partition_flapping)
      add([](auto& to) {
        to.kind = fault_kind::partition;
        to.amount = {};
      });
    fewer(&fault_event::nodes);
    fewer(&fault_event::others);
    for (const auto each : smaller(event_.span.count(), shortest_span.count()))
      add([&](auto& to) { to.span = duration{each}; });
    gentler_chance();
    for (const auto each : smaller(event_.amount.count(), smallest_amount.count()))
      add([&](auto& to) { to.amount = duration{each}; });
    gentler_number();
    rounder_time();
    return std::move(out_);
  }

private:
  void add(const auto& change) {
    auto made = event_;
    change(made);
    out_.push_back(std::move(made));
  }

  // One of them, then all but one. "All" has no names that could be taken away.
  void fewer(std::vector<std::string> fault_event::*names) {
    const auto& now = event_.*names;
    if (now.size() < 2) return;
    for (const auto& each : now)
      add([&](auto& to) { to.*names = {each}; });
    if (now.size() == 2) return;
    for (std::size_t i = 0; i < now.size(); ++i)
      add([&](auto& to) { (to.*names).erase((to.*names).begin() + static_cast<std::ptrdiff_t>(i)); });
  }

  void gentler_chance() {
    // In thousandths, so that the same arithmetic does; a chance that is not whole thousandths becomes so.
    const auto now = static_cast<std::int64_t>(std::floor(event_.chance / smallest_chance));
    for (const auto each : smaller(now, 1))
      add([&](auto& to) { to.chance = static_cast<double>(each) / 1000.0; });
  }

  void gentler_number() {
    if (event_.kind != fault_kind::narrow) {
      for (const auto each : smaller(event_.number, 1))
        add([&](auto& to) { to.number = each; });
      return;
    }
    if (event_.number < broadest / 10) add([](auto& to) { to.number = first_digit_of(to.number) * 10; });
  }

  // Earlier, to a whole unit; what is whole in a unit stays so.
  void rounder_time() {
    for (const duration unit : std::array<duration, 4>{10s, 1s, 100ms, 1ms})
      if (event_.at % unit != duration::zero()) add([&](auto& to) { to.at -= to.at % unit; });
  }

  const fault_event& event_;
  std::vector<fault_event> out_;
};

} // namespace

std::vector<fault_event> simpler_faults(const fault_event& event) {
  auto out = candidates{event}.make();
  std::erase_if(out, [&](const fault_event& each) { return each == event || !validate({{each}}).ok(); });
  return out;
}

} // namespace troupe
