#include "runtime/configuration/command_line.hpp"

#include "runtime/configuration/suggestion.hpp"

#include <fmt/format.h>

#include <optional>

namespace troupe {
namespace {

class parser {
public:
  parser(const settings_schema& schema, std::span<const std::string> arguments)
    : schema_(schema), arguments_(arguments) {}

  command_line run() {
    while (at_ < arguments_.size()) {
      const std::string& argument = arguments_[at_++];
      if (!argument.starts_with("--") || argument.size() == 2) {
        error("unexpected argument '{}'", argument);
        continue;
      }
      const auto equals = argument.find('=');
      name_ = argument.substr(2, equals == std::string::npos ? equals : equals - 2);
      value_.reset();
      if (equals != std::string::npos) value_ = argument.substr(equals + 1);
      take_flag();
    }
    return std::move(out_);
  }

private:
  template <class... Args>
  void error(fmt::format_string<Args...> format, Args&&... args) {
    out_.errors.push_back(fmt::format(format, std::forward<Args>(args)...));
  }

  void take_flag() {
    if (const program_flag* flag = schema_.find_flag(name_)) {
      take_program_flag(*flag);
    } else if (const setting* declared = schema_.find(name_)) {
      take_setting(*declared);
    } else if (take_negation() || take_secret_file() || take_element()) {
      return;
    } else {
      unknown();
    }
  }

  // The value behind "=" or in the next argument.
  std::optional<std::string> need_value(std::string_view what) {
    if (value_) return value_;
    if (at_ < arguments_.size() && !arguments_[at_].starts_with("--")) return arguments_[at_++];
    error("--{} needs a value: --{}={}", name_, name_, what);
    return std::nullopt;
  }

  void take_program_flag(const program_flag& flag) {
    std::string value;
    if (flag.value.empty()) {
      if (value_) return error("--{} takes no value", name_);
    } else {
      const auto given = need_value(flag.value);
      if (!given) return;
      value = *given;
    }
    if (name_ == "help") {
      out_.help = true;
    } else if (name_ == "print-config") {
      out_.print = true;
    } else if (name_ == "config") {
      out_.files.push_back(value);
    } else {
      out_.program_flags[name_] = value;
    }
  }

  void take_setting(const setting& declared) {
    if (declared.type() == setting_type::secret) {
      if (!value_ && at_ < arguments_.size() && !arguments_[at_].starts_with("--")) ++at_;
      return error(
        "--{}: every user of the machine sees flags, so a secret cannot be one; give --{}_file or {}", name_,
        name_, variable_of(name_));
    }
    if (declared.type() == setting_type::table) {
      if (!value_ && at_ < arguments_.size() && !arguments_[at_].starts_with("--")) ++at_;
      return error("--{} is a table; set one element of it: --{}.NAME=VALUE", name_, name_);
    }
    if (declared.type() == setting_type::boolean) return assign(name_, {}, value_.value_or("true"));
    if (const auto value = need_value("VALUE")) assign(name_, {}, *value);
  }

  bool take_negation() {
    if (!name_.starts_with("no-")) return false;
    const std::string path = name_.substr(3);
    const setting* declared = schema_.find(path);
    if (declared == nullptr || declared->type() != setting_type::boolean) return false;
    if (value_) {
      error("--{} takes no value", name_);
    } else {
      assign(path, {}, "false");
    }
    return true;
  }

  bool take_secret_file() {
    constexpr std::string_view suffix = "_file";
    if (!name_.ends_with(suffix)) return false;
    const std::string path = name_.substr(0, name_.size() - suffix.size());
    const setting* declared = schema_.find(path);
    if (declared == nullptr || declared->type() != setting_type::secret) return false;
    if (const auto value = need_value("FILE")) {
      assign(path, {}, *value);
      out_.assignments.back().from_file = true;
    }
    return true;
  }

  bool take_element() {
    for (auto dot = name_.rfind('.'); dot != std::string::npos && dot > 0; dot = name_.rfind('.', dot - 1)) {
      const setting* declared = schema_.find(name_.substr(0, dot));
      if (declared == nullptr) continue;
      if (declared->type() != setting_type::table || dot + 1 == name_.size()) return false;
      if (const auto value = need_value("VALUE")) assign(name_.substr(0, dot), name_.substr(dot + 1), *value);
      return true;
    }
    return false;
  }

  void unknown() {
    std::vector<std::string> known;
    for (const auto& [path, declared] : schema_.settings()) {
      known.push_back(declared->type() == setting_type::secret ? path + "_file" : path);
    }
    for (const char* flag : {"help", "config", "print-config"})
      known.emplace_back(flag);
    const auto nearest = suggest(name_, known);
    if (nearest) {
      error("unknown flag --{}; did you mean --{}?", name_, *nearest);
    } else {
      error("unknown flag --{}; --help lists all", name_);
    }
    // What follows is probably its value, and not worth an error of its own.
    if (!value_ && at_ < arguments_.size() && !arguments_[at_].starts_with("--")) ++at_;
  }

  void assign(std::string path, std::string element, std::string value) {
    out_.assignments.push_back({std::move(path), std::move(element), std::move(value), false, "--" + name_});
  }

  const settings_schema& schema_;
  std::span<const std::string> arguments_;
  std::size_t at_ = 0;
  std::string name_;
  std::optional<std::string> value_;
  command_line out_;
};

} // namespace

command_line parse_command_line(const settings_schema& schema, std::span<const std::string> arguments) {
  return parser{schema, arguments}.run();
}

} // namespace troupe
