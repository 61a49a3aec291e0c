// What the cluster knows of one member: the value that membership spreads, keeps and hands out. Pure.
#pragma once

#include "runtime/core/status.hpp"
#include "runtime/environment/address.hpp"

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace troupe {

// SWIM's states (Das et al. 2002, section 4.2), and `left`, which only the member itself can announce: it is
// final for that process, nobody suspects or retries it.
enum class member_state : std::uint8_t { alive = 0, suspect = 1, dead = 2, left = 3 };

std::string_view to_string(member_state state) noexcept;

// What a member says of itself beyond its addresses. All of it counts towards largest_record_bytes.
struct member_metadata {
  std::string zone;
  std::vector<std::string> roles;
  std::uint64_t capacity = 0; // in whatever unit the cluster agrees on; 0: unsaid
  std::map<std::string, std::string> values;

  friend bool operator==(const member_metadata&, const member_metadata&) = default;
};

// A field of a newer version: kept and passed on, so that an old node in the middle hides nothing.
struct unknown_record_field {
  std::uint64_t tag = 0;
  std::string value;

  friend bool operator==(const unknown_record_field&, const unknown_record_field&) = default;
};

struct member_record {
  // Its texts are UTF-8, all of them.
  std::string name; // of the node, unique in the cluster; 1 to 255 bytes
  // Of the process: larger at every start of the same name (such as the nanoseconds of the calendar), and
  // below highest_process. A record of a larger one replaces those of the smaller at once.
  std::uint64_t process = 0;
  // SWIM's incarnation number (section 4.2), raised by the member itself only: to refute, or to change its
  // record.
  std::uint64_t incarnation = 0;
  member_state state = member_state::alive;
  endpoint gossip;  // where its datagrams arrive
  std::string link; // address of its link, as text; may be empty
  // The gossip protocol versions that it speaks, both included.
  std::uint32_t protocol_low = 1;
  std::uint32_t protocol_high = 1;
  std::string application_version;
  member_metadata metadata;
  std::vector<unknown_record_field> unknown; // in rising order of tags

  friend bool operator==(const member_record&, const member_record&) = default;
};

inline constexpr std::size_t longest_member_name = 255;
// Encoded, name and all: one record fits a datagram beside the longest header.
inline constexpr std::size_t largest_record_bytes = 800;
// Larger numbers are refused by the decoder, so that a member can always raise its own above any that it
// hears.
inline constexpr std::uint64_t highest_incarnation = std::uint64_t{1} << 62;
// The numbers of processes are below this one: what is larger is no date, and could not be outlived.
inline constexpr std::uint64_t highest_process = std::uint64_t{1} << 62;
// The version of the gossip protocol that this code speaks.
inline constexpr std::uint32_t gossip_protocol_version = 1;

// Whether a member may have this record: INVALID_ARGUMENT names the limit that it breaks.
status check_member_record(const member_record& record);

} // namespace troupe
