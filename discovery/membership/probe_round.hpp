// One probe of one member, from the ping to the end of the period (SWIM 3.1; Lifeguard IV-A). Pure.
#pragma once

#include "runtime/core/deadline.hpp"
#include "runtime/environment/address.hpp"

#include <cstddef>
#include <cstdint>
#include <set>
#include <string>

namespace troupe {

struct probe_round {
  std::string name;
  std::uint64_t process = 0;
  std::uint64_t sequence = 0;
  monotonic_time ask_others; // when the direct probe has failed
  monotonic_time end;        // when the whole probe has
  bool others_asked = false;
  std::size_t helpers = 0;
  std::set<std::string> nacked; // the helpers who had no answer either

  // Helpers who said nothing at all: it may be us who cannot hear.
  bool nacks_missing() const noexcept { return nacked.size() < helpers; }
  monotonic_time next_step() const noexcept { return others_asked ? end : ask_others; }
  void postpone(duration by) noexcept {
    ask_others += by;
    end += by;
  }
};

// A probe that is made for another member.
struct relayed_probe {
  endpoint asker;
  std::uint64_t asker_sequence = 0;
  std::string target;
  monotonic_time nack_at;
  monotonic_time end;
  bool nacked = false;

  monotonic_time next_step() const noexcept { return nacked ? end : nack_at; }
};

} // namespace troupe
