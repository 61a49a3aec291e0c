#include "runtime/simulation_disk/disk_digest.hpp"

#include "runtime/environment/xoshiro.hpp"

namespace troupe {
namespace {

class hasher {
public:
  void add(std::uint64_t word) noexcept { state_ = splitmix64{state_ ^ word}.next(); }

  void add(std::span<const std::byte> bytes) noexcept {
    add(bytes.size());
    while (!bytes.empty()) {
      // Put together by hand, so that machines of either byte order agree.
      std::uint64_t word = 0;
      const std::size_t length = bytes.size() < 8 ? bytes.size() : 8;
      for (std::size_t i = 0; i < length; ++i)
        word |= std::to_integer<std::uint64_t>(bytes[i]) << (8 * i);
      add(word);
      bytes = bytes.subspan(length);
    }
  }

  void add(std::string_view text) noexcept { add(std::as_bytes(std::span{text})); }

  std::uint64_t value() const noexcept { return state_; }

private:
  std::uint64_t state_ = 0;
};

void add_folder(hasher& out, const disk_node& folder, name_table disk_node::*table,
                const std::vector<std::byte>& (durable_content::*bytes)() const noexcept) {
  out.add((folder.*table).size());
  for (const auto& [name, node] : folder.*table) {
    out.add(name);
    out.add(node->is_folder ? 1 : 0);
    if (node->is_folder) {
      add_folder(out, *node, table, bytes);
    } else {
      out.add(std::span<const std::byte>{(node->content.*bytes)()});
    }
  }
}

} // namespace

std::uint64_t digest_of(const durable_names& names) {
  hasher out;
  add_folder(out, *names.root(), &disk_node::names, &durable_content::live);
  add_folder(out, *names.root(), &disk_node::stable_names, &durable_content::stable);
  return out.value();
}

} // namespace troupe
