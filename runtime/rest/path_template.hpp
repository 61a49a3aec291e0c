// Path templates of google.api.http (see proto/google/api/http.proto for their grammar): parsed, and shown
// again.
#pragma once

#include "runtime/core/result.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace troupe {

// Bounds of one template. Deeper paths than max_template_segments are matched only by "**".
inline constexpr std::size_t max_template_segments = 32;
inline constexpr std::size_t max_template_variables = 16;

enum class segment_kind : std::uint8_t {
  literal, // exactly this text
  single,  // "*": one segment, not empty
  rest,    // "**": whatever is left, also nothing; the last segment
};

struct path_segment {
  segment_kind kind = segment_kind::literal;
  std::string text; // of a literal, percent-decoded

  bool operator==(const path_segment&) const = default;
};

// A variable and the segments that it stands for.
struct path_variable {
  std::string field_path;          // "order.id"
  std::vector<std::string> fields; // {"order", "id"}
  std::size_t first_segment = 0;   // index into path_template::segments
  std::size_t segment_count = 1;   // with `**` as its last segment, of the template

  // Whether the value can have several segments: "%2F" in it then stays as it is.
  bool several_segments = false;

  bool operator==(const path_variable&) const = default;
};

struct path_template {
  std::vector<path_segment> segments;   // variables replaced by what they stand for
  std::vector<path_variable> variables; // in order of their first segments
  std::string verb;                     // "cancel" of "/v1/orders/{id}:cancel"; empty: none

  // The template in one canonical spelling: "/v1/{order.id}/lines/{rest=**}:verb".
  std::string to_string() const;

  // What decides which paths match, without the variables' names: "/v1/*/lines/**:verb". Two templates with
  // the same shape match the same paths.
  std::string shape() const;

  bool operator==(const path_template&) const = default;
};

// Reads a template. "/" alone is the root. INVALID_ARGUMENT, with the position and what is wrong there, when
// the text is not a template or exceeds the bounds above.
result<path_template> parse_path_template(std::string_view text);

} // namespace troupe
