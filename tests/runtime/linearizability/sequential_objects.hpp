// The objects themselves, written apart from the models: what a service would do that has one client. They
// answer what a model may only judge.
#pragma once

#include "runtime/linearizability/key_value_model.hpp"
#include "runtime/linearizability/queue_model.hpp"
#include "runtime/linearizability/register_model.hpp"
#include "runtime/linearizability/set_model.hpp"

#include <cstdint>
#include <deque>
#include <map>
#include <set>
#include <string>
#include <tuple>

namespace sequential {

// Few different values, so that a wrong answer is often one that another order would explain.
inline std::string small_text(unsigned value) { return std::to_string(value % 3); }
inline troupe::cell_value small_cell(unsigned value) {
  return value % 4 == 3 ? troupe::cell_value{} : troupe::cell_value{small_text(value)};
}

class register_object {
public:
  using model = troupe::register_model;

  troupe::register_output apply(const troupe::register_input& input) {
    using kind = troupe::register_input::kind;
    if (input.what == kind::read) return troupe::register_output::read(value_);
    if (input.what == kind::compare_and_set && value_ != input.expected)
      return troupe::register_output::compared(false);
    value_ = input.value;
    return troupe::register_output::written();
  }
  static troupe::register_input any_input(unsigned choice, unsigned value) {
    if (choice % 5 < 2) return troupe::register_input::read();
    if (choice % 5 < 4) return troupe::register_input::write(small_cell(value));
    return troupe::register_input::compare_and_set(small_cell(value / 4), small_cell(value));
  }
  static troupe::register_output corrupt(const troupe::register_input& input, troupe::register_output output,
                                         unsigned value) {
    if (input.what == troupe::register_input::kind::read)
      output.value = small_cell(value);
    else if (input.what == troupe::register_input::kind::compare_and_set)
      output.done = !output.done;
    return output;
  }
  static std::string part_of(const troupe::register_input&) { return ""; }

private:
  troupe::cell_value value_;
};

class key_value_object {
public:
  using model = troupe::key_value_model;

  troupe::key_value_output apply(const troupe::key_value_input& input) {
    using kind = troupe::key_value_input::kind;
    const auto found = all_.find(input.key);
    const auto now = found == all_.end() ? troupe::cell_value{} : troupe::cell_value{found->second};
    switch (input.what) {
    case kind::get:
      return troupe::key_value_output::got(now);
    case kind::put:
      all_[input.key] = input.value;
      break;
    case kind::remove:
      all_.erase(input.key);
      break;
    case kind::append:
      all_[input.key] += input.value;
      break;
    case kind::compare_and_set:
      if (now != input.expected) return troupe::key_value_output::compared(false);
      all_[input.key] = input.value;
      break;
    }
    return troupe::key_value_output::stored();
  }
  static troupe::key_value_input any_input(unsigned choice, unsigned value) {
    const std::string key = value / 16 % 3 == 0 ? "y" : "x";
    switch (choice % 8) {
    case 0:
    case 1:
    case 2:
      return troupe::key_value_input::get(key);
    case 3:
    case 4:
      return troupe::key_value_input::put(key, small_text(value));
    case 5:
      return troupe::key_value_input::append(key, small_text(value));
    case 6:
      return troupe::key_value_input::remove(key);
    default:
      return troupe::key_value_input::compare_and_set(key, small_cell(value / 4), small_text(value));
    }
  }
  static troupe::key_value_output corrupt(const troupe::key_value_input& input,
                                          troupe::key_value_output output, unsigned value) {
    if (input.what == troupe::key_value_input::kind::get)
      output.value = small_cell(value);
    else if (input.what == troupe::key_value_input::kind::compare_and_set)
      output.done = !output.done;
    return output;
  }
  static std::string part_of(const troupe::key_value_input& input) { return input.key; }

private:
  std::map<std::string, std::string> all_;
};

class queue_object {
public:
  using model = troupe::queue_model;

  troupe::queue_output apply(const troupe::queue_input& input) {
    if (input.what == troupe::queue_input::kind::enqueue) {
      all_.push_back(input.value);
      return troupe::queue_output::enqueued();
    }
    if (all_.empty()) return troupe::queue_output::empty();
    auto out = troupe::queue_output::dequeued(all_.front());
    all_.pop_front();
    return out;
  }
  static troupe::queue_input any_input(unsigned choice, unsigned value) {
    return choice % 5 < 3 ? troupe::queue_input::dequeue() : troupe::queue_input::enqueue(small_text(value));
  }
  static troupe::queue_output corrupt(const troupe::queue_input& input, troupe::queue_output output,
                                      unsigned value) {
    if (input.what == troupe::queue_input::kind::dequeue) output.value = small_cell(value);
    return output;
  }
  static std::string part_of(const troupe::queue_input&) { return ""; }

private:
  std::deque<std::string> all_;
};

class set_object {
public:
  using model = troupe::set_model;

  troupe::set_output apply(const troupe::set_input& input) {
    switch (input.what) {
    case troupe::set_input::kind::add:
      return troupe::set_output::of(all_.insert(input.element).second);
    case troupe::set_input::kind::remove:
      return troupe::set_output::of(all_.erase(input.element) == 1);
    case troupe::set_input::kind::contains:
      break;
    }
    return troupe::set_output::of(all_.count(input.element) == 1);
  }
  static troupe::set_input any_input(unsigned choice, unsigned value) {
    const std::string element = value % 3 == 0 ? "b" : "a";
    if (choice % 3 == 0) return troupe::set_input::add(element);
    return choice % 3 == 1 ? troupe::set_input::remove(element) : troupe::set_input::contains(element);
  }
  static troupe::set_output corrupt(const troupe::set_input&, troupe::set_output output, unsigned value) {
    if (value % 4 == 0) return troupe::set_output::done();
    return troupe::set_output::of(!output.answer.value_or(false));
  }
  static std::string part_of(const troupe::set_input& input) { return input.element; }

private:
  std::set<std::string> all_;
};

using all_objects = std::tuple<register_object, key_value_object, queue_object, set_object>;

} // namespace sequential
