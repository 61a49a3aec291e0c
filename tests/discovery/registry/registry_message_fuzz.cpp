// Any bytes as a message of the registry: what is understood can be said again, and taken in.
#include "discovery/registry/registry.hpp"
#include "discovery/registry/registry_codec.hpp"

using namespace troupe;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto got = decode_registry_message(std::as_bytes(std::span{data, size}));
  if (!got) {
    if (got.error().message().size() > 2'000) __builtin_trap();
    return 0;
  }
  const auto again = decode_registry_message(encode(*got));
  if (!again || !(*again == *got)) __builtin_trap();
  registry table{"fuzz", 1};
  for (const auto& each : got->deltas) {
    table.member_up(each.node, each.incarnation);
    if (!table.apply(each).ok() && table.figures().malformed == 0) __builtin_trap();
  }
  (void)table.snapshot();
  (void)table.lacking(got->digest, 1'000);
  return 0;
}
