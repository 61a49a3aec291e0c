// What happened in a simulated world: a hash of everything, the last events for reports of failures, and on
// request all events as lines of JSON. README.md describes the lines.
#pragma once

#include "runtime/core/deadline.hpp"
#include "runtime/simulation/trace_hash.hpp"

#include <cstdint>
#include <iosfwd>
#include <string>
#include <string_view>
#include <vector>

namespace troupe {

enum class trace_kind : std::uint8_t {
  deliver, // an actor takes a message from its mailbox, or begins to live
  run,     // an event loop runs work that was posted to it
  timer,   // a timer of an event loop fires
  send,    // a node hands something to the network
  receive, // a node takes something from the network
  drop,    // the network or a node that is off loses something
  boot,
  crash,
  pause,
  resume,
  fault, // a condition of the world was changed, by a plan or by hand
  log,   // a node says something
};

// "deliver", "run", ...
std::string_view to_string(trace_kind kind) noexcept;

struct trace_options {
  // Events that are kept in memory for reports, 1 to 1,000,000.
  std::size_t keep = 256;
  // Gets every event as a line of JSON, and makes messages say their whole content; outlives the world. Null:
  // none.
  std::ostream* full = nullptr;
  // Whether the hash covers what the protobuf messages of calls contain.
  bool hash_payloads = true;
};

// One place in the world. Which fields mean something depends on the kind.
struct trace_event {
  static constexpr std::uint32_t no_node = 0xFFFFFFFFU;

  duration at{}; // virtual, since the world began
  trace_kind kind = trace_kind::log;
  std::uint32_t node = no_node; // where it happens
  std::uint64_t from = 0;       // deliver: the sending actor; network: trace_place()
  std::uint64_t to = 0;         // deliver: the receiving actor; network: trace_place(); run, timer: the loop
  std::uint64_t id = 0;   // network: the message's id, equal where it is sent and received; deliver: CAF's id
  std::uint64_t size = 0; // bytes of a message
  std::uint64_t content = 0; // hash of what a message contains
  // Of the method, the message's type, or what it is about; lives as long as the program.
  std::string_view name;
  std::string detail;
};

// Where a message of the network comes from or goes to, as one word: a node and a port.
constexpr std::uint64_t trace_place(std::uint32_t node, std::uint16_t port) noexcept {
  return (static_cast<std::uint64_t>(node) << 16) | port;
}

class trace {
public:
  explicit trace(const trace_options& options);

  const trace_options& options() const noexcept { return options_; }

  // Nodes are numbered in this order.
  void add_node(std::string name);

  // Hashes and keeps an event. Its detail belongs to the hash, except that of deliver events, which is there
  // for people (the hash is to be the same with and without a full trace).
  void record(trace_event what);

  // The same without a detail, and without building one: the busiest events.
  void record(duration at, trace_kind kind, std::uint32_t node, std::uint64_t from, std::uint64_t to,
              std::uint64_t id, std::uint64_t size, std::uint64_t content, std::string_view name);

  // Of everything so far. Equal for two runs of the same program with the same seed and faults.
  std::uint64_t hash() const noexcept { return hash_.value(); }
  std::uint64_t events() const noexcept { return count_; }

  // The last events, oldest first, at most as many as are kept.
  std::vector<trace_event> last(std::size_t count) const;

  // The same as text, one line an event, for people.
  std::string last_text(std::size_t count) const;
  std::string to_text(const trace_event& event) const;

private:
  std::string place(const trace_event& event, std::uint64_t of) const;
  std::string_view node_name(std::uint32_t node) const noexcept;
  void write_line(const trace_event& event);
  trace_event& next_slot() noexcept;
  void mix(const trace_event& event, bool with_detail) noexcept;

  trace_options options_;
  trace_hash hash_;
  std::uint64_t count_ = 0;
  std::vector<trace_event> kept_; // a ring
  std::vector<std::string> names_;
};

} // namespace troupe
