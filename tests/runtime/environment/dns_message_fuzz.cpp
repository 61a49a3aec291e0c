#include "runtime/environment/dns_message.hpp"

// A name server may send anything.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto records = troupe::parse_service_answer(std::as_bytes(std::span{data, size}));
  if (records && (records->empty() || records->size() > troupe::max_lookup_results)) __builtin_trap();
  return 0;
}
