// Entity tags and the conditions on them (RFC 9110, 8.8.3 and 13.1), without I/O.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace troupe {

// The strong tag of a representation, with its quotes: 128 bits of a hash of its bytes. Equal bytes give
// equal tags in every process. Not a cryptographic hash: it tells versions apart, it proves nothing.
std::string entity_tag_of(std::string_view representation);

// The strong tag for a version that the message carries itself. Characters that a tag cannot have are written
// as %XX; opaque_version() gives the version back.
std::string entity_tag_of_version(std::string_view version);
std::string opaque_version(std::string_view opaque);

// What a single tag in an If-Match field says.
struct entity_tag_condition {
  bool any = false;   // "*"
  bool weak = false;  // W/"...": never matches strongly
  std::string opaque; // without quotes, and without the "-gzip" that marks a coded representation
};

// The condition if the field holds exactly one tag or "*"; nothing for a list or for nonsense.
std::optional<entity_tag_condition> single_condition(std::string_view field);

// Whether `field` (If-Match) holds for the tag of the current representation: strong comparison. `current` is
// empty when there is no representation, for which nothing holds.
bool if_match_holds(std::string_view field, std::string_view current);

// Whether `field` (If-None-Match) names the current tag: weak comparison. A GET is then answered 304.
bool if_none_match_hits(std::string_view field, std::string_view current);

} // namespace troupe
