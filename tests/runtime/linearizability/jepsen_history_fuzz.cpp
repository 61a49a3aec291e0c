#include "runtime/linearizability/jepsen_history.hpp"
#include "runtime/linearizability/linearizability.hpp"

#include <cstdint>
#include <string_view>

namespace {

// What can be read can be checked and written; and what was written reads as the same.
template <class Model>
void read_and_write(std::string_view text) {
  const auto history = troupe::read_jepsen_history<Model>(text, {.max_events = 1'000});
  if (!history) return;
  const auto report = troupe::linearizable(*history, Model{}, {.max_steps = 2'000, .max_remembered = 2'000});
  if (report.text.empty()) __builtin_trap();
  const auto written = troupe::write_jepsen_history<Model>(*history);
  const auto again = troupe::read_jepsen_history<Model>(written);
  if (!again || troupe::write_jepsen_history<Model>(*again) != written) __builtin_trap();
  const auto verdict =
    troupe::linearizable(*again, Model{}, {.max_steps = 2'000, .max_remembered = 2'000}).verdict;
  if (verdict != report.verdict) __builtin_trap();
}

} // namespace

// A history may come from any tool.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text{reinterpret_cast<const char*>(data), size};
  read_and_write<troupe::register_model>(text);
  read_and_write<troupe::key_value_model>(text);
  read_and_write<troupe::queue_model>(text);
  read_and_write<troupe::set_model>(text);
  return 0;
}
