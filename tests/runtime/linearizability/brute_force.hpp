// Linearizability by its definition: every order that the times allow is tried on the object itself. Nothing
// is remembered and nothing is left out, so it is slow, and right.
#pragma once

#include "runtime/linearizability/linearizability.hpp"
#include "runtime/linearizability/set_model.hpp"

#include <algorithm>
#include <cstdint>
#include <optional>
#include <string>
#include <type_traits>
#include <vector>

namespace sequential {

// Whether an object's own answer is the one that was recorded. A set's answer may have been left untold.
template <class Output>
bool agrees(const Output& told, const Output& real) {
  if constexpr (std::is_same_v<Output, troupe::set_output>)
    return !told.answer || told == real;
  else
    return told == real;
}

template <class Object>
class brute_force {
public:
  using operation = typename troupe::history_of<typename Object::model>::operation;

  // Only what ended up to event number `until` must be placed. What was called by then and ended later may
  // be, with the answer that it got.
  explicit brute_force(const std::vector<operation>& all, std::uint32_t until = 0xffff'ffff) {
    for (const auto& one : all) {
      if (one.outcome == troupe::operation_outcome::failed || one.called.event > until) continue;
      operations_.push_back(one);
      required_.push_back(one.output && one.ended.event <= until);
    }
    used_.resize(operations_.size());
  }

  bool linearizable() { return any_order(Object{}); }

private:
  bool any_order(const Object& object) {
    bool done = true;
    // What was answered first bounds what may come next.
    std::uint32_t first_end = 0xffff'ffff;
    for (std::size_t i = 0; i < operations_.size(); ++i) {
      if (used_[i] || !required_[i]) continue;
      done = false;
      first_end = std::min(first_end, operations_[i].ended.event);
    }
    if (done) return true;
    for (std::size_t i = 0; i < operations_.size(); ++i) {
      const auto& one = operations_[i];
      if (used_[i] || one.called.event > first_end) continue;
      auto after = object;
      const auto answer = after.apply(one.input);
      if (one.output && !agrees(*one.output, answer)) continue;
      used_[i] = true;
      const bool found = any_order(after);
      used_[i] = false;
      if (found) return true;
    }
    return false;
  }

  std::vector<operation> operations_;
  std::vector<bool> required_;
  std::vector<bool> used_;
};

// The operations that an object's part holds.
template <class Object>
auto part_of(const troupe::history_of<typename Object::model>& history, const std::string& name) {
  std::vector<typename brute_force<Object>::operation> out;
  for (const auto& one : history.operations())
    if (Object::part_of(one.input) == name) out.push_back(one);
  return out;
}

// The operation whose answer is the first, by time, that cannot be explained together with those before it;
// nothing when all can.
template <class Object>
std::optional<typename brute_force<Object>::operation>
first_unexplained(std::vector<typename brute_force<Object>::operation> all) {
  std::sort(all.begin(), all.end(),
            [](const auto& a, const auto& b) { return a.ended.event < b.ended.event; });
  for (const auto& one : all)
    if (one.output && !brute_force<Object>{all, one.ended.event}.linearizable()) return one;
  return std::nullopt;
}

// Whether an order is one that the times allow and that gives all the answers; `complete`: no answer is left
// out.
template <class Object>
bool explains(const troupe::history_of<typename Object::model>& history,
              const std::vector<troupe::operation_number>& order,
              const std::vector<typename brute_force<Object>::operation>& part, bool complete) {
  const auto& all = history.operations();
  Object object;
  std::uint32_t latest_call = 0;
  std::vector<bool> used(all.size());
  for (const auto number : order) {
    const auto& one = all.at(number.value());
    if (used[number.value()] || one.outcome == troupe::operation_outcome::failed) return false;
    used[number.value()] = true;
    if (one.ended.event < latest_call) return false; // it ended before one that stands before it was called
    latest_call = std::max(latest_call, one.called.event);
    const auto answer = object.apply(one.input);
    if (one.output && !agrees(*one.output, answer)) return false;
  }
  for (const auto& one : part) {
    if (!one.output) continue;
    const auto placed =
      std::any_of(order.begin(), order.end(), [&](auto n) { return all[n.value()].called == one.called; });
    if (!placed && (complete || one.ended.event < latest_call)) return false;
  }
  return true;
}

} // namespace sequential
