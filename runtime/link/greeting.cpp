#include "runtime/link/greeting.hpp"

#include "runtime/link/wire.hpp"

#include <google/protobuf/io/coded_stream.h>
#include <google/protobuf/wire_format_lite.h>

#include <algorithm>
#include <cstring>
#include <troupe/link.pb.h>

namespace troupe {

namespace {

namespace io = google::protobuf::io;
using google::protobuf::internal::WireFormatLite;

constexpr std::string_view magic = "TROUPE\r\n";
constexpr std::size_t head_size = magic.size() + 2 + 2 + 4;

byte_buffer encode(std::uint16_t lowest, std::uint16_t highest, const google::protobuf::MessageLite& rest) {
  const auto size = rest.ByteSizeLong();
  byte_buffer out(head_size + size);
  auto* at = wire::put_bytes(out.data(), magic.data(), magic.size());
  at = wire::put_fixed(wire::put_fixed(at, lowest), highest);
  at = wire::put_fixed(at, static_cast<std::uint32_t>(size));
  rest.SerializeWithCachedSizesToArray(reinterpret_cast<std::uint8_t*>(at));
  return out;
}

// Walks over the fields of one message; `on_text` is called with the number and the bytes of each field that
// has a length. False when the bytes are no message, or on_text says so.
template <class OnText>
bool walk(byte_view bytes, OnText on_text) {
  const auto* begin = reinterpret_cast<const std::uint8_t*>(bytes.data());
  io::CodedInputStream in{begin, static_cast<int>(bytes.size())};
  while (const auto tag = in.ReadTag()) {
    if (WireFormatLite::GetTagWireType(tag) != WireFormatLite::WIRETYPE_LENGTH_DELIMITED) {
      if (!WireFormatLite::SkipField(&in, tag)) return false;
      continue;
    }
    std::uint32_t size = 0;
    if (!in.ReadVarint32(&size)) return false;
    const auto at = static_cast<std::size_t>(in.CurrentPosition());
    if (size > bytes.size() - at || !in.Skip(static_cast<int>(size))) return false;
    if (!on_text(WireFormatLite::GetTagFieldNumber(tag), bytes.subspan(at, size))) return false;
  }
  return in.ConsumedEntireMessage();
}

// The library would write to the standard error output what it thinks of a text that is not UTF-8.
bool is_text(byte_view bytes) {
  return google::protobuf::internal::IsStructurallyValidUTF8(reinterpret_cast<const char*>(bytes.data()),
                                                             static_cast<int>(bytes.size()));
}

// Looked at before anything is parsed: in two bytes there is room for a service or a method, whose object
// would take fifty times as much. Fields that later versions add may be anything.
bool is_reasonable_greeting(byte_view bytes) {
  using message = link::v1::Greeting;
  using service = link::v1::Service;
  std::size_t services = 0;
  std::size_t methods = 0;
  const auto in_service = [&](int field, byte_view content) {
    if (field == service::kMethodsFieldNumber && ++methods > max_announced_methods) return false;
    const bool text = field == service::kNameFieldNumber || field == service::kMethodsFieldNumber;
    return !text || is_text(content);
  };
  return walk(bytes, [&](int field, byte_view content) {
    if (field == message::kServicesFieldNumber)
      return ++services <= max_announced_services && walk(content, in_service);
    const bool text = field == message::kClusterFieldNumber || field == message::kNodeFieldNumber
                      || field == message::kApplicationVersionFieldNumber;
    return !text || is_text(content);
  });
}

bool is_reasonable_refusal(byte_view bytes) {
  return walk(bytes, [](int field, byte_view content) {
    return field != link::v1::Refusal::kMessageFieldNumber || is_text(content);
  });
}

bool is_printable(std::string_view text) {
  return std::none_of(text.begin(), text.end(),
                      [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7F; });
}

status check_names(const greeting& what) {
  if (what.node.empty()) return invalid_argument("a greeting without the name of its node");
  const std::string_view names[] = {what.node, what.cluster, what.application_version};
  for (const auto name : names) {
    if (name.size() > max_announced_name_bytes || !is_printable(name))
      return invalid_argument("a greeting with a name that is too long or not printable");
  }
  return {};
}

status check_sizes(const greeting& what) {
  const auto within = [](std::uint64_t value, std::uint64_t lowest, std::uint64_t highest) {
    return value >= lowest && value <= highest;
  };
  constexpr std::uint64_t gib = 1u << 30;
  if (!within(what.max_message_bytes, 1024, gib))
    return invalid_argument("a greeting with max_message_bytes out of range: {}", what.max_message_bytes);
  const std::uint64_t windows[] = {what.request_window_bytes, what.item_window_bytes,
                                   what.stream_window_bytes};
  for (const auto window : windows) {
    if (!within(window, 1024, 4 * gib))
      return invalid_argument("a greeting with a window out of range: {}", window);
  }
  if (what.max_open_calls == 0) return invalid_argument("a greeting that allows no calls");
  return {};
}

result<greeting> parse(std::uint16_t lowest, std::uint16_t highest, byte_view rest) {
  if (!is_reasonable_greeting(rest))
    return invalid_argument("a greeting that is broken or announces too many services");
  link::v1::Greeting message;
  if (!message.ParseFromArray(rest.data(), static_cast<int>(rest.size())))
    return invalid_argument("a greeting that is broken");
  greeting out;
  out.lowest_version = lowest;
  out.highest_version = highest;
  out.cluster = std::move(*message.mutable_cluster());
  out.node = std::move(*message.mutable_node());
  out.incarnation = message.incarnation();
  out.actor_node = std::move(*message.mutable_actor_node());
  out.application_version = std::move(*message.mutable_application_version());
  out.services.reserve(static_cast<std::size_t>(message.services_size()));
  for (auto& service : *message.mutable_services()) {
    auto& to = out.services.emplace_back();
    to.name = std::move(*service.mutable_name());
    to.methods.reserve(static_cast<std::size_t>(service.methods_size()));
    for (auto& method : *service.mutable_methods())
      to.methods.push_back(std::move(method));
  }
  out.max_message_bytes = message.max_message_bytes();
  out.request_window_bytes = message.request_window_bytes();
  out.item_window_bytes = message.item_window_bytes();
  out.stream_window_bytes = message.stream_window_bytes();
  out.max_open_calls = message.max_open_calls();
  if (auto wrong = check_names(out); !wrong.ok()) return wrong;
  if (auto wrong = check_sizes(out); !wrong.ok()) return wrong;
  return out;
}

status parse_refusal(byte_view rest) {
  link::v1::Refusal message;
  if (!is_reasonable_refusal(rest) || !message.ParseFromArray(rest.data(), static_cast<int>(rest.size())))
    return invalid_argument("a refusal that is broken");
  const auto code = status_code_from_number(message.code()).value_or(status_code::unknown);
  if (code == status_code::ok) return invalid_argument("a refusal that says OK");
  // It goes to the log, and may come from anybody.
  if (message.message().size() > max_status_message_bytes || !is_printable(message.message()))
    return invalid_argument("a refusal whose reason is too long or not printable");
  return {code, std::move(*message.mutable_message())};
}

} // namespace

byte_buffer encode_greeting(const greeting& what) {
  link::v1::Greeting message;
  message.set_cluster(what.cluster);
  message.set_node(what.node);
  message.set_incarnation(what.incarnation);
  message.set_actor_node(what.actor_node);
  message.set_application_version(what.application_version);
  for (const auto& service : what.services) {
    auto& to = *message.add_services();
    to.set_name(service.name);
    for (const auto& method : service.methods)
      to.add_methods(method);
  }
  message.set_max_message_bytes(what.max_message_bytes);
  message.set_request_window_bytes(what.request_window_bytes);
  message.set_item_window_bytes(what.item_window_bytes);
  message.set_stream_window_bytes(what.stream_window_bytes);
  message.set_max_open_calls(what.max_open_calls);
  return encode(what.lowest_version, what.highest_version, message);
}

byte_buffer encode_refusal(const status& why) {
  link::v1::Refusal message;
  message.set_code(static_cast<int>(why.ok() ? status_code::unknown : why.code()));
  auto text = why.message().substr(0, max_refusal_bytes);
  // What it quotes may be anything; what is sent is text of one line.
  std::replace_if(
    text.begin(), text.end(),
    [](char c) { return static_cast<unsigned char>(c) < 0x20 || static_cast<unsigned char>(c) > 0x7E; }, '?');
  message.set_message(text);
  return encode(0, 0, message);
}

result<std::optional<read_greeting>> decode_greeting(byte_view bytes) {
  const auto seen = std::min(bytes.size(), magic.size());
  if (seen > 0 && std::memcmp(bytes.data(), magic.data(), seen) != 0)
    return invalid_argument("bytes that are no greeting of a node");
  if (bytes.size() < head_size) return std::optional<read_greeting>{};
  const auto* at = bytes.data() + magic.size();
  const auto lowest = wire::get_fixed<std::uint16_t>(at);
  const auto highest = wire::get_fixed<std::uint16_t>(at + 2);
  const std::size_t size = wire::get_fixed<std::uint32_t>(at + 4);
  if (lowest > highest || (lowest == 0 && highest != 0))
    return invalid_argument("a greeting with the impossible versions {} to {}", lowest, highest);
  if (size > max_greeting_bytes)
    return invalid_argument("a greeting of {} bytes, where {} are the most", size, max_greeting_bytes);
  if (bytes.size() - head_size < size) return std::optional<read_greeting>{};
  const auto rest = bytes.subspan(head_size, size);
  if (highest == 0) return parse_refusal(rest);
  auto theirs = parse(lowest, highest, rest);
  if (!theirs) return theirs.error();
  return std::optional<read_greeting>{read_greeting{std::move(*theirs), head_size + size}};
}

result<std::uint16_t> choose_version(const greeting& ours, const greeting& theirs) {
  const auto lowest = std::max(ours.lowest_version, theirs.lowest_version);
  const auto highest = std::min(ours.highest_version, theirs.highest_version);
  if (lowest <= highest) return highest;
  return failed_precondition(
    "node \"{}\" speaks versions {} to {} of the link, node \"{}\" {} to {}: there is "
    "none that both speak; upgrade a cluster one version at a time",
    ours.node, ours.lowest_version, ours.highest_version, theirs.node, theirs.lowest_version,
    theirs.highest_version);
}

} // namespace troupe
