#include "actors/testing/limited_work.hpp"

#include <chrono>

namespace troupe {

task<> detail::fail_after(visitor& self, duration limit) {
  co_await self.sleep_for(limit);
  co_await deadline_exceeded("the work did not end within its limit of {} ms",
                             std::chrono::duration_cast<std::chrono::milliseconds>(limit).count());
}

} // namespace troupe
