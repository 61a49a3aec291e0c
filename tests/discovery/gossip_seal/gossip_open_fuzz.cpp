// Any bytes as a datagram, from a stranger and by altering a genuine one: only what was sealed is opened,
// once.
#include "discovery/gossip_seal/gossip_sealer.hpp"

#include <algorithm>
#include <cstdint>

using namespace troupe;

namespace {

using namespace std::chrono_literals;

constexpr monotonic_time start{1000s};
const endpoint from{ip_address::loopback(), 7946};

gossip_sealer make(const char* name, bool keys) {
  gossip_sealer_options options;
  options.cluster = "shop";
  options.node = name;
  if (keys) options.keys.emplace(gossip_key::parse("AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=").value());
  options.started = wall_time{1'767'225'600s};
  options.now = start;
  options.max_senders = 4;
  return gossip_sealer::make(std::move(options)).value();
}

// Whether it was opened. The counters must tell the same.
bool opens(gossip_sealer& sealer, std::span<const std::byte> datagram) {
  const auto before = sealer.counters();
  const auto out = sealer.open(datagram, from, start);
  const auto after = sealer.counters();
  if (const auto* opened = std::get_if<opened_gossip>(&out)) {
    if (opened->payload.size() + gossip_overhead != datagram.size()) __builtin_trap();
    if (after.opened != before.opened + 1 || after.dropped != before.dropped) __builtin_trap();
    return true;
  }
  const auto why = std::get<refused_gossip>(out).why;
  if (after.opened != before.opened || after.dropped_for(why) != before.dropped_for(why) + 1)
    __builtin_trap();
  if (after.senders != before.senders) __builtin_trap();
  return false;
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto input = std::as_bytes(std::span{data, size});
  for (const bool keys : {true, false}) {
    auto one = make("one", keys);
    auto two = make("two", keys);
    // A plain datagram of the corpus is genuine; nothing is opened twice.
    if (opens(two, input) && opens(two, input)) __builtin_trap();

    // Altered where the input is not zero.
    const std::string_view text = "a payload that is long enough to be altered";
    const auto genuine = one.seal(std::as_bytes(std::span{text}), start).value();
    auto altered = genuine;
    for (std::size_t i = 0; i < std::min(input.size(), altered.size()); ++i)
      altered[i] ^= input[i];
    if (opens(two, altered) != (altered == genuine)) __builtin_trap();
    // Cut or made longer.
    altered = genuine;
    altered.resize(size % (2 * genuine.size()));
    if (altered.size() != genuine.size() && opens(two, altered)) __builtin_trap();
  }
  return 0;
}
