// Any text is a seed or is refused, and any text is a file of seeds; what was read prints, and reads back as
// it was.
#include "discovery/seeds/seed_settings.hpp"

#include <cstdint>
#include <cstdlib>

namespace {

void check(const troupe::seed_entry& entry) {
  const auto again = troupe::parse_seed_entry(entry.to_string());
  if (!again || !(*again == entry)) std::abort();
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text{reinterpret_cast<const char*>(data), size};
  if (const auto entry = troupe::parse_seed_entry(text)) check(*entry);
  const auto file = troupe::parse_seed_file(text);
  if (file.lines.size() > troupe::max_seed_file_entries || file.problems.size() > 9) std::abort();
  if (file.wrong_lines != 0 && file.problems.empty()) std::abort();
  std::uint32_t before = 0;
  for (const auto& [number, entry] : file.lines) {
    if (number <= before || entry.kind == troupe::seed_kind::file) std::abort();
    before = number;
    check(entry);
  }
  return 0;
}
