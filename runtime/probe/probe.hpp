// Places in production code where a simulation may act or look. Outside a simulation each costs a load and a
// branch; in a build without TROUPE_PROBES (release) it is not there at all.
//
//   if (TROUPE_BUGGIFY("link.flush_late")) delay += 1ms;          a rare but legal path, taken more often
//   if (TROUPE_PLANTED_BUG("reply_sent_twice")) send(reply);      a defect, to prove that tests find it
//   TROUPE_ALWAYS(credit >= 0, "credit is never negative");       a property of every state
//   TROUPE_SOMETIMES(retries > 1, "a call is retried twice");     a state that tests must have reached
//   TROUPE_UNREACHABLE("a reply to no call");                     a place that must never be reached
//
// Names and texts are string literals; those of BUGGIFY and PLANTED_BUG name the place, so one name is one
// place wherever it is written: "component.what_happens". May be used in headers, templates, coroutines and
// destructors, on any thread. Not in constant expressions.
//
// A condition is evaluated only while somebody listens: it must not have side effects, and commas that are
// not in parentheses do not belong into it. What it throws is thrown where it is written.
//
// After FoundationDB's BUGGIFY and Antithesis' always/sometimes assertions.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#ifndef TROUPE_PROBES
#error "link troupe::runtime_probe: it says whether this build has probes"
#endif

namespace troupe {

enum class probe_kind : std::uint8_t { buggify, planted_bug, always, sometimes, unreachable };

// "buggify", "planted_bug", "always", "sometimes", "unreachable".
std::string_view to_string(probe_kind kind) noexcept;

// One place. What it refers to lives as long as the program.
struct probe_site {
  probe_kind kind = probe_kind::always;
  std::string_view text;   // its name, or what it asserts
  std::string_view file;   // the last three parts of its path: "runtime/link/session.cpp"
  std::uint32_t line = 0;  // 1 is the first
  double probability = -1; // of buggify: to fire once it is enabled, 0 to 1; negative: the listener's own
};

// Who a simulation sends to the probes of its thread. Called from destructors too, so nothing may throw.
class probe_listener {
public:
  virtual ~probe_listener() = default;

  // Whether the rare path is to be taken now.
  virtual bool buggify(const probe_site& site) noexcept = 0;

  // Whether the defect of this name is switched on.
  virtual bool planted(const probe_site& site) noexcept = 0;

  // Execution came by, and the condition held or not. `site` is an always or (never holding) an unreachable.
  virtual void always(const probe_site& site, bool held) noexcept = 0;
  virtual void sometimes(const probe_site& site, bool held) noexcept = 0;
};

// Makes `listener` hear the probes of the current thread until this is destroyed; then the one before it, if
// any, does again. Destroy it on the same thread, before `listener`, and scopes in reverse order.
class scoped_probe_listener {
public:
  explicit scoped_probe_listener(probe_listener& listener) noexcept;
  ~scoped_probe_listener();
  scoped_probe_listener(const scoped_probe_listener&) = delete;
  scoped_probe_listener& operator=(const scoped_probe_listener&) = delete;

private:
  probe_listener* const before_;
};

// The listener of the current thread; null outside a simulation.
probe_listener* current_probe_listener() noexcept;

// Every place that is compiled into this program, executed or not, ordered by kind, text, file and line; one
// that is compiled several times (a template, a header) comes once. Empty without TROUPE_PROBES. Thread-safe.
std::vector<probe_site> registered_probe_sites();

// Whether this build has probes.
constexpr bool has_probes = TROUPE_PROBES != 0;

} // namespace troupe

#include "runtime/probe/probe_macros.hpp"
