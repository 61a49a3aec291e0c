// The bytes of one simulated file, twice: as programs see them, and as a crash would find them. Pure.
#pragma once

#include "runtime/simulation_disk/crash_choices.hpp"

#include <cstddef>
#include <cstdint>
#include <deque>
#include <span>
#include <vector>

namespace troupe {

// What became of unsynced writes (and truncations) in a crash.
struct write_tally {
  std::uint64_t kept = 0;
  std::uint64_t lost = 0;
  std::uint64_t torn = 0;

  write_tally& operator+=(const write_tally& other) noexcept;
  bool operator==(const write_tally&) const = default;
};

// For one thread at a time. Offsets and sizes are bytes; the sum of both is at most the memory's.
class durable_content {
public:
  // As programs see it.
  const std::vector<std::byte>& live() const noexcept { return live_; }
  // As a crash would find it if nothing unsynced survived.
  const std::vector<std::byte>& stable() const noexcept { return stable_; }
  std::uint64_t size() const noexcept { return live_.size(); }

  // What is held of changes that no sync covers: their bytes, and some for each of them.
  std::uint64_t unsynced_bytes() const noexcept { return unsynced_bytes_; }

  // How many bytes it read, from `offset`: fewer than asked for only at the end.
  std::size_t read(std::uint64_t offset, std::span<std::byte> into) const;

  // A gap before `offset` reads as zeros.
  void write(std::uint64_t offset, std::span<const std::byte> from);
  void truncate(std::uint64_t size);

  // Everything so far survives a crash.
  void sync();

  // Like a kernel that writes back on its own: makes the oldest changes survive until at most `limit` bytes
  // are unsynced.
  void write_back(std::uint64_t limit);

  // A sync that failed: what reached the device is decided as in a crash, and what did not never will,
  // although programs still see it until the crash.
  void fail_sync(crash_choices& choices);

  // What is found afterwards: the stable bytes and those unsynced ones that `choices` lets survive.
  write_tally crash(crash_choices& choices);

  // Flips a bit of the stable bytes, and of the live ones where they are the same. False: there is no such
  // byte.
  bool flip(std::uint64_t byte, unsigned bit);

private:
  struct change {
    bool truncation = false;
    std::uint64_t offset = 0; // of a truncation: the size
    std::vector<std::byte> bytes;

    std::uint64_t cost() const noexcept { return bytes.size() + sizeof(change); }
  };

  void add(change one);
  void apply(const change& one);
  write_tally settle(crash_choices& choices);
  void settle(const change& one, crash_choices& choices, write_tally& tally);

  std::vector<std::byte> live_;
  std::vector<std::byte> stable_;
  std::deque<change> unsynced_; // in the order they were made
  std::uint64_t unsynced_bytes_ = 0;
};

// Calls `visit(offset, piece)` with the parts of `bytes` at `offset` that lie in one sector each, in order.
template <class Visitor>
void for_each_sector(std::uint64_t offset, std::span<const std::byte> bytes, Visitor visit) {
  while (!bytes.empty()) {
    const std::uint64_t room = sector_size - offset % sector_size;
    const auto length = static_cast<std::size_t>(room < bytes.size() ? room : bytes.size());
    visit(offset, bytes.first(length));
    offset += length;
    bytes = bytes.subspan(length);
  }
}

} // namespace troupe
