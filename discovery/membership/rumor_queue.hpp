// What is still to be told to others (SWIM, section 4.1): each rumor a bounded number of times, the least
// told first. A newer rumor about the same subject takes the place of the older. Pure.
#pragma once

#include "discovery/membership/membership_codec.hpp"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <utility>

namespace troupe {

// lambda * ceil(log10(n + 1)).
std::size_t retransmit_limit(std::size_t lambda, std::size_t members);

// A packet being filled up to a number of bytes.
class packet_builder {
public:
  packet_builder(const packet& header, std::size_t most_bytes)
    : bytes_(encode_packet_header(header)), most_(most_bytes) {}

  // False when there is no room; the packet is as before.
  bool add(const gossip_bytes& rumor);
  bool add(const rumor& what) { return add(encode_rumor(what)); }
  std::size_t room() const noexcept { return most_ > bytes_.size() ? most_ - bytes_.size() : 0; }
  std::size_t rumors() const noexcept { return rumors_; }
  gossip_bytes take() && { return std::move(bytes_); }

private:
  gossip_bytes bytes_;
  std::size_t most_;
  std::size_t rumors_ = 0;
};

class rumor_queue {
public:
  // Beyond `most` subjects the one that was told most often is forgotten: comparing tables brings it.
  explicit rumor_queue(std::size_t most) noexcept : most_(most) {}

  // Told from the beginning, even if `subject` was being told something else.
  void put(const std::string& subject, gossip_bytes rumor);
  void drop(const std::string& subject);
  // Fills the packet, counts what went into it, and forgets what was told `limit` times.
  void fill(packet_builder& to, std::size_t limit);

  bool empty() const noexcept { return waiting_.empty(); }
  std::size_t size() const noexcept { return waiting_.size(); }

private:
  // How often it was told, then the newest first.
  using rank = std::pair<std::size_t, std::uint64_t>;
  struct entry {
    std::string subject;
    gossip_bytes bytes;
  };

  const std::size_t most_;
  std::map<rank, entry> waiting_;
  std::map<std::string, rank, std::less<>> ranks_;
  std::uint64_t next_ = UINT64_MAX;
};

} // namespace troupe
