#include "discovery/membership/membership_codec.hpp"

#include "discovery/membership/gossip_wire.hpp"
#include "discovery/membership/table_fingerprint.hpp"
#include "runtime/contract/text_values.hpp"

#include <algorithm>
#include <utility>

namespace troupe {

namespace {

namespace wire = gossip_wire;

constexpr std::uint8_t wire_version = 1;

enum class rumor_kind : std::uint8_t { alive = 1, suspect = 2, dead = 3, left = 4, claim = 5 };

bool has_sequence(packet_kind kind) { return kind <= packet_kind::nack; }
bool has_target(packet_kind kind) { return kind <= packet_kind::ping_request; }
std::size_t hashes_of(packet_kind kind) {
  if (kind == packet_kind::compare) return 1;
  return kind == packet_kind::compare_reply ? table_fingerprint::buckets : 0;
}

void put_body(gossip_bytes& to, const alive_rumor& what) { wire::put_bytes(to, encode_record(what.record)); }

template <class Accusation>
void put_accusation(gossip_bytes& to, const Accusation& what) {
  wire::put_text(to, what.name);
  wire::put_varint(to, what.process);
  wire::put_varint(to, what.incarnation);
  wire::put_text(to, what.from);
}
void put_body(gossip_bytes& to, const suspect_rumor& what) { put_accusation(to, what); }
void put_body(gossip_bytes& to, const dead_rumor& what) { put_accusation(to, what); }

void put_body(gossip_bytes& to, const left_rumor& what) {
  wire::put_text(to, what.name);
  wire::put_varint(to, what.process);
  wire::put_varint(to, what.yielded_to);
}

void put_body(gossip_bytes& to, const claim_rumor& what) {
  wire::put_text(to, what.name);
  wire::put_varint(to, what.process);
  wire::put_varint(to, what.against);
}

bool get_name(wire::reader& in, std::string& out) {
  return in.text(out, longest_member_name) && !out.empty() && is_utf8(out);
}

bool get_process(wire::reader& in, std::uint64_t& out) { return in.varint(out) && out < highest_process; }

template <class Accusation>
bool get_accusation(wire::reader& in, Accusation& out) {
  return get_name(in, out.name) && get_process(in, out.process) && in.varint(out.incarnation)
         && out.incarnation <= highest_incarnation && get_name(in, out.from);
}

} // namespace

// membership_record_codec.cpp
bool decode_record(std::span<const std::byte> bytes, member_record& out);

namespace {

template <class Rumor>
bool add(bool read, wire::reader& in, Rumor& what, packet& to) {
  if (!read || !in.done()) return false;
  to.rumors.emplace_back(std::move(what));
  return true;
}

bool get_rumor(std::uint8_t kind, std::span<const std::byte> body, packet& to) {
  wire::reader in{body};
  switch (static_cast<rumor_kind>(kind)) {
  case rumor_kind::alive: {
    alive_rumor what;
    return decode_record(in.rest(), what.record) && add(true, in, what, to);
  }
  case rumor_kind::suspect: {
    suspect_rumor what;
    return add(get_accusation(in, what), in, what, to);
  }
  case rumor_kind::dead: {
    dead_rumor what;
    return add(get_accusation(in, what), in, what, to);
  }
  case rumor_kind::left: {
    left_rumor what;
    return add(get_name(in, what.name) && get_process(in, what.process) && get_process(in, what.yielded_to),
               in, what, to);
  }
  case rumor_kind::claim: {
    claim_rumor what;
    return add(get_name(in, what.name) && get_process(in, what.process) && get_process(in, what.against), in,
               what, to);
  }
  }
  ++to.skipped_rumors;
  return true;
}

bool get_hashes(wire::reader& in, packet& out) {
  out.hashes.resize(hashes_of(out.kind));
  return std::all_of(out.hashes.begin(), out.hashes.end(), [&in](auto& one) { return in.fixed(one); });
}

bool get_header(wire::reader& in, packet& out) {
  return get_name(in, out.sender) && get_process(in, out.sender_process)
         && (!has_sequence(out.kind) || in.varint(out.sequence))
         && (!has_target(out.kind) || (get_name(in, out.target) && get_process(in, out.target_process)))
         && (out.kind != packet_kind::ping_request || in.address(out.target_endpoint))
         && (out.kind != packet_kind::push_pull || in.fixed(out.buckets)) && get_hashes(in, out);
}

} // namespace

gossip_bytes encode_rumor(const rumor& what) {
  gossip_bytes body;
  std::visit([&body](const auto& one) { put_body(body, one); }, what);
  gossip_bytes out;
  out.reserve(body.size() + 4);
  wire::put_byte(out, static_cast<std::uint8_t>(what.index() + 1));
  wire::put_varint(out, body.size());
  wire::put_bytes(out, body);
  return out;
}

gossip_bytes encode_packet_header(const packet& what) {
  gossip_bytes out;
  wire::put_byte(out, wire_version);
  wire::put_byte(out, static_cast<std::uint8_t>(what.kind));
  wire::put_text(out, what.sender);
  wire::put_varint(out, what.sender_process);
  if (has_sequence(what.kind)) wire::put_varint(out, what.sequence);
  if (has_target(what.kind)) {
    wire::put_text(out, what.target);
    wire::put_varint(out, what.target_process);
  }
  if (what.kind == packet_kind::ping_request) wire::put_endpoint(out, what.target_endpoint);
  if (what.kind == packet_kind::push_pull) wire::put_fixed(out, what.buckets);
  for (std::size_t i = 0; i < hashes_of(what.kind); ++i)
    wire::put_fixed(out, i < what.hashes.size() ? what.hashes[i] : 0);
  return out;
}

gossip_bytes encode_packet(const packet& what) {
  auto out = encode_packet_header(what);
  for (const auto& one : what.rumors)
    wire::put_bytes(out, encode_rumor(one));
  return out;
}

result<packet> decode_packet(std::span<const std::byte> bytes) {
  wire::reader in{bytes};
  std::uint8_t version = 0;
  std::uint8_t kind = 0;
  if (!in.byte(version)) return invalid_argument("an empty gossip packet");
  if (version != wire_version) return unimplemented("a gossip packet of version {}", version);
  if (!in.byte(kind)) return invalid_argument("a gossip packet without a kind");
  if (kind < 1 || kind > static_cast<std::uint8_t>(packet_kind::compare_reply)) {
    return unimplemented("a gossip packet of the unknown kind {}", kind);
  }
  packet out;
  out.kind = static_cast<packet_kind>(kind);
  if (!get_header(in, out)) return invalid_argument("a gossip packet with a broken header");
  while (!in.done()) {
    std::span<const std::byte> body;
    std::uint8_t what = 0;
    if (!in.byte(what) || !in.part(body, bytes.size()))
      return invalid_argument("a gossip packet that is cut off");
    if (out.rumors.size() >= most_packet_rumors)
      return invalid_argument("a gossip packet of more than {} rumors", most_packet_rumors);
    if (!get_rumor(what, body, out))
      return invalid_argument("a gossip packet with a broken rumor of kind {}", what);
  }
  return out;
}

} // namespace troupe
