// How a disk's errors are told: one table and one wording for the real disk and the simulated one.
#pragma once

#include "runtime/core/status.hpp"

#include <string_view>

namespace troupe {

// "cannot WHAT 'PATH': REASON", with the code and the reason that belong to `error`, an errno; the codes are
// those that `file` promises (runtime/environment/disk.hpp).
status disk_failure(std::string_view what, std::string_view path, int error);

// "cannot rename 'FROM' to 'TO': REASON".
status rename_failure(std::string_view from, std::string_view to, int error);

} // namespace troupe
