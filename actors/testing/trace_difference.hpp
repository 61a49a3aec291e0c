// Where two traces part. Pure; internal to testing.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace troupe::detail {

// The first line that two texts do not share, with some lines before it; nothing when the texts are equal.
std::optional<std::string> first_difference(std::string_view a, std::string_view b);

} // namespace troupe::detail
