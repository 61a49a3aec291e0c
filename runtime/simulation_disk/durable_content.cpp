#include "runtime/simulation_disk/durable_content.hpp"

#include <algorithm>

namespace troupe {
namespace {

void put(std::vector<std::byte>& into, std::uint64_t offset, std::span<const std::byte> from) {
  if (from.empty()) return;
  const auto begin = static_cast<std::size_t>(offset);
  if (into.size() < begin + from.size()) into.resize(begin + from.size());
  std::copy(from.begin(), from.end(), into.begin() + static_cast<std::ptrdiff_t>(begin));
}

} // namespace

write_tally& write_tally::operator+=(const write_tally& other) noexcept {
  kept += other.kept;
  lost += other.lost;
  torn += other.torn;
  return *this;
}

std::size_t durable_content::read(std::uint64_t offset, std::span<std::byte> into) const {
  if (offset >= live_.size()) return 0;
  const auto begin = static_cast<std::size_t>(offset);
  const std::size_t length = std::min(into.size(), live_.size() - begin);
  std::copy_n(live_.begin() + static_cast<std::ptrdiff_t>(begin), length, into.begin());
  return length;
}

void durable_content::write(std::uint64_t offset, std::span<const std::byte> from) {
  if (from.empty()) return;
  put(live_, offset, from);
  add({false, offset, {from.begin(), from.end()}});
}

void durable_content::truncate(std::uint64_t size) {
  live_.resize(static_cast<std::size_t>(size));
  add({true, size, {}});
}

void durable_content::add(change one) {
  unsynced_bytes_ += one.cost();
  unsynced_.push_back(std::move(one));
}

void durable_content::apply(const change& one) {
  if (one.truncation) {
    stable_.resize(static_cast<std::size_t>(one.offset));
  } else {
    put(stable_, one.offset, one.bytes);
  }
}

void durable_content::sync() {
  for (const change& one : unsynced_)
    apply(one);
  unsynced_.clear();
  unsynced_bytes_ = 0;
}

void durable_content::write_back(std::uint64_t limit) {
  while (unsynced_bytes_ > limit) {
    apply(unsynced_.front());
    unsynced_bytes_ -= unsynced_.front().cost();
    unsynced_.pop_front();
  }
}

void durable_content::settle(const change& one, crash_choices& choices, write_tally& tally) {
  if (one.truncation) {
    const bool survives = choices.change_survives();
    if (survives) apply(one);
    ++(survives ? tally.kept : tally.lost);
    return;
  }
  switch (choices.fate_of_write()) {
  case write_fate::kept:
    apply(one);
    ++tally.kept;
    return;
  case write_fate::lost:
    ++tally.lost;
    break;
  case write_fate::torn:
    for_each_sector(one.offset, one.bytes, [&](std::uint64_t offset, std::span<const std::byte> piece) {
      if (choices.sector_survives()) put(stable_, offset, piece);
    });
    ++tally.torn;
    break;
  }
  // The size is kept apart from the bytes: it may survive without them.
  const auto end = static_cast<std::size_t>(one.offset) + one.bytes.size();
  if (stable_.size() < end && choices.size_survives()) stable_.resize(end);
}

write_tally durable_content::settle(crash_choices& choices) {
  write_tally tally;
  for (const change& one : unsynced_)
    settle(one, choices, tally);
  unsynced_.clear();
  unsynced_bytes_ = 0;
  return tally;
}

void durable_content::fail_sync(crash_choices& choices) { settle(choices); }

write_tally durable_content::crash(crash_choices& choices) {
  const write_tally tally = settle(choices);
  live_ = stable_;
  return tally;
}

bool durable_content::flip(std::uint64_t byte, unsigned bit) {
  if (byte >= stable_.size()) return false;
  const auto at = static_cast<std::size_t>(byte);
  const std::byte before = stable_[at];
  stable_[at] ^= std::byte{1} << (bit % 8);
  // Where they differ the live byte is newer, and has yet to be written over the rotten one.
  if (at < live_.size() && live_[at] == before) live_[at] = stable_[at];
  return true;
}

} // namespace troupe
