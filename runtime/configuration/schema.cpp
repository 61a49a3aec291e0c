#include "runtime/configuration/schema.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <stdexcept>

namespace troupe {
namespace {

constexpr std::string_view variable_prefix = "TROUPE_";
constexpr std::size_t help_column = 34;
constexpr std::size_t help_width = 100;

bool is_name(std::string_view name) noexcept {
  if (name.empty() || name.front() < 'a' || name.front() > 'z' || name.find("__") != std::string_view::npos) {
    return false;
  }
  return name.back() != '_' && std::all_of(name.begin(), name.end(), [](char c) {
           return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_';
         });
}

bool is_path(std::string_view path) noexcept {
  while (true) {
    const auto dot = path.find('.');
    if (!is_name(path.substr(0, dot))) return false;
    if (dot == std::string_view::npos) return true;
    path.remove_prefix(dot + 1);
  }
}

std::string_view placeholder(setting_type type) noexcept {
  switch (type) {
  case setting_type::boolean:
    return "BOOLEAN";
  case setting_type::integer:
    return "INTEGER";
  case setting_type::number:
    return "NUMBER";
  case setting_type::text:
    return "TEXT";
  case setting_type::choice:
    return "WORD";
  case setting_type::time:
    return "DURATION";
  case setting_type::bytes:
    return "SIZE";
  case setting_type::list:
    return "A,B,...";
  case setting_type::table:
    return "VALUE";
  case setting_type::secret:
    return "FILE";
  }
  return {};
}

// Appends `left` and, from the help column on, `text` in lines of at most the help's width.
void append_entry(std::string& out, std::string_view left, std::string_view text) {
  out += left;
  std::size_t column = left.size();
  if (column + 2 > help_column) {
    out += '\n';
    column = 0;
  }
  out.append(help_column - column, ' ');
  column = help_column;
  bool first = true;
  while (!text.empty()) {
    const auto space = text.find(' ');
    const auto word = text.substr(0, space);
    text = space == std::string_view::npos ? std::string_view{} : text.substr(space + 1);
    if (!first && column + 1 + word.size() > help_width) {
      out += '\n';
      out.append(help_column, ' ');
      column = help_column;
      first = true;
    }
    if (!first) {
      out += ' ';
      ++column;
    }
    out += word;
    column += word.size();
    first = false;
  }
  out += '\n';
}

std::string facts(const setting& of) {
  std::string out;
  // Of what every text or list may be, there is nothing to say.
  if (of.type() != setting_type::text && of.type() != setting_type::list && of.type() != setting_type::table
      && of.type() != setting_type::secret) {
    out = of.expectation();
  } else if (of.type() == setting_type::table && !of.choices().empty()) {
    out = fmt::format("each {}", of.check_element("\x01").message().substr(8)); // "one of ..."
  }
  const auto add = [&](std::string_view fact) { out += fmt::format("{}{}", out.empty() ? "" : "; ", fact); };
  if (of.required()) {
    add("required");
  } else if (of.type() != setting_type::secret) {
    const auto* word = std::get_if<std::string>(&of.preset());
    add(fmt::format("default {}", word != nullptr && !word->empty() ? *word : show(of, of.preset())));
  }
  if (of.reloadable()) add("reloadable");
  return out;
}

} // namespace

settings_schema::settings_schema() {
  add_flag({"help", "", "Show this text and end."});
  add_flag({"config", "FILE", "Read settings from a YAML file; of several, later ones win."});
  add_flag({"print-config", "", "Show every setting and where its value comes from, and end."});
}

void settings_schema::add_group(std::string path, std::string help, std::vector<setting> settings) {
  const auto refuse = [&](std::string_view what) {
    throw std::logic_error{fmt::format("settings group '{}': {}", path, what)};
  };
  if (!is_path(path)) refuse("its path must be names of [a-z0-9_] with dots between");
  if (groups_.contains(path)) refuse("declared twice");
  if (settings_.contains(path)) refuse("a setting has that path");
  auto& group = groups_[path];
  group = {path, std::move(help), std::move(settings)};
  for (const setting& each : group.settings) {
    const std::string full = path + "." + each.name();
    if (!is_name(each.name())) refuse(fmt::format("'{}' cannot be the name of a setting", each.name()));
    if (is_group(full)) refuse(fmt::format("'{}' is also a group", full));
    if (!settings_.emplace(full, &each).second) refuse(fmt::format("'{}' is declared twice", full));
  }
  for (const setting& each : group.settings) {
    const std::string file = path + "." + each.name() + "_file";
    if (each.type() == setting_type::secret && settings_.contains(file)) {
      refuse(fmt::format("'{}' is the file of a secret", file));
    }
  }
}

void settings_schema::add_flag(program_flag flag) {
  if (find_flag(flag.name) != nullptr) {
    throw std::logic_error{fmt::format("flag '--{}': declared twice", flag.name)};
  }
  flags_.push_back(std::move(flag));
}

const setting* settings_schema::find(std::string_view path) const noexcept {
  const auto found = settings_.find(path);
  return found == settings_.end() ? nullptr : found->second;
}

bool settings_schema::is_group(std::string_view path) const noexcept {
  // The first group that is not before the path: itself, or one below it, if there is any. ("http-x" cannot
  // be between "http" and "http.tls", for '.' is before every character of a name.)
  const auto found = groups_.lower_bound(path);
  if (found == groups_.end() || !found->first.starts_with(path)) return false;
  return found->first.size() == path.size() || found->first[path.size()] == '.';
}

const program_flag* settings_schema::find_flag(std::string_view name) const noexcept {
  const auto found =
    std::find_if(flags_.begin(), flags_.end(), [&](const auto& each) { return each.name == name; });
  return found == flags_.end() ? nullptr : &*found;
}

std::string settings_schema::help(std::string_view usage) const {
  std::string out{usage};
  out += "\n\nFlags\n";
  for (const program_flag& each : flags_) {
    append_entry(out, fmt::format("  --{}{}{}", each.name, each.value.empty() ? "" : " ", each.value),
                 each.help);
  }
  out +=
    "\nSettings\n"
    "Each can stand in a file (http: {port: 8080}), in a variable (TROUPE_HTTP__PORT=8080) and in a flag\n"
    "(--http.port=8080). A flag wins over a variable, a variable over a file, a file over the default.\n";
  for (const auto& [path, group] : groups_) {
    out += fmt::format("\n{}: {}\n", path, group.help);
    for (const setting& each : group.settings) {
      std::string name = fmt::format("  --{}.{}", path, each.name());
      if (each.type() == setting_type::secret) name += "_file";
      if (each.type() == setting_type::table) name += ".NAME";
      const std::string more = facts(each);
      append_entry(out, fmt::format("{} {}", name, placeholder(each.type())),
                   more.empty() ? each.help() : fmt::format("{} ({})", each.help(), more));
    }
  }
  return out;
}

std::string variable_of(std::string_view path) {
  std::string out{variable_prefix};
  for (const char c : path) {
    if (c == '.') {
      out += "__";
    } else {
      out += (c >= 'a' && c <= 'z') ? static_cast<char>(c - 'a' + 'A') : c;
    }
  }
  return out;
}

} // namespace troupe
