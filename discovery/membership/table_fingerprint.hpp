// What two members compare instead of their tables: a few hashes that tell which part of them differs. Pure.
//
// Of each living member its name, process and incarnation count; the order does not, nor who is suspect, nor
// the dead, whom not all have known. A name's bucket is the same everywhere.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

namespace troupe {

class table_fingerprint {
public:
  static constexpr std::size_t buckets = 64;
  static constexpr std::uint64_t all_buckets = UINT64_MAX; // a bit for each, the lowest is that of the first

  // The same on every machine and in every process.
  static std::uint64_t hash_of(std::string_view name) noexcept;
  static std::size_t bucket_of(std::uint64_t name_hash) noexcept { return name_hash >> 58; }

  void add(std::uint64_t name_hash, std::uint64_t process, std::uint64_t incarnation) noexcept;

  // Of the whole table.
  std::uint64_t root() const noexcept;
  std::span<const std::uint64_t, buckets> hashes() const noexcept { return hashes_; }
  // The buckets in which the other's table is not this one.
  std::uint64_t differing(std::span<const std::uint64_t, buckets> others) const noexcept;

private:
  std::array<std::uint64_t, buckets> hashes_{};
};

} // namespace troupe
