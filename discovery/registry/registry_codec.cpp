#include "discovery/registry/registry_codec.hpp"

#include "runtime/contract/text_values.hpp"

#include <troupe/registry.pb.h>

namespace troupe {

namespace {

namespace wire = discovery::v1;

void put(const numbered_entry& from, wire::RegistryEntry& into) {
  into.set_change(from.change);
  into.set_service(from.entry.service);
  if (from.withdrawn) return into.set_withdrawn(true);
  into.set_version(from.entry.version);
  into.set_instances(from.entry.instances);
  into.set_health(static_cast<wire::ServiceHealth>(from.entry.health));
  into.set_load(from.entry.load);
  for (const auto& [key, value] : from.entry.metadata) {
    auto& property = *into.add_metadata();
    property.set_key(key);
    property.set_value(value);
  }
}

status check_text(std::string_view text, std::string_view what) {
  if (is_utf8(text)) return {};
  return invalid_argument("a message of the registry has {} that is not valid UTF-8", what);
}

service_health health_of(wire::ServiceHealth health) {
  switch (health) {
  case wire::STARTING:
    return service_health::starting;
  case wire::READY:
    return service_health::ready;
  case wire::DRAINING:
    return service_health::draining;
  default:
    return service_health::unhealthy;
  }
}

result<numbered_entry> get(wire::RegistryEntry& from) {
  numbered_entry out;
  out.change = from.change();
  out.withdrawn = from.withdrawn();
  if (auto outcome = check_text(from.service(), "the name of a service"); !outcome.ok()) return outcome;
  out.entry.service = std::move(*from.mutable_service());
  if (out.withdrawn) return out; // only the name counts
  if (auto outcome = check_text(from.version(), "a version"); !outcome.ok()) return outcome;
  out.entry.version = std::move(*from.mutable_version());
  out.entry.instances = from.instances();
  out.entry.health = health_of(from.health());
  out.entry.load = from.load();
  for (auto& each : *from.mutable_metadata()) {
    for (const auto& text : {each.key(), each.value()})
      if (auto outcome = check_text(text, "metadata"); !outcome.ok()) return outcome;
    if (!out.entry.metadata.emplace(std::move(*each.mutable_key()), std::move(*each.mutable_value())).second)
      return invalid_argument("the entry of {} has a key of its metadata twice", out.entry.service);
  }
  return out;
}

result<registry_delta> get(wire::RegistryDelta& from, const registry_limits& limits) {
  registry_delta out;
  if (auto outcome = check_text(from.node(), "the name of a node"); !outcome.ok()) return outcome;
  out.node = std::move(*from.mutable_node());
  out.incarnation = from.incarnation();
  out.since = from.since();
  out.until = from.until();
  for (auto& each : *from.mutable_entries()) {
    auto entry = get(each);
    if (!entry) return entry.error();
    out.entries.push_back(std::move(*entry));
  }
  if (auto outcome = check(out, limits); !outcome.ok()) return outcome;
  return out;
}

} // namespace

std::vector<std::byte> encode(const registry_message& message) {
  wire::RegistryMessage out;
  for (const auto& each : message.deltas) {
    auto& delta = *out.add_deltas();
    delta.set_node(each.node);
    delta.set_incarnation(each.incarnation);
    delta.set_since(each.since);
    delta.set_until(each.until);
    for (const auto& every : each.entries)
      put(every, *delta.add_entries());
  }
  for (const auto& each : message.digest) {
    auto& line = *out.add_digest();
    line.set_node(each.node);
    line.set_incarnation(each.incarnation);
    line.set_known(each.known);
  }
  out.set_fingerprint(message.fingerprint);
  std::vector<std::byte> bytes(out.ByteSizeLong());
  out.SerializeWithCachedSizesToArray(reinterpret_cast<std::uint8_t*>(bytes.data()));
  return bytes;
}

result<registry_message> decode_registry_message(std::span<const std::byte> bytes,
                                                 const registry_limits& limits) {
  if (bytes.size() > max_registry_message)
    return invalid_argument("a message of the registry has {} bytes; {} are allowed", bytes.size(),
                            max_registry_message);
  wire::RegistryMessage in;
  if (!in.ParseFromArray(bytes.data(), static_cast<int>(bytes.size())))
    return invalid_argument("{} bytes are no message of the registry", bytes.size());
  registry_message out;
  for (auto& each : *in.mutable_deltas()) {
    auto delta = get(each, limits);
    if (!delta) return delta.error();
    out.deltas.push_back(std::move(*delta));
  }
  for (auto& each : *in.mutable_digest()) {
    if (auto outcome = check_text(each.node(), "the name of a node"); !outcome.ok()) return outcome;
    if (each.node().empty() || each.node().size() > limits.name_bytes)
      return invalid_argument(
        "a digest of the registry with a node whose name has {} bytes; 1 to {} are allowed",
        each.node().size(), limits.name_bytes);
    out.digest.push_back({std::move(*each.mutable_node()), each.incarnation(), each.known()});
  }
  out.fingerprint = in.fingerprint();
  return out;
}

} // namespace troupe
