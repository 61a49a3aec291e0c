#include "discovery/gossip_seal/gossip_frame.hpp"

#include "runtime/environment/network.hpp"

#include <algorithm>

namespace troupe {

namespace {

constexpr std::size_t cluster_offset = 2;
constexpr std::size_t key_offset = 6;
constexpr std::size_t sender_offset = 14;
constexpr std::size_t time_offset = 30;
constexpr std::size_t sequence_offset = 36;
constexpr std::size_t number_size = 6;
static_assert(time_offset == gossip_nonce_offset && sequence_offset + number_size == gossip_header_size);
static_assert(gossip_nonce_offset + gossip_nonce_size == gossip_header_size);

std::span<const std::byte> bytes_of(std::string_view text) { return std::as_bytes(std::span{text}); }

void put_number(std::span<std::byte> into, std::uint64_t number) {
  for (std::size_t i = 0; i < number_size; ++i)
    into[i] = static_cast<std::byte>(number >> 8 * i & 0xFF);
}

std::uint64_t number_at(std::span<const std::byte> from) {
  std::uint64_t out = 0;
  for (std::size_t i = 0; i < number_size; ++i)
    out |= std::to_integer<std::uint64_t>(from[i]) << 8 * i;
  return out;
}

} // namespace

gossip_header_bytes encode(const gossip_header& header) noexcept {
  gossip_header_bytes out{};
  out[0] = std::byte{gossip_version};
  out[1] = header.sealed ? std::byte{1} : std::byte{0};
  std::copy(header.cluster.begin(), header.cluster.end(), out.begin() + cluster_offset);
  std::copy(header.key.bytes.begin(), header.key.bytes.end(), out.begin() + key_offset);
  std::copy(header.sender.begin(), header.sender.end(), out.begin() + sender_offset);
  put_number(std::span{out}.subspan(time_offset), header.time);
  put_number(std::span{out}.subspan(sequence_offset), header.sequence);
  return out;
}

decoded_header decode_header(std::span<const std::byte> datagram) noexcept {
  decoded_header out;
  if (datagram.size() > max_datagram_size) {
    out.wrong = gossip_drop::too_large;
  } else if (datagram.size() < 2) {
    out.wrong = gossip_drop::truncated;
  } else if (datagram[0] != std::byte{gossip_version} || datagram[1] > std::byte{1}) {
    out.wrong = gossip_drop::version; // before its size: another version may be shorter
  } else if (datagram.size() < gossip_header_size + gossip_tag_size) {
    out.wrong = gossip_drop::truncated;
  }
  if (out.wrong) return out;
  auto& header = out.header;
  header.sealed = datagram[1] == std::byte{1};
  std::copy_n(datagram.begin() + cluster_offset, header.cluster.size(), header.cluster.begin());
  std::copy_n(datagram.begin() + key_offset, header.key.bytes.size(), header.key.bytes.begin());
  std::copy_n(datagram.begin() + sender_offset, header.sender.size(), header.sender.begin());
  header.time = number_at(datagram.subspan(time_offset));
  header.sequence = number_at(datagram.subspan(sequence_offset));
  return out;
}

bool hint_of(std::string_view cluster, cluster_hint& out) {
  gossip_digest digest;
  if (!sha256({bytes_of("troupe gossip 1 cluster"), bytes_of(cluster)}, digest)) return false;
  std::copy_n(digest.begin(), out.size(), out.begin());
  return true;
}

bool checksum_of(std::string_view cluster, std::span<const std::byte> header,
                 std::span<const std::byte> payload, gossip_tag& out) {
  gossip_digest digest;
  const std::byte size{static_cast<std::uint8_t>(cluster.size())};
  if (!sha256({bytes_of("troupe gossip 1 plain"), std::span{&size, 1}, bytes_of(cluster), header, payload},
              digest))
    return false;
  std::copy_n(digest.begin(), out.size(), out.begin());
  return true;
}

} // namespace troupe
