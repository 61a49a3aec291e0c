#include "runtime/linearizability/queue_model.hpp"

#include "runtime/linearizability/describe.hpp"

namespace troupe {

namespace {
// The values of a state that are written out; of more, only how many there are.
constexpr std::size_t most_values_shown = 8;
} // namespace

queue_input queue_input::enqueue(std::string value) { return {kind::enqueue, std::move(value)}; }
queue_input queue_input::dequeue() { return {}; }

queue_output queue_output::enqueued() { return {}; }
queue_output queue_output::dequeued(std::string value) { return {std::move(value)}; }
queue_output queue_output::empty() { return {}; }

queue_model::state_type queue_model::initial() const { return {}; }

std::optional<queue_state> queue_model::step(const queue_state& state, const queue_input& input,
                                             const queue_output* output) const {
  if (input.what == queue_input::kind::enqueue) return state.pushed(input.value);
  if (output != nullptr) {
    if (output->value.has_value() == state.empty()) return std::nullopt;
    if (output->value && *output->value != state.front()) return std::nullopt;
  }
  return state.empty() ? state : state.popped();
}

bool queue_model::read_only(const queue_input& input, const queue_output& output) const {
  return input.what == queue_input::kind::dequeue && !output.value;
}

std::optional<std::string> queue_model::puts(const queue_input& input) const {
  if (input.what == queue_input::kind::enqueue) return input.value;
  return std::nullopt;
}

std::optional<std::string> queue_model::takes(const queue_input&, const queue_output& output) const {
  return output.value;
}

std::string queue_model::describe(const queue_input& input, const queue_output* output) const {
  if (input.what == queue_input::kind::enqueue) return "enqueue " + describe_text(input.value);
  if (output == nullptr) return "dequeue";
  return "dequeue -> " + (output->value ? describe_text(*output->value) : "empty");
}

std::string queue_model::describe(const state_type& state) const {
  std::string out = "[";
  const auto shown = state.first(most_values_shown);
  for (std::size_t i = 0; i < shown.size(); ++i)
    out += (i == 0 ? "" : " ") + describe_text(shown[i]);
  if (state.size() > shown.size()) out += " and " + std::to_string(state.size() - shown.size()) + " more";
  return out + "]";
}

} // namespace troupe
