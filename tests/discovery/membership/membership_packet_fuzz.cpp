// Any bytes as a gossip packet: what is understood can be said again, and no member minds hearing it.
#include "discovery/membership/membership.hpp"

using namespace troupe;

namespace {

member_record named(const char* name, std::uint8_t last) {
  member_record out;
  out.name = name;
  out.process = 5;
  out.gossip = {ip_address::v4(10, 0, 0, last), 7946};
  return out;
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto bytes = std::as_bytes(std::span{data, size});
  const auto got = decode_packet(bytes);
  if (got) {
    const auto again = decode_packet(encode_packet(*got));
    auto same = *got;
    same.skipped_rumors = 0;
    if (!again || *again != same) __builtin_trap();
  }
  membership member{{}, random_source{1}};
  const monotonic_time start{};
  if (!member.start(start, named("n2", 2), {named("n1", 1).gossip}).ok()) __builtin_trap();
  auto now = start;
  for (int i = 0; i < 20; ++i) {
    const auto channel = i % 2 == 0 ? gossip_channel::datagram : gossip_channel::stream;
    if (i < 2 && member.on_message(now, named("n1", 1).gossip, channel, bytes).ok() != (got.has_value())) {
      // Its own packets are refused though they can be read; so is everything once it has stopped.
      if (!got) __builtin_trap();
    }
    now = std::max(now, std::min(member.next_tick(), now + std::chrono::minutes{1}));
    member.tick(now);
    for (const auto& one : member.take_effects().sends) {
      if (!decode_packet(one.bytes)) __builtin_trap();
    }
  }
  return 0;
}
