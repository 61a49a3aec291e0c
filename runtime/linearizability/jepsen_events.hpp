// Histories in the form of Jepsen's: one JSON object a line, for its users' checkers (Knossos, Elle,
// Porcupine) and for histories written by hand.
//
//   {"index":0,"process":0,"type":"invoke","f":"write","value":1,"time":1000}
//   {"index":1,"process":0,"type":"ok","f":"write","value":1,"time":2500}
//
// A process has one operation at a time: invoke, then ok (it happened), fail (it did not) or info, or nothing
// (nobody knows). See https://github.com/jepsen-io/jepsen, "history", for the fields.
#pragma once

#include "runtime/core/result.hpp"
#include "runtime/environment/clock.hpp"

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace troupe {

enum class jepsen_type : std::uint8_t { invoke, ok, fail, info };

struct jepsen_event {
  std::uint32_t process = 0;
  jepsen_type type = jepsen_type::invoke;
  std::string f;              // the name of the function
  std::string value = "null"; // JSON
  std::string error;          // with fail and info: why; empty when not told
  duration time{};            // nanoseconds
  std::size_t line = 0;       // read: its line, from 1
};

struct jepsen_limits {
  std::size_t max_events = 2'000'000;
  std::size_t max_line = 1'048'576; // bytes
};

// One line an event, each ended by a line feed; `index` counts from 0. Texts must be UTF-8.
std::string write_jepsen_events(std::span<const jepsen_event> events);

// Reads what write_jepsen_events() writes, and more: other fields, empty lines, and events of processes that
// are not numbers (the nemesis) are skipped; `value`, `time` and `index` may be missing. INVALID_ARGUMENT:
// not that, with the line; a process above 2^31 - 1; an index that does not grow. RESOURCE_EXHAUSTED: beyond
// the limits.
result<std::vector<jepsen_event>> read_jepsen_events(std::string_view text, const jepsen_limits& limits = {});

} // namespace troupe
