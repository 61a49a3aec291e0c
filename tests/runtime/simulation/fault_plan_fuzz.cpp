// Any bytes are a plan or are refused; a plan that was read is valid, prints, and reads back from its own
// JSON.
#include "runtime/simulation/fault_plan.hpp"

#include <cstdint>
#include <cstdlib>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto plan = troupe::fault_plan_from_json({reinterpret_cast<const char*>(data), size});
  if (!plan) return 0;
  if (!troupe::validate(*plan).ok()) std::abort();
  static_cast<void>(troupe::to_text(*plan));
  const auto again = troupe::fault_plan_from_json(troupe::to_json(*plan));
  if (!again || !(*again == *plan)) std::abort();
  return 0;
}
