// Is a history linearizable: can each operation be given one moment between its call and its answer at which
// it took effect, so that all answers are those of one object that did one thing at a time?
//
//   CHECK(troupe::linearizable(history, troupe::key_value_model{}));   // Catch prints the explanation
//
// Herlihy and Wing, "Linearizability: a correctness condition for concurrent objects", 1990. The search is
// Wing and Gong's with Lowe's memory of what was tried ("Testing for linearizability", 2017), for each part
// of a partitioned model on its own (Horn and Kroening, "Faster linearizability checking via
// P-compositionality", 2015).
#pragma once

#include "runtime/linearizability/checked_partition.hpp"
#include "runtime/linearizability/history.hpp"
#include "runtime/linearizability/model.hpp"
#include "runtime/linearizability/taking_order.hpp"

#include <boost/unordered/unordered_flat_map.hpp>

#include <cstdint>
#include <iosfwd>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

namespace troupe {

enum class linearizability_verdict : std::uint8_t {
  linearizable,
  not_linearizable,
  unknown, // the limits were reached first, or the history has a hole
};

// "linearizable", "not linearizable", "unknown".
std::string_view to_string(linearizability_verdict verdict) noexcept;

// How much work a check may take. Counted, not timed: the same history gets the same verdict on every
// machine. Within them a part gets what the parts before it (the smaller ones) left, divided by the parts to
// come.
struct linearizability_limits {
  // Questions to the model, at least 1: a few millions a second.
  std::uint64_t max_steps = 20'000'000;
  // States and points of the search that are remembered at a time, at least 1. A point takes about 60 bytes,
  // and more the more operations overlap; a state what the model's state takes.
  std::uint64_t max_remembered = 2'000'000;
};

// One of the longest orders that the answers allow.
struct linearizable_prefix {
  std::vector<operation_number> order; // oldest first
  std::string state;                   // the model's state after them
  // The completed operations that could come next by their times, and are refused in that state.
  std::vector<operation_number> refused;
};

// Why a history is not linearizable.
struct linearizability_counterexample {
  std::string partition; // the part it is in; empty when the model has no parts
  // The first answer, by its time, that has no place: all answers before it fit together, and with it nothing
  // does (the answers of operations that overlap it taken into account).
  operation_number blocked;
  std::vector<linearizable_prefix> prefixes; // 1 to 3, with different states, the longest first
};

struct linearizability_report {
  linearizability_verdict verdict = linearizability_verdict::unknown;
  std::uint64_t steps = 0;    // questions to the model
  std::size_t operations = 0; // of the history, failed ones included
  std::size_t partitions = 0;
  // not_linearizable: the counterexample, in the smallest part that has one.
  linearizability_counterexample counterexample;
  // linearizable: for each part, by its first call, an order that explains the answers. Operations that were
  // left open appear when they must have happened.
  std::vector<std::vector<operation_number>> witnesses;
  // For people: one line when linearizable; otherwise what is wrong, with a timeline; when the limits were
  // reached, how far the search came.
  std::string text;

  // Proven right; a check that gave up is not a pass.
  explicit operator bool() const noexcept { return verdict == linearizability_verdict::linearizable; }
};

// Writes the text.
std::ostream& operator<<(std::ostream& out, const linearizability_report& report);

namespace detail {

// The part of a history with one key of a model.
template <sequential_model Model>
class model_partition final : public checked_partition {
public:
  using operation = typename history_of<Model>::operation;

  // Both must outlive this.
  model_partition(const Model& model, const std::vector<operation>& all, std::string name)
    : model_(model), all_(all), name_(std::move(name)) {}

  void add(std::uint32_t index) {
    const auto& one = all_[index];
    const bool completed = one.outcome == operation_outcome::completed;
    operations_.push_back({operation_number{index}, one.client, one.called, one.ended, completed});
  }

  // After the last add().
  void complete() {
    if constexpr (holding_model<Model>) note_needs();
  }

  const std::string& name() const noexcept override { return name_; }
  const std::vector<checked_operation>& operations() const noexcept override { return operations_; }
  std::uint32_t initial_state() override { return number_of(model_.initial()); }
  std::optional<std::uint32_t> step(std::uint32_t state, std::uint32_t position) override {
    const auto& one = at(position);
    auto after = model_.step(*states_[state], one.input, output_of(one));
    if (!after) return std::nullopt;
    if (*after == *states_[state]) return state;
    return number_of(std::move(*after));
  }
  std::size_t states() const noexcept override { return states_.size(); }
  bool read_only(std::uint32_t position) const override {
    if constexpr (read_only_model<Model>)
      return at(position).output && model_.read_only(at(position).input, *at(position).output);
    else
      return false;
  }
  bool same_input(std::uint32_t a, std::uint32_t b) const override {
    if constexpr (std::equality_comparable<typename Model::input_type>)
      return at(a).input == at(b).input;
    else
      return false;
  }
  std::optional<std::uint64_t> needed_by(std::uint32_t position) const override {
    if constexpr (holding_model<Model>) return needed_by_[position];
    return std::nullopt;
  }
  std::string describe_operation(std::uint32_t position) const override {
    return model_.describe(at(position).input, output_of(at(position)));
  }
  std::string describe_state(std::uint32_t state) const override { return model_.describe(*states_[state]); }

private:
  using state_type = typename Model::state_type;

  const operation& at(std::uint32_t position) const { return all_[operations_[position].number.value()]; }
  static const typename Model::output_type* output_of(const operation& one) {
    return one.output ? &*one.output : nullptr;
  }

  std::uint32_t number_of(state_type state) {
    const auto [found, is_new] =
      numbers_.try_emplace(std::move(state), static_cast<std::uint32_t>(states_.size()));
    if (is_new) states_.push_back(&found->first);
    return found->second;
  }

  // Of equal things the first one out is taken for the first one in.
  void note_needs() {
    constexpr auto never = history_moment::never().event;
    std::unordered_map<std::string, std::vector<std::uint32_t>> takes; // of a name, in the order of the calls
    for (std::uint32_t i = 0; i < operations_.size(); ++i) {
      needed_by_.push_back(std::uint64_t{operations_[i].ended.event} << 32U);
      if (const auto* const output = output_of(at(i)))
        if (const auto name = model_.takes(at(i).input, *output)) takes[*name].push_back(i);
    }
    std::unordered_map<std::string, std::size_t> seen;
    std::vector<taken_thing> things;
    std::vector<std::uint32_t> put_by;
    for (std::uint32_t i = 0; i < operations_.size(); ++i) {
      const auto name = model_.puts(at(i).input);
      if (!name) continue;
      taken_thing one{operations_[i].called.event, operations_[i].ended.event, never, never};
      const auto which = seen[*name]++;
      if (const auto found = takes.find(*name); found != takes.end() && which < found->second.size()) {
        const auto& take = operations_[found->second[which]];
        one.take_called = take.called.event;
        one.take_ended = take.ended.event;
      }
      things.push_back(one);
      put_by.push_back(i);
    }
    const auto needs = order_of_need(things);
    for (std::size_t i = 0; i < needs.size(); ++i)
      needed_by_[put_by[i]] = needs[i];
  }

  const Model& model_;
  const std::vector<operation>& all_;
  std::string name_;
  std::vector<checked_operation> operations_;
  std::unordered_map<state_type, std::uint32_t, boost::hash<state_type>>
    numbers_; // its keys stay where they are
  std::vector<const state_type*> states_;
  std::vector<std::uint64_t> needed_by_;
};

// Takes the parts in the order of their first calls.
linearizability_report check_partitions(std::vector<std::unique_ptr<checked_partition>> parts,
                                        std::size_t operations, const linearizability_limits& limits);

// The report on a history that could not be recorded.
linearizability_report refuse_history(const status& problem, std::size_t operations);

} // namespace detail

// Checks a history against a model. Pure and deterministic; may run for seconds and take some hundred MB
// within the default limits when many operations overlap or were left open, and next to nothing when few do.
template <sequential_model Model>
linearizability_report linearizable(const history_of<Model>& what, const Model& model,
                                    const linearizability_limits& limits = {}) {
  const auto& all = what.operations();
  if (!what.problem().ok()) return detail::refuse_history(what.problem(), all.size());
  using part_type = detail::model_partition<Model>;
  std::vector<std::unique_ptr<part_type>> parts; // in the order of their first calls
  boost::unordered_flat_map<std::string, part_type*> part_of;
  for (std::uint32_t i = 0; i < all.size(); ++i) {
    if (all[i].outcome == operation_outcome::failed) continue;
    std::string name;
    if constexpr (partitioned_model<Model>) name = model.partition(all[i].input);
    auto& part = part_of[name];
    if (part == nullptr) {
      auto made = std::make_unique<part_type>(model, all, std::move(name));
      part = made.get();
      parts.push_back(std::move(made));
    }
    part->add(i);
  }
  std::vector<std::unique_ptr<checked_partition>> complete;
  complete.reserve(parts.size());
  for (auto& part : parts) {
    part->complete();
    complete.push_back(std::move(part));
  }
  return detail::check_partitions(std::move(complete), all.size(), limits);
}

} // namespace troupe
