// The record of a member as bytes.
#include "discovery/membership/gossip_wire.hpp"
#include "discovery/membership/membership_codec.hpp"
#include "runtime/contract/text_values.hpp"

namespace troupe {

namespace {

namespace wire = gossip_wire;

// Fields come in rising order of tags; role and value may repeat. Absent: the default.
enum field : std::uint64_t {
  link = 1,
  protocol = 2,
  application = 3,
  zone = 4,
  role = 5,
  capacity = 6,
  value = 7
};

void put_field(gossip_bytes& to, std::uint64_t tag, std::string_view text) {
  wire::put_varint(to, tag);
  wire::put_text(to, text);
}

void put_field(gossip_bytes& to, std::uint64_t tag, const gossip_bytes& bytes) {
  put_field(to, tag, std::string_view{reinterpret_cast<const char*>(bytes.data()), bytes.size()});
}

std::string text_of(std::span<const std::byte> bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

bool get_text(std::span<const std::byte> bytes, std::string& out) {
  out = text_of(bytes);
  return is_utf8(out);
}

bool get_protocol(wire::reader in, member_record& out) {
  std::uint64_t low = 0;
  std::uint64_t high = 0;
  if (!in.varint(low) || !in.varint(high) || !in.done() || low > high || high > UINT32_MAX) return false;
  out.protocol_low = static_cast<std::uint32_t>(low);
  out.protocol_high = static_cast<std::uint32_t>(high);
  return true;
}

bool get_value(wire::reader in, member_metadata& out) {
  std::string key;
  std::string text;
  if (!in.text(key, largest_record_bytes) || !is_utf8(key) || !get_text(in.rest(), text)) return false;
  // Rising keys: one way only to write a record.
  if (!out.values.empty() && key <= out.values.rbegin()->first) return false;
  out.values.emplace_hint(out.values.end(), std::move(key), std::move(text));
  return true;
}

bool get_field(std::uint64_t tag, std::span<const std::byte> body, member_record& out) {
  wire::reader in{body};
  switch (tag) {
  case link:
    return get_text(body, out.link);
  case protocol:
    return get_protocol(in, out);
  case application:
    return get_text(body, out.application_version);
  case zone:
    return get_text(body, out.metadata.zone);
  case role:
    return get_text(body, out.metadata.roles.emplace_back());
  case capacity:
    return in.varint(out.metadata.capacity) && in.done();
  case value:
    return get_value(in, out.metadata);
  default:
    out.unknown.push_back({tag, text_of(body)});
    return true;
  }
}

} // namespace

std::string_view to_string(member_state state) noexcept {
  switch (state) {
  case member_state::alive:
    return "alive";
  case member_state::suspect:
    return "suspect";
  case member_state::dead:
    return "dead";
  case member_state::left:
    return "left";
  }
  return "unknown";
}

gossip_bytes encode_record(const member_record& record) {
  gossip_bytes out;
  wire::put_text(out, record.name);
  wire::put_varint(out, record.process);
  wire::put_varint(out, record.incarnation);
  wire::put_endpoint(out, record.gossip);
  if (!record.link.empty()) put_field(out, link, record.link);
  if (record.protocol_low != 1 || record.protocol_high != 1) {
    gossip_bytes range;
    wire::put_varint(range, record.protocol_low);
    wire::put_varint(range, record.protocol_high);
    put_field(out, protocol, range);
  }
  if (!record.application_version.empty()) put_field(out, application, record.application_version);
  if (!record.metadata.zone.empty()) put_field(out, zone, record.metadata.zone);
  for (const auto& one : record.metadata.roles)
    put_field(out, role, one);
  if (record.metadata.capacity != 0) {
    gossip_bytes number;
    wire::put_varint(number, record.metadata.capacity);
    put_field(out, capacity, number);
  }
  for (const auto& [key, text] : record.metadata.values) {
    gossip_bytes pair;
    wire::put_text(pair, key);
    wire::put_bytes(pair, std::as_bytes(std::span{text}));
    put_field(out, value, pair);
  }
  for (const auto& one : record.unknown)
    put_field(out, one.tag, one.value);
  return out;
}

bool decode_record(std::span<const std::byte> bytes, member_record& out) {
  if (bytes.size() > largest_record_bytes) return false;
  wire::reader in{bytes};
  if (!in.text(out.name, longest_member_name) || out.name.empty() || !is_utf8(out.name)
      || !in.varint(out.process) || out.process >= highest_process || !in.varint(out.incarnation)
      || out.incarnation > highest_incarnation || !in.address(out.gossip)) {
    return false;
  }
  for (std::uint64_t before = 0; !in.done();) {
    std::uint64_t tag = 0;
    std::span<const std::byte> body;
    if (!in.varint(tag) || !in.part(body, largest_record_bytes) || tag == 0 || tag < before) return false;
    if (tag == before && tag != role && tag < value) return false;
    before = tag;
    if (!get_field(tag, body, out)) return false;
  }
  return true;
}

status check_member_record(const member_record& record) {
  if (record.name.empty() || record.name.size() > longest_member_name) {
    return invalid_argument("a node's name has 1 to {} bytes, not {}", longest_member_name,
                            record.name.size());
  }
  if (record.gossip.port == 0) return invalid_argument("the gossip endpoint of {} has no port", record.name);
  if (record.protocol_low > record.protocol_high) {
    return invalid_argument("{} speaks protocol versions {} to {}; the first must not be above the last",
                            record.name, record.protocol_low, record.protocol_high);
  }
  if (record.incarnation > highest_incarnation) {
    return invalid_argument("the incarnation of {} is above 2^62", record.name);
  }
  if (record.process >= highest_process) {
    return invalid_argument("the process of {} has the number {}; it has to be below 2^62", record.name,
                            record.process);
  }
  // As large as it may get: both numbers rise.
  auto grown = record;
  grown.incarnation = highest_incarnation;
  grown.process = highest_process - 1;
  if (const auto size = encode_record(grown).size(); size > largest_record_bytes) {
    return invalid_argument("the record of {} takes {} bytes of {}; shorten its metadata", record.name, size,
                            largest_record_bytes);
  }
  member_record again;
  if (!decode_record(encode_record(record), again)) {
    return invalid_argument(
      "the record of {} holds a text that is not valid UTF-8, or fields in a wrong order", record.name);
  }
  return {};
}

} // namespace troupe
