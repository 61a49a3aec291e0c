// How the built-in models write values for people. Private to this component.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace troupe {

// The text itself when it is a short word that cannot be mistaken for something else; otherwise quoted, with
// unprintable bytes escaped and the middle of long texts left out.
std::string describe_text(std::string_view text);

// The same, or "nil".
std::string describe_cell(const std::optional<std::string>& value);

// " -> yes" or " -> no".
std::string describe_answer(bool answer);

} // namespace troupe
