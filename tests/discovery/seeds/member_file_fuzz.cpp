// Any bytes are a list of members or are refused; a list that was read has no other spelling. The input is
// also taken as what comes before the checksum, which no mutation would hit.
#include "discovery/seeds/member_file.hpp"

#include <fmt/format.h>

#include <cstdint>
#include <cstdlib>
#include <string>
#include <zlib.h>

namespace {

void check(std::string_view content) {
  const auto members = troupe::decode_members(content);
  if (!members) {
    if (members.error().code() != troupe::status_code::data_loss) std::abort();
    return;
  }
  if (members->size() > troupe::max_member_file_entries) std::abort();
  if (troupe::encode_members(*members) != content) std::abort();
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text{reinterpret_cast<const char*>(data), size};
  check(text);
  std::string summed{text.substr(0, text.find("crc32 "))};
  const auto sum =
    ::crc32(0, reinterpret_cast<const Bytef*>(summed.data()), static_cast<uInt>(summed.size()));
  check(summed + fmt::format("crc32 {:08x}\n", sum));
  return 0;
}
