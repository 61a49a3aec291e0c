// Any bytes as a greeting: what is understood can be said again.
#include "runtime/link/greeting.hpp"

using namespace troupe;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto got = decode_greeting(std::as_bytes(std::span{data, size}));
  if (!got) {
    if (got.error().message().size() > 20'000) __builtin_trap();
    return 0;
  }
  if (!*got) return 0;
  if ((*got)->size > size) __builtin_trap();
  const auto again = decode_greeting(encode_greeting((*got)->theirs));
  if (!again || !*again || (*again)->theirs != (*got)->theirs) __builtin_trap();
  return 0;
}
