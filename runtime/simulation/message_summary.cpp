#include "runtime/simulation/message_summary.hpp"

#include "runtime/call/frame_element.hpp"

#include <caf/atom.hpp>
#include <caf/mailbox_element.hpp>
#include <caf/message.hpp>
#include <caf/type_erased_tuple.hpp>
#include <fmt/format.h>
#include <google/protobuf/io/coded_stream.h>
#include <google/protobuf/io/zero_copy_stream_impl_lite.h>
#include <google/protobuf/message.h>

#include <array>
#include <typeinfo>
#include <vector>

namespace troupe {

namespace {

constexpr std::size_t longest_description = 400;

std::string_view name_of(frame_kind kind) noexcept {
  switch (kind) {
  case frame_kind::request:
    return "request";
  case frame_kind::item:
    return "item";
  case frame_kind::half_close:
    return "half_close";
  case frame_kind::credit:
    return "credit";
  case frame_kind::cancel:
    return "cancel";
  case frame_kind::answer:
    return "answer";
  }
  return "frame";
}

// Maps are serialized in the order of their keys: their order in memory differs from run to run.
std::uint64_t hash_of(const google::protobuf::Message& payload, std::uint64_t& size) {
  thread_local std::vector<std::byte> buffer;
  size = payload.ByteSizeLong();
  buffer.resize(size + 1);
  google::protobuf::io::ArrayOutputStream into{buffer.data(), static_cast<int>(size)};
  google::protobuf::io::CodedOutputStream out{&into};
  out.SetSerializationDeterministic(true);
  payload.SerializeWithCachedSizes(&out);
  out.Trim(); // the last bytes are still in its own buffer
  trace_hash hash;
  hash.add(std::span<const std::byte>{buffer}.first(size));
  return hash.value();
}

message_summary summarize_frame(const frame_element& element, bool hash_payloads) {
  const auto& what = element.look();
  if (!what.call) return {.name = "timer", .content = 1};
  message_summary out{.name = what.call->method().full_name};
  trace_hash hash;
  hash.add(static_cast<std::uint64_t>(what.kind) | static_cast<std::uint64_t>(element.receiver()) << 8
           | static_cast<std::uint64_t>(what.outcome.code()) << 16
           | static_cast<std::uint64_t>(what.credit) << 32);
  const auto* payload = what.kind == frame_kind::request ? what.call->request().get() : what.message.get();
  if (payload && hash_payloads) hash.add(hash_of(*payload, out.size));
  out.content = hash.value();
  return out;
}

// The names of types by their type_info, whose addresses are only looked up: the hash of a long name costs
// more than the rest of a delivery.
struct type_entry {
  const std::type_info* type = nullptr;
  std::uint64_t hash = 0;
};

std::uint64_t hash_of(const std::type_info& type) {
  thread_local std::array<type_entry, 256> seen;
  auto& entry = seen[(reinterpret_cast<std::uintptr_t>(&type) >> 4) % seen.size()];
  if (entry.type != &type) {
    trace_hash hash;
    hash.add(std::string_view{type.name()});
    entry = {&type, hash.value()};
  }
  return entry.hash;
}

} // namespace

message_summary summarize(caf::mailbox_element& element, bool hash_payloads) {
  if (const auto* frame = frame_element::of(element)) return summarize_frame(*frame, hash_payloads);
  const auto& content = element.content();
  message_summary out;
  trace_hash hash;
  hash.add(content.size());
  for (std::size_t i = 0; i < content.size() && i < 4; ++i) {
    const auto [number, type] = content.type(i);
    hash.add(number != 0 ? number : hash_of(*type));
    if (number == caf::type_nr<caf::atom_value>::value)
      hash.add(static_cast<std::uint64_t>(content.get_as<caf::atom_value>(i)));
    else if (i == 0 && type)
      out.name = type->name();
  }
  out.content = hash.value();
  return out;
}

std::string describe(caf::mailbox_element& element) {
  std::string out;
  if (const auto* frame = frame_element::of(element)) {
    const auto& what = frame->look();
    if (!what.call) return "timer";
    out = fmt::format("{} {}", name_of(what.kind),
                      frame->receiver() == frame_element::role::callee ? "in" : "back");
    const auto* payload = what.kind == frame_kind::request ? what.call->request().get() : what.message.get();
    if (payload) out += " {" + payload->ShortDebugString() + "}";
    if (!what.outcome.ok()) out += " " + what.outcome.to_string();
  } else {
    out = to_string(element.content());
  }
  if (out.size() > longest_description) out = out.substr(0, longest_description) + "...";
  return out;
}

} // namespace troupe
