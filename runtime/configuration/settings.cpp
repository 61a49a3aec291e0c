#include "runtime/configuration/settings.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace troupe {

settings::settings(const settings_schema& schema, std::map<std::string, settings_entry, std::less<>> entries)
  : schema_(&schema),
    entries_(std::make_shared<const std::map<std::string, settings_entry, std::less<>>>(std::move(entries))) {
}

const settings_entry& settings::entry(std::string_view path) const {
  const auto found = entries_->find(path);
  if (found == entries_->end()) misuse(path, "was never declared");
  return found->second;
}

void settings::misuse(std::string_view path, std::string_view what) {
  throw std::logic_error{fmt::format("setting '{}' {}", path, what)};
}

const provenance& settings::where(std::string_view path) const { return entry(path).from; }

std::string settings::print() const {
  std::string out;
  std::vector<std::string> open; // the groups that the last line was in
  for (const auto& [path, group] : schema_->groups()) {
    std::vector<std::string> names;
    for (std::size_t begin = 0; begin <= path.size();) {
      const auto dot = std::min(path.find('.', begin), path.size());
      names.push_back(path.substr(begin, dot - begin));
      begin = dot + 1;
    }
    std::size_t same = 0;
    while (same < open.size() && same < names.size() && open[same] == names[same])
      ++same;
    for (std::size_t i = same; i < names.size(); ++i)
      out += fmt::format("{:{}}{}:\n", "", 2 * i, names[i]);
    // An empty group would be a null in YAML, which the loader takes as well.
    for (const setting& each : group.settings) {
      const settings_entry& shown = entry(path + "." + each.name());
      const auto line =
        fmt::format("{:{}}{}: {}", "", 2 * names.size(), each.name(), show(each, shown.value));
      out += fmt::format("{:<40} # {}\n", line, shown.from.where);
    }
    open = std::move(names);
  }
  return out;
}

settings_difference difference(const settings& before, const settings& after) {
  settings_difference out;
  for (const auto& [path, declared] : after.schema().settings()) {
    if (before.entry(path).value != after.entry(path).value) {
      (declared->reloadable() ? out.reloadable : out.fixed).push_back(path);
    }
  }
  return out;
}

} // namespace troupe
