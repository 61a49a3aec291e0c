#include "runtime/configuration/configuration.hpp"

#include "runtime/configuration/suggestion.hpp"
#include "runtime/configuration/yaml_document.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <set>

namespace troupe {
namespace {

constexpr std::string_view variable_prefix = "TROUPE_";
constexpr std::string_view file_suffix = "_file";

class loader {
public:
  loader(const settings_schema& schema, const configuration_input& input) : schema_(schema), input_(input) {
    for (const auto& [path, declared] : schema.settings()) {
      entries_.emplace(path, settings_entry{declared->preset(), {settings_layer::preset, "default"}});
    }
  }

  result<settings> run() {
    for (const configuration_file& file : input_.files)
      read_file(file);
    for (const auto& [name, value] : input_.variables)
      read_variable(name, value);
    errors_.insert(errors_.end(), input_.flags.errors.begin(), input_.flags.errors.end());
    layer_ = settings_layer::flag;
    begin_source();
    for (const flag_assignment& each : input_.flags.assignments)
      read_flag(each);
    for (const auto& [path, declared] : schema_.settings()) {
      if (!declared->required() || mentioned_.contains(path)) continue;
      error("", "{} is required; set it in a file, by {} or by --{}{}", path, variable_of(path), path,
            declared->type() == setting_type::secret ? file_suffix : "");
    }
    if (errors_.empty()) return settings{schema_, std::move(entries_)};
    return report();
  }

private:
  template <class... Args>
  void error(std::string_view where, fmt::format_string<Args...> format, Args&&... args) {
    const auto text = fmt::format(format, std::forward<Args>(args)...);
    errors_.push_back(where.empty() ? text : fmt::format("{}: {}", where, text));
  }

  status report() const {
    std::string out = errors_.size() == 1 ? std::string{"the configuration has an error:"}
                                          : fmt::format("the configuration has {} errors:", errors_.size());
    const std::size_t shown = std::min(errors_.size(), max_configuration_errors);
    for (std::size_t i = 0; i < shown; ++i)
      out += "\n  " + errors_[i];
    if (shown < errors_.size()) out += fmt::format("\n  and {} more", errors_.size() - shown);
    return {status_code::invalid_argument, out};
  }

  // A text as a message shows it: short, and on one line whatever it contains.
  static std::string shown(std::string_view text) {
    constexpr std::size_t longest = 60;
    std::string out;
    for (const char c : text.substr(0, longest)) {
      const auto byte = static_cast<unsigned char>(c);
      out += byte < 0x20 || byte == 0x7F ? fmt::format("\\x{:02x}", byte) : std::string(1, c);
    }
    return text.size() > longest ? out + "..." : out;
  }

  // A value as a message shows it; never a secret's.
  static std::string quoted(const setting& declared, std::string_view text) {
    if (declared.type() == setting_type::secret) return "not allowed";
    return fmt::format("'{}'", shown(text));
  }

  // Within one file, and among the flags, a list or secret may not come twice; the next source may replace
  // it.
  void begin_source() { secrets_seen_.clear(); }

  void set(const std::string& path, setting_value value, std::string where) {
    entries_.at(path) = {std::move(value), {layer_, std::move(where)}};
    mentioned_.insert(path);
  }

  void set_scalar(const std::string& path, const setting& declared, std::string_view text,
                  const std::string& where) {
    mentioned_.insert(path);
    auto value = declared.parse(text);
    if (value) return set(path, std::move(*value), where);
    error(where, "{} is {}; it {}", path, quoted(declared, text), value.error().message());
  }

  void set_list(const std::string& path, const setting& declared, text_list elements,
                const std::string& where) {
    mentioned_.insert(path);
    if (elements.size() > max_setting_elements) {
      return error(where, "{} has {} elements; at most {} are allowed", path, elements.size(),
                   max_setting_elements);
    }
    for (const std::string& each : elements) {
      if (status s = declared.check_element(each); !s.ok()) {
        return error(where, "an element of {} is {}; it {}", path, quoted(declared, each), s.message());
      }
    }
    set(path, std::move(elements), where);
  }

  void set_element(const std::string& path, const setting& declared, const std::string& key,
                   std::string_view text, const std::string& where) {
    mentioned_.insert(path);
    if (status s = declared.check_element(text); !s.ok()) {
      return error(where, "{}.{} is {}; it {}", path, shown(key), quoted(declared, text), s.message());
    }
    auto table = std::get<text_table>(entries_.at(path).value);
    table.insert_or_assign(key, std::string{text});
    if (table.size() > max_setting_elements) {
      return error(where, "{} has more than {} elements", path, max_setting_elements);
    }
    set(path, std::move(table), where);
  }

  void set_secret_file(const std::string& path, const setting& declared, const std::string& file,
                       const std::string& where) {
    mentioned_.insert(path);
    if (!input_.read_secret) return error(where, "{}{} cannot be used here", path, file_suffix);
    auto content = input_.read_secret(file);
    if (!content) return error(where, "{}{}: {}", path, file_suffix, content.error().message());
    if (content->ends_with('\n')) content->pop_back();
    if (content->ends_with('\r')) content->pop_back();
    set_scalar(path, declared, *content, where);
  }

  // A secret that one source gives both as a value and as a file: which one is meant?
  bool secret_given_twice(const std::string& path, const std::string& where) {
    if (secrets_seen_.insert(path).second) return false;
    error(where, "{} and {}{} are both given; give one", path, path, file_suffix);
    return true;
  }

  // Finds the secret whose file a name like "http.token_file" stands for.
  const setting* secret_of(std::string_view path) const {
    if (!path.ends_with(file_suffix)) return nullptr;
    const setting* declared = schema_.find(path.substr(0, path.size() - file_suffix.size()));
    return declared != nullptr && declared->type() == setting_type::secret ? declared : nullptr;
  }

  // -- files

  void read_file(const configuration_file& file) {
    layer_ = settings_layer::file;
    begin_source();
    file_ = file.name;
    auto document = parse_yaml(file.content);
    if (!document) {
      const yaml_error& wrong = document.error();
      return error(position(wrong.at), "{}", wrong.message);
    }
    if (document->kind == yaml_node::type::null) return;
    if (document->kind != yaml_node::type::mapping) {
      return error(position(document->at), "a configuration file must be a mapping of groups");
    }
    read_group("", *document);
  }

  std::string position(text_position at) const { return fmt::format("{}:{}:{}", file_, at.line, at.column); }

  void read_group(const std::string& group, const yaml_node& node) {
    std::map<std::string_view, int> lines;
    for (const yaml_entry& entry : node.entries) {
      const std::string path = group.empty() ? entry.key : group + "." + entry.key;
      if (const auto [first, fresh] = lines.emplace(entry.key, entry.at.line); !fresh) {
        error(position(entry.at), "{} is given twice; first in line {}", shown(path), first->second);
        continue;
      }
      read_entry(group, path, entry);
    }
  }

  void read_entry(const std::string& group, const std::string& path, const yaml_entry& entry) {
    const bool dotted = entry.key.find('.') != std::string::npos;
    if (const setting* declared = dotted ? nullptr : schema_.find(path))
      return read_setting(path, *declared, entry.value);
    if (const setting* secret = dotted ? nullptr : secret_of(path)) {
      return read_secret_file(path.substr(0, path.size() - file_suffix.size()), *secret, entry.value);
    }
    if (!dotted && schema_.is_group(path)) {
      if (entry.value.kind == yaml_node::type::mapping) return read_group(path, entry.value);
      if (entry.value.kind == yaml_node::type::null) return;
      return error(position(entry.value.at), "{} is a group of settings, not a value", path);
    }
    if (dotted && (schema_.find(path) != nullptr || schema_.is_group(path))) {
      return error(position(entry.at),
                   "'{}': in a file, write a group and its settings on lines of their own", entry.key);
    }
    unknown(position(entry.at), group, path);
  }

  void unknown(const std::string& where, const std::string& group, const std::string& path) {
    const std::string prefix = group.empty() ? "" : group + ".";
    std::set<std::string> beside; // the names in the same group
    std::vector<std::string> everywhere;
    for (const auto& [known, declared] : schema_.settings()) {
      everywhere.push_back(known);
      if (known.starts_with(prefix)) beside.insert(known.substr(0, known.find('.', prefix.size())));
    }
    const std::vector<std::string> near{beside.begin(), beside.end()};
    auto nearest = suggest_last(path, near);
    if (!nearest) nearest = suggest(path, everywhere);
    if (nearest) {
      error(where, "unknown setting '{}'; did you mean '{}'?", shown(path), *nearest);
    } else {
      error(where, "unknown setting '{}'; --help lists all", shown(path));
    }
  }

  // Compares last names only, so that a long group does not make everything look similar.
  static std::optional<std::string> suggest_last(const std::string& path,
                                                 const std::vector<std::string>& known) {
    const auto last = [](const std::string& of) { return of.substr(of.rfind('.') + 1); };
    std::vector<std::string> names;
    for (const auto& each : known)
      names.push_back(last(each));
    const auto nearest = suggest(last(path), names);
    if (!nearest) return std::nullopt;
    return known[static_cast<std::size_t>(std::find(names.begin(), names.end(), *nearest) - names.begin())];
  }

  void read_setting(const std::string& path, const setting& declared, const yaml_node& node) {
    const std::string where = position(node.at);
    switch (declared.type()) {
    case setting_type::list:
      if (node.kind == yaml_node::type::sequence) {
        text_list elements;
        for (const yaml_node& item : node.items) {
          if (item.kind != yaml_node::type::scalar) {
            return error(position(item.at), "an element of {} must be a single value", path);
          }
          elements.push_back(item.text);
        }
        return set_list(path, declared, std::move(elements), where);
      }
      break;
    case setting_type::table:
      if (node.kind == yaml_node::type::mapping) return read_table(path, declared, node);
      break;
    case setting_type::secret:
      if (node.kind == yaml_node::type::scalar && secret_given_twice(path, where)) return;
      [[fallthrough]];
    default:
      if (node.kind == yaml_node::type::scalar) return set_scalar(path, declared, node.text, where);
    }
    mentioned_.insert(path);
    constexpr std::string_view kinds[] = {"empty", "a single value", "a list", "a mapping"};
    error(where, "{} is {}; it must be {}", path, kinds[static_cast<std::size_t>(node.kind)],
          declared.expectation());
  }

  void read_table(const std::string& path, const setting& declared, const yaml_node& node) {
    mentioned_.insert(path);
    std::map<std::string_view, int> lines;
    for (const yaml_entry& entry : node.entries) {
      if (const auto [first, fresh] = lines.emplace(entry.key, entry.at.line); !fresh) {
        error(position(entry.at), "{}.{} is given twice; first in line {}", path, shown(entry.key),
              first->second);
      } else if (entry.value.kind != yaml_node::type::scalar) {
        error(position(entry.value.at), "{}.{} must be a single value", path, shown(entry.key));
      } else {
        set_element(path, declared, entry.key, entry.value.text, position(entry.value.at));
      }
    }
  }

  void read_secret_file(const std::string& path, const setting& declared, const yaml_node& node) {
    if (node.kind != yaml_node::type::scalar) {
      return error(position(node.at), "{}{} must be the name of a file", path, file_suffix);
    }
    if (!secret_given_twice(path, position(node.at)))
      set_secret_file(path, declared, node.text, position(node.at));
  }

  // -- variables and flags

  void read_variable(const std::string& name, const std::string& value) {
    // Names without "__" are not settings: orchestrators set some for services that happen to be called
    // "troupe".
    if (!name.starts_with(variable_prefix) || name.find("__") == std::string::npos) return;
    layer_ = settings_layer::variable;
    for (const auto& [path, declared] : schema_.settings()) {
      const std::string expected = variable_of(path);
      if (declared->type() == setting_type::table && name.starts_with(expected + "__")) {
        std::string key = name.substr(expected.size() + 2);
        std::transform(key.begin(), key.end(), key.begin(), [](char c) { return to_lower(c); });
        return set_element(path, *declared, key, value, name);
      }
      if (declared->type() == setting_type::secret && name == expected + "_FILE") {
        if (!input_.variables.contains(expected)) return set_secret_file(path, *declared, value, name);
        return error(name, "{} and {} are both given; give one", expected, name);
      }
      if (name == expected) return set_text(path, *declared, value, name);
    }
    std::vector<std::string> known;
    for (const auto& [path, declared] : schema_.settings())
      known.push_back(variable_of(path));
    if (const auto nearest = suggest(name, known)) {
      error(name, "there is no such setting; did you mean {}?", *nearest);
    } else {
      error(name, "there is no such setting; --help lists all");
    }
  }

  static char to_lower(char c) noexcept {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  }

  void set_text(const std::string& path, const setting& declared, const std::string& value,
                const std::string& where) {
    if (declared.type() == setting_type::table) {
      return error(where, "{} is a table; set one element of it: {}__NAME", path, where);
    }
    if (declared.type() != setting_type::list) return set_scalar(path, declared, value, where);
    text_list elements;
    for (std::size_t begin = 0; begin < value.size();) {
      const auto comma = std::min(value.find(',', begin), value.size());
      elements.push_back(value.substr(begin, comma - begin));
      begin = comma + 1;
    }
    set_list(path, declared, std::move(elements), where);
  }

  void read_flag(const flag_assignment& flag) {
    const setting& declared = *schema_.find(flag.path);
    if (flag.from_file) {
      set_secret_file(flag.path, declared, flag.value, flag.flag);
    } else if (declared.type() == setting_type::table) {
      set_element(flag.path, declared, flag.element, flag.value, flag.flag);
    } else {
      set_text(flag.path, declared, flag.value, flag.flag);
    }
  }

  const settings_schema& schema_;
  const configuration_input& input_;
  std::map<std::string, settings_entry, std::less<>> entries_;
  std::set<std::string, std::less<>> mentioned_; // given somewhere, rightly or wrongly
  std::set<std::string> secrets_seen_;
  std::vector<std::string> errors_;
  settings_layer layer_ = settings_layer::preset;
  std::string file_;
};

} // namespace

result<settings> load_settings(const settings_schema& schema, const configuration_input& input) {
  return loader{schema, input}.run();
}

result<settings> load_settings(const settings_schema& schema, const command_line& flags,
                               const std::map<std::string, std::string>& variables, disk& from) {
  configuration_input input;
  input.variables = variables;
  input.flags = flags;
  std::vector<std::string> names;
  if (const auto named = variables.find("TROUPE_CONFIG"); named != variables.end())
    names.push_back(named->second);
  names.insert(names.end(), flags.files.begin(), flags.files.end());
  for (const std::string& name : names) {
    auto content = read_file(from, name, max_yaml_bytes);
    if (content) {
      input.files.push_back({name, std::move(*content)});
    } else {
      input.flags.errors.push_back(content.error().message());
    }
  }
  input.read_secret = [&from](const std::string& path) { return read_file(from, path, max_setting_text); };
  return load_settings(schema, input);
}

} // namespace troupe
