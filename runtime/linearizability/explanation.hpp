// Says why a part of a history is not linearizable. Private to this component.
#pragma once

#include "runtime/linearizability/search.hpp"

#include <string>

namespace troupe {

// Sentences and a timeline of the operations around the answer that cannot be explained.
std::string explain_search(const checked_partition& part, const search_result& found);

} // namespace troupe
