// A YAML document as a tree that knows where each part stands, within limits: for this component, and for
// readers of files that are no settings. Keeps yaml-cpp out of the rest.
#pragma once

#include "runtime/core/result.hpp"

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace troupe {

inline constexpr std::size_t max_yaml_bytes = 1024 * 1024;
inline constexpr std::size_t max_yaml_depth = 32;
inline constexpr std::size_t max_yaml_nodes = 20'000; // aliases count as often as they are used

struct text_position {
  int line = 1; // both from 1
  int column = 1;

  bool operator==(const text_position&) const = default;
};

struct yaml_entry;

struct yaml_node {
  enum class type : std::uint8_t { null, scalar, sequence, mapping };
  type kind = type::null;
  text_position at;
  std::string text;                // scalar
  std::vector<yaml_node> items;    // sequence
  std::vector<yaml_entry> entries; // mapping, in the order of the document; keys may repeat
};

struct yaml_entry {
  std::string key;
  text_position at;
  yaml_node value;
};

// What is wrong and where; a result<> would lose the position.
struct yaml_error {
  text_position at;
  std::string message;
};

// Reads one document. An empty text gives a null node. Anchors and aliases are followed; tags, merge keys
// (<<), keys that are not scalars, and further documents are errors.
boost::system::result<yaml_node, yaml_error> parse_yaml(std::string_view text);

} // namespace troupe
