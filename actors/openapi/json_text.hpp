// JSON text of a value, with its members in the order in which they were added.
#pragma once

#include <boost/json/value.hpp>

#include <string>

namespace troupe::openapi {

// Without white space, or indented by two spaces a level with empty arrays and objects on their line. Numbers
// are written as people do ("1.5"), in as many digits as they need; bytes that are
// not UTF-8 become U+FFFD. Recurses as deep as the value nests.
std::string json_text(const boost::json::value& value, bool pretty);

} // namespace troupe::openapi
