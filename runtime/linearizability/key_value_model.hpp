// A key-value store: each key is a register of its own that can also be deleted and appended to.
#pragma once

#include "runtime/linearizability/register_model.hpp"

#include <cstdint>
#include <optional>
#include <string>

namespace troupe {

struct key_value_input {
  enum class kind : std::uint8_t { get, put, remove, append, compare_and_set };
  kind what = kind::get;
  std::string key;
  cell_value expected; // compare_and_set only; nil: the key must be absent
  std::string value;   // put, append, compare_and_set

  static key_value_input get(std::string key);
  static key_value_input put(std::string key, std::string value);
  // Deletes the key; no effect when it is absent.
  static key_value_input remove(std::string key);
  // Appends to what is there; an absent key counts as an empty text.
  static key_value_input append(std::string key, std::string value);
  static key_value_input compare_and_set(std::string key, cell_value expected, std::string value);

  bool operator==(const key_value_input&) const = default;
};

struct key_value_output {
  cell_value value; // get only; nil: the key is absent
  bool done = true; // compare_and_set: whether it set; always true for the others

  static key_value_output got(cell_value value);
  // put, remove or append is done.
  static key_value_output stored();
  static key_value_output compared(bool done);

  bool operator==(const key_value_output&) const = default;
};

// Every key is absent at first. Partitioned by key.
class key_value_model {
public:
  using input_type = key_value_input;
  using output_type = key_value_output;
  using state_type = cell_value; // of one key

  state_type initial() const;
  std::optional<state_type> step(const state_type& state, const input_type& input,
                                 const output_type* output) const;
  std::string partition(const input_type& input) const;
  bool read_only(const input_type& input, const output_type& output) const;
  std::string describe(const input_type& input, const output_type* output) const;
  std::string describe(const state_type& state) const;
};

} // namespace troupe
