// Any bytes as a stream of the gossip: however they are cut, the same comes out of them, and never is more
// held than may be. The seal is left out: what stands where the sealed payload does is taken for the plain
// one.
#include "discovery/gossip_transport/gossip_stream_reader.hpp"

#include <algorithm>

using namespace troupe;

namespace {

constexpr std::size_t largest_frame = 1000;
constexpr std::size_t largest_message = 3000;

struct reading {
  std::vector<byte_buffer> messages;
  bool broken = false;
  friend bool operator==(const reading&, const reading&) = default;
};

void take(gossip_message_reader& reader, std::span<const std::byte> frame, reading& out) {
  const auto decoded = decode_stream_frame(frame.subspan(gossip_overhead));
  if (const auto* hello = std::get_if<gossip_hello>(&decoded); hello != nullptr && !reader.begun())
    return reader.begin(hello->tag);
  auto outcome = reader.take(decoded);
  out.broken = std::holds_alternative<status>(outcome);
  if (auto* message = std::get_if<gossip_message_reader::message>(&outcome)) {
    if (message->bytes.size() > largest_message) __builtin_trap();
    out.messages.push_back(std::move(message->bytes));
  }
  if (reader.held() > largest_message * gossip_message_reader::topics) __builtin_trap();
  if (reader.held() > 0 && !reader.unfinished()) __builtin_trap();
}

reading read(std::span<const std::byte> bytes, std::size_t step) {
  reading out;
  gossip_record_reader records{largest_frame};
  gossip_message_reader messages{largest_message};
  while (!bytes.empty() && !out.broken) {
    auto part = bytes.first(std::min(step, bytes.size()));
    bytes = bytes.subspan(part.size());
    while (!part.empty() && !out.broken) {
      const auto before = part.size();
      const auto got = records.next(part);
      if (!got.broken && part.size() == before) __builtin_trap();
      if (records.held() > gossip_record_prefix + largest_frame) __builtin_trap();
      out.broken = got.broken;
      if (!got.frame.empty()) take(messages, got.frame, out);
    }
  }
  return out;
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const auto bytes = std::as_bytes(std::span{data, size});
  const auto step = 1 + std::to_integer<std::size_t>(bytes[0]);
  const auto stream = bytes.subspan(1);
  if (read(stream, step) != read(stream, stream.size() + 1)) __builtin_trap();
  return 0;
}
