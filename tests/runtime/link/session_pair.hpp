// Sessions for tests: what they tell as text, and two of them joined by pipes of bytes.
#pragma once

#include "runtime/link/link_session.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace troupe::testing {

inline std::string text_of(byte_view bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

inline byte_view bytes_of(std::string_view text) {
  return std::as_bytes(std::span{text.data(), text.size()});
}

// Long payloads as their length.
inline std::string short_text(byte_view bytes) {
  return bytes.size() > 40 ? fmt::format("<{} bytes>", bytes.size()) : text_of(bytes);
}

// Writes down what a session tells, one line each, and does what a test wants from within.
class recorded_events : public link_events {
public:
  std::vector<std::string> lines;
  status verdict;                                  // on greetings
  std::function<void(const std::string&)> on_line; // may add frames

  // The lines since the last call.
  std::vector<std::string> take() { return std::exchange(lines, {}); }

  status on_greeting(const greeting& theirs) override {
    note(fmt::format("greeting of {}", theirs.node));
    return verdict;
  }
  void on_request(decoded_request& what) override {
    note(fmt::format("request {} method {} {}{}", what.id, what.method,
                     what.has_payload ? short_text(what.payload) : "-",
                     what.metadata ? " from " + what.metadata->identity : ""));
  }
  void on_item(decoded_item& what) override {
    std::string headers;
    for (const auto& [name, value] : what.headers)
      headers += fmt::format(" {}={}", name, value);
    note(fmt::format("item {}{} {}{}", who(what.call), what.call.id, short_text(what.payload), headers));
  }
  void on_half_close(std::uint64_t id) override { note(fmt::format("half_close {}", id)); }
  void on_credit(call_key call, std::uint32_t items) override {
    note(fmt::format("credit {}{} {}", who(call), call.id, items));
  }
  void on_cancel(std::uint64_t id, status reason) override {
    note(fmt::format("cancel {} {}", id, reason.to_string()));
  }
  void on_reply(decoded_reply& what) override {
    note(fmt::format("reply {} {}", what.id, what.has_payload ? short_text(what.payload) : "-"));
  }
  void on_failure(decoded_failure& what) override {
    note(fmt::format("failure {} {}", what.id, what.outcome.to_string()));
  }
  void on_message(const message_fields& what) override {
    note(fmt::format("message {}->{} {}", what.sender, what.receiver, short_text(what.payload)));
  }
  void on_watch(std::uint64_t actor) override { note(fmt::format("watch {}", actor)); }
  void on_unwatch(std::uint64_t actor) override { note(fmt::format("unwatch {}", actor)); }
  void on_ended(std::uint64_t actor, byte_view reason) override {
    note(fmt::format("ended {} {}", actor, short_text(reason)));
  }
  void on_drain() override { note("drain"); }
  void on_goodbye(const status& reason) override { note(fmt::format("goodbye {}", reason.to_string())); }

private:
  static const char* who(call_key call) { return call.ours ? "ours:" : "theirs:"; }
  void note(std::string line) {
    lines.push_back(line);
    if (on_line) on_line(line);
  }
};

inline greeting greeting_of(std::string node) {
  greeting out;
  out.cluster = "test";
  out.node = std::move(node);
  out.incarnation = 7;
  out.services = {{"shop.Orders", {"Place", "Get"}}};
  return out;
}

// One end with its owner.
struct session_end {
  session_end(bool accepted, std::string node, const link_limits& limits, monotonic_time now)
    : session(accepted, greeting_of(std::move(node)), limits, now) {}

  link_session session;
  recorded_events events;
  link_session::refusal refused = link_session::refusal::none;
  status failed; // what receive() gave when it failed

  bool request(std::uint64_t id, std::string_view payload, std::uint64_t lane = 0,
               request_fields fields = {}) {
    fields.id = id;
    fields.lane = lane;
    return fill(session.add_request(lane, fields, true, payload.size(), refused), payload);
  }
  bool reply(std::uint64_t id, std::string_view payload, std::uint64_t lane = 0) {
    return fill(session.add_reply(lane, {.id = id}, true, payload.size(), refused), payload);
  }
  bool item(call_key call, std::string_view payload) {
    return fill(session.add_item(call, nullptr, payload.size(), refused), payload);
  }
  bool message(std::uint64_t sender, std::string_view payload) {
    message_fields fields;
    fields.sender = sender;
    fields.receiver = 1;
    return fill(session.add_message(sender, fields, payload.size(), refused), payload);
  }

  // Everything that can be sent now.
  byte_buffer output() {
    byte_buffer out;
    while (session.wants_to_send()) {
      const auto batch = session.next_batch({});
      out.insert(out.end(), batch.begin(), batch.end());
    }
    return out;
  }

private:
  static bool fill(std::byte* at, std::string_view payload) {
    if (at == nullptr) return false;
    std::memcpy(at, payload.data(), payload.size());
    return true;
  }
};

struct session_pair {
  explicit session_pair(const link_limits& a_limits = {}, const link_limits& b_limits = {})
    : a(false, "a", a_limits, now), b(true, "b", b_limits, now) {}

  monotonic_time now{std::chrono::hours{1}};
  session_end a; // dialed
  session_end b;

  // All that one has to say goes to the other.
  void a_to_b() { carry(a, b); }
  void b_to_a() { carry(b, a); }

  // Until nobody has anything to say.
  void settle() {
    while (a.session.wants_to_send() || b.session.wants_to_send()) {
      a_to_b();
      b_to_a();
    }
  }

  // Greets, and forgets what was told of it.
  session_pair& greet() {
    settle();
    a.events.take();
    b.events.take();
    return *this;
  }

  void carry(session_end& from, session_end& to) {
    const auto bytes = from.output();
    if (bytes.empty()) return;
    auto outcome = to.session.receive(bytes, to.events, now);
    if (!outcome.ok()) to.failed = outcome;
  }
};

} // namespace troupe::testing
