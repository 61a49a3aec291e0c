#include "runtime/linearizability/key_value_model.hpp"

#include "runtime/linearizability/describe.hpp"

namespace troupe {

using kind = key_value_input::kind;

key_value_input key_value_input::get(std::string key) { return {kind::get, std::move(key), {}, {}}; }
key_value_input key_value_input::put(std::string key, std::string value) {
  return {kind::put, std::move(key), {}, std::move(value)};
}
key_value_input key_value_input::remove(std::string key) { return {kind::remove, std::move(key), {}, {}}; }
key_value_input key_value_input::append(std::string key, std::string value) {
  return {kind::append, std::move(key), {}, std::move(value)};
}
key_value_input key_value_input::compare_and_set(std::string key, cell_value expected, std::string value) {
  return {kind::compare_and_set, std::move(key), std::move(expected), std::move(value)};
}

key_value_output key_value_output::got(cell_value value) { return {std::move(value), true}; }
key_value_output key_value_output::stored() { return {}; }
key_value_output key_value_output::compared(bool done) { return {{}, done}; }

cell_value key_value_model::initial() const { return std::nullopt; }

std::optional<cell_value> key_value_model::step(const cell_value& state, const key_value_input& input,
                                                const key_value_output* output) const {
  switch (input.what) {
  case kind::get:
    if (output != nullptr && output->value != state) return std::nullopt;
    return state;
  case kind::put:
    return cell_value{input.value};
  case kind::remove:
    return cell_value{};
  case kind::append:
    return cell_value{state.value_or("") + input.value};
  case kind::compare_and_set: {
    const bool equal = state == input.expected;
    if (output != nullptr && output->done != equal) return std::nullopt;
    return equal ? cell_value{input.value} : state;
  }
  }
  return std::nullopt;
}

std::string key_value_model::partition(const key_value_input& input) const { return input.key; }

bool key_value_model::read_only(const key_value_input& input, const key_value_output& output) const {
  return input.what == kind::get || (input.what == kind::compare_and_set && !output.done);
}

std::string key_value_model::describe(const key_value_input& input, const key_value_output* output) const {
  const auto key = describe_text(input.key);
  switch (input.what) {
  case kind::get:
    return "get " + key + (output == nullptr ? "" : " -> " + describe_cell(output->value));
  case kind::put:
    return "put " + key + " " + describe_text(input.value);
  case kind::remove:
    return "delete " + key;
  case kind::append:
    return "append " + key + " " + describe_text(input.value);
  case kind::compare_and_set:
    return "cas " + key + " " + describe_cell(input.expected) + " " + describe_text(input.value)
           + (output == nullptr ? "" : describe_answer(output->done));
  }
  return {};
}

std::string key_value_model::describe(const cell_value& state) const { return describe_cell(state); }

} // namespace troupe
