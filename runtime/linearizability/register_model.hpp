// A register: one value that is read, written, and compared and set.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

namespace troupe {

// What a cell holds: any text, or nothing (nil).
using cell_value = std::optional<std::string>;

struct register_input {
  enum class kind : std::uint8_t { read, write, compare_and_set };
  kind what = kind::read;
  cell_value expected; // compare_and_set only
  cell_value value;    // write, and what compare_and_set sets

  static register_input read();
  static register_input write(cell_value value);
  static register_input compare_and_set(cell_value expected, cell_value value);

  bool operator==(const register_input&) const = default;
};

struct register_output {
  cell_value value; // read only
  bool done = true; // compare_and_set: whether it set; always true for the others

  static register_output read(cell_value value);
  static register_output written();
  // `done` false: the value was another one than expected. That is an answer, not a failed operation.
  static register_output compared(bool done);

  bool operator==(const register_output&) const = default;
};

class register_model {
public:
  using input_type = register_input;
  using output_type = register_output;
  using state_type = cell_value;

  // `first` is what the register holds before anybody writes.
  explicit register_model(cell_value first = std::nullopt);

  state_type initial() const;
  std::optional<state_type> step(const state_type& state, const input_type& input,
                                 const output_type* output) const;
  bool read_only(const input_type& input, const output_type& output) const;
  std::string describe(const input_type& input, const output_type* output) const;
  std::string describe(const state_type& state) const;

private:
  cell_value first_;
};

} // namespace troupe
