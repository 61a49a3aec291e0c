#include "runtime/linearizability/set_model.hpp"

#include "runtime/linearizability/describe.hpp"

namespace troupe {

set_input set_input::add(std::string element) { return {kind::add, std::move(element)}; }
set_input set_input::remove(std::string element) { return {kind::remove, std::move(element)}; }
set_input set_input::contains(std::string element) { return {kind::contains, std::move(element)}; }

set_output set_output::done() { return {}; }
set_output set_output::of(bool answer) { return {answer}; }

bool set_model::initial() const { return false; }

std::optional<bool> set_model::step(const bool& state, const set_input& input,
                                    const set_output* output) const {
  const bool changes =
    input.what == set_input::kind::contains ? false : state != (input.what == set_input::kind::add);
  const bool answer = input.what == set_input::kind::contains ? state : changes;
  if (output != nullptr && output->answer && *output->answer != answer) return std::nullopt;
  return changes ? !state : state;
}

std::string set_model::partition(const set_input& input) const { return input.element; }

bool set_model::read_only(const set_input& input, const set_output& output) const {
  // An add of what is there, and a remove of what is not, change nothing.
  return input.what == set_input::kind::contains || output.answer == false;
}

std::string set_model::describe(const set_input& input, const set_output* output) const {
  static constexpr const char* names[] = {"add ", "remove ", "contains "};
  auto out = names[static_cast<std::size_t>(input.what)] + describe_text(input.element);
  if (output != nullptr && output->answer) out += describe_answer(*output->answer);
  return out;
}

std::string set_model::describe(const bool& state) const { return state ? "present" : "absent"; }

} // namespace troupe
