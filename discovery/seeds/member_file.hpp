// The members that a node remembers over its restarts: which of them, and as what text. Pure.
//
//   troupe members 1
//   10.0.0.2:7401
//   [2001:db8::7]:7401
//   crc32 0a1b2c3d          of all before this line
#pragma once

#include "runtime/core/result.hpp"
#include "runtime/environment/address.hpp"
#include "runtime/environment/random_source.hpp"

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace troupe {

inline constexpr std::size_t max_member_file_entries = 1024;
inline constexpr std::size_t max_member_file_bytes = 64 * 1024;

struct known_member {
  endpoint where;
  std::string zone; // empty: not known

  bool operator==(const known_member&) const = default;
};

// At most `limit` of the members, spread over zones, and within a zone over networks (IPv4 /24, IPv6 /64), so
// that no outage of one place takes them all; sorted. Which of equals is decided by `salt`: nodes with
// different salts remember different members, and a member that comes or goes changes little. A member that
// is there twice counts once.
std::vector<endpoint> choose_members(std::span<const known_member> members, std::size_t limit,
                                     const random_source& salt);

// The first max_member_file_entries of them as the content of a file.
std::string encode_members(std::span<const endpoint> members);

// DATA_LOSS, saying what is wrong: anything but what encode_members() made, to the last byte.
result<std::vector<endpoint>> decode_members(std::string_view content);

} // namespace troupe
