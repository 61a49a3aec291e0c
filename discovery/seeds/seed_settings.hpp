// Where a node is told to look for the first other nodes: one entry a place, in one of five forms.
//
//   10.0.0.7:7401, [2001:db8::7]:7401     an address
//   node-1.example.org:7401               a host name, looked up again and again (A and AAAA)
//   dns:node-1.example.org:7401           the same, said outright
//   srv:_troupe._udp.example.org          DNS SRV records (RFC 2782), which bring the ports
//   file:/etc/troupe/seeds                a file of such entries (but not of files), one a line, # comments
//
// Pure.
#pragma once

#include "runtime/core/deadline.hpp"
#include "runtime/core/result.hpp"
#include "runtime/environment/address.hpp"

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace troupe {

inline constexpr std::size_t max_seed_entries = 64;           // of the settings
inline constexpr std::size_t max_seed_entry_bytes = 1024;     // of one entry
inline constexpr std::size_t max_seed_file_entries = 256;     // of one file; further ones are left out
inline constexpr std::size_t max_seed_file_bytes = 64 * 1024; // a larger file is not read
inline constexpr std::size_t max_seed_lookups_at_a_time = 8;  // of the network's max_pending_lookups
inline constexpr std::size_t max_seed_subjects = 512;       // names and files that are asked again and again
inline constexpr std::size_t max_seed_service_targets = 64; // of one SRV answer, the first by priority
inline constexpr std::size_t max_seeds = 256;               // endpoints that are given

enum class seed_kind : std::uint8_t { address, host, service, file };

struct seed_entry {
  seed_kind kind = seed_kind::address;
  std::string name;       // host: in lower case; service: the SRV name in lower case; file: its path
  endpoint address;       // address
  std::uint16_t port = 0; // host

  // The entry in the form that parse_seed_entry() reads: "10.0.0.7:7401", "dns:node-1:7401", "srv:...",
  // "file:...".
  std::string to_string() const;

  bool operator==(const seed_entry&) const = default;
};

// "write 10.0.0.7:7401, ...": one example of each form, for messages.
std::string_view seed_forms() noexcept;

// Spaces around it are allowed. INVALID_ARGUMENT: names the entry, what is wrong with it, and the valid
// forms.
result<seed_entry> parse_seed_entry(std::string_view text);

// All or, with INVALID_ARGUMENT, what is wrong with each that is wrong (the first eight of them), or that
// there are more than max_seed_entries. An entry that is there twice counts once.
result<std::vector<seed_entry>> parse_seed_entries(std::span<const std::string> texts);

// What a file of seeds says: the good lines, whatever the others are.
struct seed_file {
  struct line {
    std::uint32_t number = 0; // from 1
    seed_entry entry;
  };
  std::vector<line> lines;
  // "line 3: ...": about the first eight that are wrong, and about lines left out. Without the forms.
  std::vector<std::string> problems;
  std::size_t wrong_lines = 0;
};

// A # begins a comment; empty lines are fine, carriage returns too. A file may not name files.
seed_file parse_seed_file(std::string_view text);

struct seed_settings {
  std::vector<seed_entry> entries;

  // How often a name is looked up again, 1 s to 1 h; drawn each time from 0.8 to 1.2 of it.
  duration refresh = std::chrono::seconds{30};
  // How soon a name is tried again that gave nothing, 10 ms to `refresh`: doubled from try to try up to
  // `refresh`, and drawn from the upper half.
  duration first_retry = std::chrono::seconds{1};
  // How often a file is read again, 100 ms to 1 h; drawn from 0.8 to 1.2 of it.
  duration file_poll = std::chrono::seconds{5};
  // At most one complaint about one entry in this time, 1 s to 1 day.
  duration complaint_period = std::chrono::minutes{1};

  // INVALID_ARGUMENT naming the first field that is out of its range.
  status validate() const;
};

} // namespace troupe
