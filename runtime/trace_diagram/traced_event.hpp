// One line of a trace, as a simulated world writes it. runtime/simulation/README.md describes the lines.
// Pure.
#pragma once

#include "runtime/core/deadline.hpp"
#include "runtime/core/result.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace troupe {

enum class traced_kind : std::uint8_t {
  deliver,
  run,
  timer,
  send,
  receive,
  drop,
  boot,
  crash,
  pause,
  resume,
  fault,
  log,
  other, // one that this reader does not know
};

struct traced_event {
  duration at{}; // virtual, since the world began
  traced_kind kind = traced_kind::other;
  std::string kind_name; // as the line has it
  std::string node;      // where it happens; empty: the whole world
  std::string from;      // network: "node:port"; otherwise "node/number" of an actor or a loop
  std::string to;
  std::uint64_t id = 0; // network: of the message; deliver: CAF's
  std::uint64_t bytes = 0;
  std::string name;
  std::string detail;

  // send, receive or drop.
  bool of_network() const noexcept;
};

// The longest line that is read, in bytes. A detail that is longer than 4 KiB is cut.
inline constexpr std::size_t longest_traced_line = 1024 * 1024;

// A JSON object with at least "at" (nanoseconds) and "kind"; keys that it does not know are skipped.
// INVALID_ARGUMENT says what is wrong with the line.
result<traced_event> parse_traced_event(std::string_view line);

// When the condition that a fault event of a plan begins is over: its detail says `for 3s`. Nothing for other
// events and for faults without an end.
std::optional<duration> end_of_fault(const traced_event& event);

// The node in "node:port" or "node/number"; empty when there is none.
std::string_view node_of_place(std::string_view place) noexcept;

// "12.345678901s" without zeros at the end, at least six digits behind the point.
std::string virtual_time_text(duration at);

} // namespace troupe
