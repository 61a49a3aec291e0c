// The contract's comments by name, cut into what OpenAPI shows: a one-line summary and a Markdown
// description.
#pragma once

#include "runtime/contract/service_info.hpp"

#include <map>
#include <span>
#include <string>
#include <string_view>

namespace troupe::openapi {

class comment_index {
public:
  // Collects the comments of all services; where two services bring the same name, their texts are the same.
  explicit comment_index(std::span<const service_info* const> services);

  // The comment of an element, without the space that follows comment marks; empty when it has none.
  std::string description(std::string_view full_name) const;

private:
  std::map<std::string_view, std::string_view> texts_;
};

// The first sentence of a comment in one line, without its full stop; empty for an empty comment.
std::string first_sentence(std::string_view text);

// "PlaceOrder" as a sentence: "Place order". For elements that nobody commented.
std::string words_of_camel_case(std::string_view name);

} // namespace troupe::openapi
