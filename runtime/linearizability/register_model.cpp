#include "runtime/linearizability/register_model.hpp"

#include "runtime/linearizability/describe.hpp"

namespace troupe {

register_input register_input::read() { return {}; }
register_input register_input::write(cell_value value) { return {kind::write, {}, std::move(value)}; }
register_input register_input::compare_and_set(cell_value expected, cell_value value) {
  return {kind::compare_and_set, std::move(expected), std::move(value)};
}

register_output register_output::read(cell_value value) { return {std::move(value), true}; }
register_output register_output::written() { return {}; }
register_output register_output::compared(bool done) { return {{}, done}; }

register_model::register_model(cell_value first) : first_(std::move(first)) {}

cell_value register_model::initial() const { return first_; }

std::optional<cell_value> register_model::step(const cell_value& state, const register_input& input,
                                               const register_output* output) const {
  switch (input.what) {
  case register_input::kind::read:
    if (output != nullptr && output->value != state) return std::nullopt;
    return state;
  case register_input::kind::write:
    return input.value;
  case register_input::kind::compare_and_set: {
    const bool equal = state == input.expected;
    if (output != nullptr && output->done != equal) return std::nullopt;
    return equal ? input.value : state;
  }
  }
  return std::nullopt;
}

bool register_model::read_only(const register_input& input, const register_output& output) const {
  return input.what == register_input::kind::read
         || (input.what == register_input::kind::compare_and_set && !output.done);
}

std::string register_model::describe(const register_input& input, const register_output* output) const {
  switch (input.what) {
  case register_input::kind::read:
    return output == nullptr ? "read" : "read -> " + describe_cell(output->value);
  case register_input::kind::write:
    return "write " + describe_cell(input.value);
  case register_input::kind::compare_and_set:
    return "cas " + describe_cell(input.expected) + " " + describe_cell(input.value)
           + (output == nullptr ? "" : describe_answer(output->done));
  }
  return {};
}

std::string register_model::describe(const cell_value& state) const { return describe_cell(state); }

} // namespace troupe
