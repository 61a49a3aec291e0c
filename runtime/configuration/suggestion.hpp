// "Did you mean ...?": the known name nearest to a misspelt one. Pure.
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace troupe {

// How many characters must be inserted, removed, replaced or swapped with their neighbour to turn one text
// into the other (optimal string alignment distance).
std::size_t edit_distance(std::string_view a, std::string_view b);

// The nearest of `known`, if it is near enough to be a misspelling: at most a third of its length, rounded
// up, away. Of equally near ones, the first. Texts of more than 100 bytes have no suggestion.
std::optional<std::string> suggest(std::string_view wrong, std::span<const std::string> known);

} // namespace troupe
