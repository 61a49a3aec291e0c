#include "apps/launcher/cluster_file_reader.hpp"

#include "apps/launcher/cluster_file.hpp"
#include "runtime/configuration/suggestion.hpp"

#include <algorithm>
#include <charconv>
#include <set>
#include <tuple>

namespace troupe::launcher {

namespace {

std::string list_of(const std::vector<std::string>& words) {
  std::string out;
  for (const auto& each : words)
    out += (out.empty() ? "" : ", ") + each;
  return out;
}

} // namespace

bool cluster_file_reader::is_mapping(const yaml_node& at, std::string_view what,
                                     std::initializer_list<std::string_view> known) {
  if (at.kind != yaml_node::type::mapping) {
    const std::vector<std::string> keys{known.begin(), known.end()};
    complain(at.at,
             fmt::format("{} must have keys{}", what,
                         keys.empty() ? std::string{": group.setting: value"} : ", of: " + list_of(keys)));
    return false;
  }
  const std::vector<std::string> keys{known.begin(), known.end()};
  std::set<std::string_view> seen;
  for (const auto& entry : at.entries) {
    if (!seen.insert(entry.key).second) complain(entry.at, fmt::format("'{}' is there twice", entry.key));
    if (keys.empty() || std::find(keys.begin(), keys.end(), entry.key) != keys.end()) continue;
    const auto nearest = suggest(entry.key, keys);
    complain(entry.at, nearest
                         ? fmt::format("{} has no key '{}'; did you mean '{}'?", what, entry.key, *nearest)
                         : fmt::format("{} has no key '{}'; it has {}", what, entry.key, list_of(keys)));
  }
  return true;
}

const yaml_node* cluster_file_reader::find(const yaml_node& in, std::string_view key) noexcept {
  const auto found =
    std::find_if(in.entries.begin(), in.entries.end(), [&](auto& entry) { return entry.key == key; });
  return found == in.entries.end() ? nullptr : &found->value;
}

const yaml_node* cluster_file_reader::required(const yaml_node& in, std::string_view key,
                                               std::string_view meaning) {
  const auto* out = find(in, key);
  if (out == nullptr) complain(in.at, fmt::format("'{}' is missing: {}", key, meaning));
  return out;
}

std::string cluster_file_reader::text(const yaml_node& at, std::string_view what) {
  if (at.kind == yaml_node::type::scalar && !at.text.empty()) return at.text;
  complain(at.at, fmt::format("{} must be a text", what));
  return {};
}

std::int64_t cluster_file_reader::number(const yaml_node& at, std::string_view what, std::int64_t least,
                                         std::int64_t most) {
  std::int64_t out = 0;
  const auto* end = at.text.data() + at.text.size();
  const auto read = std::from_chars(at.text.data(), end, out);
  if (at.kind == yaml_node::type::scalar && read.ec == std::errc{} && read.ptr == end && out >= least
      && out <= most)
    return out;
  complain(at.at, fmt::format("{} is '{}'; it must be an integer from {} to {}", what, at.text, least, most));
  return 0;
}

std::vector<std::string> cluster_file_reader::words(const yaml_node& at, std::string_view what) {
  std::vector<std::string> out;
  if (at.kind != yaml_node::type::sequence) {
    complain(at.at, fmt::format("{} must be a list: [a, b]", what));
    return out;
  }
  for (const auto& each : at.items)
    if (auto word = text(each, fmt::format("each of {}", what)); !word.empty())
      out.push_back(std::move(word));
  return out;
}

void cluster_file_reader::complain(text_position at, std::string_view what) {
  ++count_;
  if (complaints_.size() >= most_cluster_errors) return;
  complaints_.push_back({at, fmt::format("{}:{}:{}: {}", file_, at.line, at.column, what)});
}

status cluster_file_reader::failure() const {
  auto sorted = complaints_;
  std::stable_sort(sorted.begin(), sorted.end(), [](const complaint& a, const complaint& b) {
    return std::tie(a.at.line, a.at.column) < std::tie(b.at.line, b.at.column);
  });
  std::string out;
  for (const auto& each : sorted)
    out += (out.empty() ? "" : "\n") + each.line;
  if (count_ > sorted.size()) out += fmt::format("\n... and {} more", count_ - sorted.size());
  return invalid_argument("{}", out);
}

} // namespace troupe::launcher
