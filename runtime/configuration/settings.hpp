// The settings in force: every one of the schema has a value, checked, and it is known where the value comes
// from.
#pragma once

#include "runtime/configuration/schema.hpp"

#include <concepts>
#include <cstdint>
#include <map>
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

namespace troupe {

// Later layers win.
enum class settings_layer : std::uint8_t { preset, file, variable, flag };

struct provenance {
  settings_layer layer = settings_layer::preset;
  std::string where; // "default", "node.yaml:3:9", "TROUPE_HTTP__PORT", "--http.port"

  bool operator==(const provenance&) const = default;
};

struct settings_entry {
  setting_value value;
  provenance from; // of a table: of the element that came last
};

// What a reload would change, by path.
struct settings_difference {
  std::vector<std::string> reloadable; // can be taken over now
  std::vector<std::string> fixed;      // need a restart
};

// Immutable; cheap to copy; thread-safe to share. The schema must outlive it.
class settings {
public:
  // Internal to the loader: one entry for each setting of the schema.
  settings(const settings_schema& schema, std::map<std::string, settings_entry, std::less<>> entries);

  // The value of a setting by its full path. The type follows the setting's:
  //   boolean: bool; integer, bytes: any integer type that its range fits; number: double; text, choice:
  //   std::string; time: duration or a coarser std::chrono duration (rounded down); list: text_list; table:
  //   text_table; secret: secret_text.
  // A path that was never declared, another type, or an integer that does not fit is a bug: std::logic_error.
  template <class T>
  T get(std::string_view path) const;

  // Where the value comes from.
  const provenance& where(std::string_view path) const;

  // Whether it was given anywhere, or is the default.
  bool given(std::string_view path) const { return where(path).layer != settings_layer::preset; }

  // Every setting as a YAML file, each line with the origin of its value as a comment; secrets as "***".
  std::string print() const;

  const settings_schema& schema() const noexcept { return *schema_; }

  // Both must be of one schema.
  friend settings_difference difference(const settings& before, const settings& after);

private:
  const settings_entry& entry(std::string_view path) const;
  [[noreturn]] static void misuse(std::string_view path, std::string_view what);

  template <class T>
  static const T& as(std::string_view path, const setting_value& value) {
    if (const T* out = std::get_if<T>(&value)) return *out;
    misuse(path, "has another type");
  }

  const settings_schema* schema_;
  std::shared_ptr<const std::map<std::string, settings_entry, std::less<>>> entries_;
};

namespace settings_detail {
template <class T>
struct is_duration : std::false_type {};
template <class Rep, class Period>
struct is_duration<std::chrono::duration<Rep, Period>> : std::true_type {};
} // namespace settings_detail

template <class T>
T settings::get(std::string_view path) const {
  const setting_value& value = entry(path).value;
  if constexpr (
    std::same_as<
      T,
      bool> || std::same_as<T, double> || std::same_as<T, std::string> || std::same_as<T, text_list> || std::same_as<T, text_table> || std::same_as<T, secret_text>) {
    return as<T>(path, value);
  } else if constexpr (std::integral<T>) {
    const std::int64_t number = as<std::int64_t>(path, value);
    if (!std::in_range<T>(number)) misuse(path, "does not fit the integer type it is read as");
    return static_cast<T>(number);
  } else {
    static_assert(settings_detail::is_duration<T>::value, "see the comment for the types that can be read");
    return std::chrono::floor<T>(as<duration>(path, value));
  }
}

} // namespace troupe
