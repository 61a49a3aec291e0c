#include "discovery/membership/table_fingerprint.hpp"

#include <numeric>

namespace troupe {

namespace {

// The finalizer of splitmix64 (Steele, Lea, Flood 2014): every bit of the input moves every bit of the
// output.
std::uint64_t mixed(std::uint64_t value) noexcept {
  value += 0x9E3779B97F4A7C15u;
  value = (value ^ (value >> 30)) * 0xBF58476D1CE4E5B9u;
  value = (value ^ (value >> 27)) * 0x94D049BB133111EBu;
  return value ^ (value >> 31);
}

} // namespace

std::uint64_t table_fingerprint::hash_of(std::string_view name) noexcept {
  std::uint64_t hash = 0xCBF29CE484222325u; // FNV-1a
  for (const char letter : name)
    hash = (hash ^ static_cast<unsigned char>(letter)) * 0x100000001B3u;
  return mixed(hash);
}

void table_fingerprint::add(std::uint64_t name_hash, std::uint64_t process,
                            std::uint64_t incarnation) noexcept {
  // A sum forgets the order in which its parts came.
  hashes_[bucket_of(name_hash)] += mixed(mixed(name_hash ^ mixed(process)) ^ incarnation);
}

std::uint64_t table_fingerprint::root() const noexcept {
  return std::accumulate(hashes_.begin(), hashes_.end(), std::uint64_t{0});
}

std::uint64_t table_fingerprint::differing(std::span<const std::uint64_t, buckets> others) const noexcept {
  std::uint64_t out = 0;
  for (std::size_t i = 0; i < buckets; ++i)
    out |= std::uint64_t{hashes_[i] != others[i]} << i;
  return out;
}

} // namespace troupe
