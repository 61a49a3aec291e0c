// A set of texts: add, remove, contains.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

namespace troupe {

struct set_input {
  enum class kind : std::uint8_t { add, remove, contains };
  kind what = kind::contains;
  std::string element;

  static set_input add(std::string element);
  static set_input remove(std::string element);
  static set_input contains(std::string element);

  bool operator==(const set_input&) const = default;
};

// add: whether the element is new; remove: whether it was there; contains: whether it is there. Nothing when
// the service only says that it is done.
struct set_output {
  std::optional<bool> answer;

  static set_output done();
  static set_output of(bool answer);

  bool operator==(const set_output&) const = default;
};

// Empty at first. Partitioned by element.
class set_model {
public:
  using input_type = set_input;
  using output_type = set_output;
  using state_type = bool; // whether the one element is in the set

  state_type initial() const;
  std::optional<state_type> step(const state_type& state, const input_type& input,
                                 const output_type* output) const;
  std::string partition(const input_type& input) const;
  bool read_only(const input_type& input, const output_type& output) const;
  std::string describe(const input_type& input, const output_type* output) const;
  std::string describe(const state_type& state) const;
};

} // namespace troupe
