// How a datagram of the gossip looks. Internal to this component.
//
//   offset  size
//        0     1  version: 1
//        1     1  mode: 0 plain, 1 sealed
//        2     4  cluster: the first bytes of SHA-256("troupe gossip 1 cluster" | name); a hint, to tell a
//        neighbour from
//                 a forger: what binds the name is the tag
//        6     8  fingerprint of the key; plain: zeros
//       14    16  sender: one life of one node
//       30     6  time by the sender's cluster time, in milliseconds since 1970     } together the
//       36     6  sequence number, from 1, over all that this sender sends           } nonce of GCM
//       42     n  payload, sealed or plain
//   42 + n    16  sealed: GCM's tag over header, name and payload
//                 plain: the first bytes of SHA-256("troupe gossip 1 plain" | size of name (1) | name |
//                 header | payload)
//
// Numbers are little endian, as all numbers of the link.
#pragma once

#include "discovery/gossip_seal/gossip_cipher.hpp"
#include "discovery/gossip_seal/gossip_drop.hpp"

namespace troupe {

inline constexpr std::size_t gossip_header_size = 42;
inline constexpr std::size_t gossip_nonce_offset = 30;
inline constexpr std::uint8_t gossip_version = 1;
// Of time and sequence number.
inline constexpr std::uint64_t gossip_largest_number = (1ULL << 48) - 1;

using cluster_hint = std::array<std::byte, 4>;
using gossip_header_bytes = std::array<std::byte, gossip_header_size>;

struct gossip_header {
  bool sealed = false;
  cluster_hint cluster{};
  key_fingerprint key;
  sender_instance sender{};
  std::uint64_t time = 0;
  std::uint64_t sequence = 0;
  friend bool operator==(const gossip_header&, const gossip_header&) = default;
};

// Preconditions: time and sequence are gossip_largest_number at most.
gossip_header_bytes encode(const gossip_header& header) noexcept;

struct decoded_header {
  std::optional<gossip_drop> wrong; // too_large, truncated or version
  gossip_header header;             // when nothing is wrong
};
// The header of a datagram that has room for a tag behind it. Decides nothing but by sizes and the first two
// bytes.
decoded_header decode_header(std::span<const std::byte> datagram) noexcept;

// False: OpenSSL failed.
[[nodiscard]] bool hint_of(std::string_view cluster, cluster_hint& out);
[[nodiscard]] bool checksum_of(std::string_view cluster, std::span<const std::byte> header,
                               std::span<const std::byte> payload, gossip_tag& out);

} // namespace troupe
