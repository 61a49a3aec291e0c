// What can be configured: each setting is declared once, with type, range, default and help, by the component
// that uses it. Loading, checking, help and printing all follow from the declaration.
//
//   schema.add_group("http", "The HTTP edge.", {
//     setting::integer("port", 8080, 0, 65535, "Port to listen on; 0 lets the system choose."),
//     setting::time("idle_timeout", 60s, 1s, 1h, "Idle connections are closed after this.").can_reload(),
//     setting::choice("tls", "off", {"off", "on", "mutual"}, "Who must show a certificate."),
//   });
#pragma once

#include "runtime/core/deadline.hpp"
#include "runtime/core/result.hpp"

#include <cstdint>
#include <map>
#include <ostream>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace troupe {

// Text that must not be shown: printing it gives "***".
class secret_text {
public:
  secret_text() = default;
  explicit secret_text(std::string text) : text_(std::move(text)) {}

  // The text itself, for the one who needs it.
  const std::string& reveal() const noexcept { return text_; }
  bool empty() const noexcept { return text_.empty(); }

  bool operator==(const secret_text&) const = default;
  friend std::ostream& operator<<(std::ostream& out, const secret_text&) { return out << "***"; }

private:
  std::string text_;
};

enum class setting_type : std::uint8_t {
  boolean, // true, false
  integer, // in a range
  number,  // a finite decimal number in a range
  text,
  choice, // one of a few words
  time,   // a duration in a range: 250ms, 5s, 1m30s
  bytes,  // a size in a range: 512, 64KiB, 10MB
  list,   // of texts; in a flag or variable separated by commas
  table,  // texts (or choices) by name
  secret, // a text that is never shown; also read from the file that NAME_file names
};

using text_list = std::vector<std::string>;
using text_table = std::map<std::string, std::string>;
using setting_value =
  std::variant<bool, std::int64_t, double, std::string, duration, text_list, text_table, secret_text>;

// Bounds of what one setting may hold.
inline constexpr std::size_t max_setting_text = 64 * 1024; // bytes of a text, a secret, or an element
inline constexpr std::size_t max_setting_elements = 1024;  // of a list or table

// One setting. Its name matches [a-z][a-z0-9_]* without "__" (which separates groups in variables).
// Defaults must lie in the range; ranges include both ends.
class setting {
public:
  static setting boolean(std::string name, bool preset, std::string help);
  static setting integer(std::string name, std::int64_t preset, std::int64_t least, std::int64_t most,
                         std::string help);
  static setting number(std::string name, double preset, double least, double most, std::string help);
  static setting text(std::string name, std::string preset, std::string help);
  static setting choice(std::string name, std::string preset, std::vector<std::string> choices,
                        std::string help);
  static setting time(std::string name, duration preset, duration least, duration most, std::string help);
  static setting bytes(std::string name, std::uint64_t preset, std::uint64_t least, std::uint64_t most,
                       std::string help);
  static setting list(std::string name, text_list preset, std::string help);
  // Without choices, any text may be a value.
  static setting table(std::string name, text_table preset, std::vector<std::string> choices,
                       std::string help);
  // Empty unless given.
  static setting secret(std::string name, std::string help);

  // A new value can be taken over while the node runs.
  setting can_reload() &&;
  // There is no default: loading fails when the setting is not given.
  setting must_be_given() &&;

  const std::string& name() const noexcept { return name_; }
  setting_type type() const noexcept { return type_; }
  const setting_value& preset() const noexcept { return preset_; }
  const std::string& help() const noexcept { return help_; }
  const std::vector<std::string>& choices() const noexcept { return choices_; }
  bool reloadable() const noexcept { return reloadable_; }
  bool required() const noexcept { return required_; }

  // Reads a value of any type but list and table. The error's message is what the value must be: "must be an
  // integer from 0 to 65535".
  result<setting_value> parse(std::string_view text) const;

  // Checks one element of a list, or one value of a table.
  status check_element(std::string_view text) const;

  // What a value must be, without "must be": "an integer from 0 to 65535", "one of off, on, mutual".
  std::string expectation() const;

private:
  setting(std::string name, setting_type type, setting_value preset, std::string help);

  std::string name_;
  setting_type type_;
  setting_value preset_;
  std::string help_;
  std::variant<std::monostate, std::int64_t, double> least_;
  std::variant<std::monostate, std::int64_t, double> most_;
  std::vector<std::string> choices_;
  bool reloadable_ = false;
  bool required_ = false;
};

// A value as it can be written in a file: "8080", "1m30s", "[a, b]"; "***" for a secret that is not empty.
std::string show(const setting& of, const setting_value& value);

struct settings_group {
  std::string path; // "http", "http.tls"
  std::string help;
  std::vector<setting> settings;
};

// A flag of the program that is no setting: --version.
struct program_flag {
  std::string name;
  std::string value; // what its value is called in the help ("FILE"); empty: it has none
  std::string help;
};

// All groups of a program. Mistakes in declarations are bugs and throw std::logic_error: a name against the
// rules, one declared twice, a default out of range.
class settings_schema {
public:
  // The flags --help, --config FILE and --print-config are there from the start.
  settings_schema();
  settings_schema(const settings_schema&) = delete; // settings refer to their declarations
  settings_schema(settings_schema&&) = default;
  settings_schema& operator=(const settings_schema&) = delete;
  settings_schema& operator=(settings_schema&&) = default;

  // Declares settings under a path of names with dots between. A group may lie within another.
  void add_group(std::string path, std::string help, std::vector<setting> settings);
  void add_flag(program_flag flag);

  // The setting of a full path ("http.port"), or null.
  const setting* find(std::string_view path) const noexcept;
  // Whether groups or settings lie below the path.
  bool is_group(std::string_view path) const noexcept;
  const program_flag* find_flag(std::string_view name) const noexcept;

  // By path.
  const std::map<std::string, settings_group, std::less<>>& groups() const noexcept { return groups_; }
  // Every setting by its full path.
  const std::map<std::string, const setting*, std::less<>>& settings() const noexcept { return settings_; }

  // What --help shows: `usage` (the program's own first lines), its flags, and every setting with type,
  // range, default.
  std::string help(std::string_view usage) const;

private:
  std::map<std::string, settings_group, std::less<>> groups_;
  std::map<std::string, const setting*, std::less<>> settings_;
  std::vector<program_flag> flags_;
};

// "http.port" <-> "TROUPE_HTTP__PORT".
std::string variable_of(std::string_view path);

} // namespace troupe
