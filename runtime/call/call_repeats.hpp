// Whether a call that failed because its callee went away is made again by the edge that made it, and who has
// failed it so far. (Actors' clients do it with backoff and options: actors/service/client.hpp.)
#pragma once

#include "runtime/call/call.hpp"

#include <span>
#include <vector>

namespace troupe {

// Of one request. For one thread at a time.
class call_repeats {
public:
  // How often a request is handed to a callee at most.
  static constexpr unsigned most_attempts = 3;

  // Whether `ended`, a unary call that was answered with `outcome`, is to be made again: its callee was not
  // there any more, and either no handler saw it or its method is idempotent. Remembers the callee as one
  // that failed it.
  bool again(const call& ended, const status& outcome);

  // Those that failed it, to be avoided.
  std::span<const call_end_ptr> failed() const noexcept { return failed_; }

private:
  std::vector<call_end_ptr> failed_;
  unsigned attempts_ = 1;
};

} // namespace troupe
