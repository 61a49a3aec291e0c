#include "runtime/simulation_disk/disk_path.hpp"

#include <cerrno>

namespace troupe {
namespace {

constexpr std::size_t longest_name = 255;
constexpr std::size_t longest_path = 4095;

std::vector<std::string_view> parts_of(std::string_view path) {
  std::vector<std::string_view> out;
  while (!path.empty()) {
    const std::size_t slash = path.find('/');
    if (const auto part = path.substr(0, slash); !part.empty()) out.push_back(part);
    if (slash == std::string_view::npos) break;
    path.remove_prefix(slash + 1);
  }
  return out;
}

disk_place nowhere(int error) {
  disk_place out;
  out.error = error;
  return out;
}

} // namespace

disk_place find_place(const durable_names& names, std::string_view working, std::string_view path) {
  if (path.empty()) return nowhere(ENOENT);
  if (path.size() > longest_path) return nowhere(ENAMETOOLONG);
  std::vector<std::string_view> parts;
  if (path.front() != '/') parts = parts_of(working);
  for (const auto part : parts_of(path))
    parts.push_back(part);

  disk_place out;
  out.slash_at_end = path.back() == '/';
  out.node = names.root();
  out.way.push_back(out.node);
  for (std::size_t i = 0; i < parts.size(); ++i) {
    if (out.node == nullptr) return nowhere(ENOENT); // the part before this one is missing
    if (!out.node->is_folder) return nowhere(ENOTDIR);
    const std::string_view part = parts[i];
    if (part == "." || part == "..") {
      if (part == ".." && out.way.size() > 1) out.way.pop_back();
      out.node = out.way.back();
      out.folder = nullptr;
      out.name.clear();
      continue;
    }
    if (part.size() > longest_name) return nowhere(ENAMETOOLONG);
    out.folder = out.node;
    out.name = part;
    const auto found = out.folder->names.find(part);
    out.node = found == out.folder->names.end() ? nullptr : found->second;
    if (out.node != nullptr && out.node->is_folder) out.way.push_back(out.node);
  }
  if (out.slash_at_end && out.node != nullptr && !out.node->is_folder) out.error = ENOTDIR;
  return out;
}

} // namespace troupe
