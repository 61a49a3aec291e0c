// The one error model: canonical status codes, a message for people, typed details for programs.
//
// Errors are values. Exceptions are for bugs: one that escapes a handler crashes its actor.
#pragma once

#include <fmt/core.h>

#include <cstdint>
#include <iosfwd>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace troupe {

// The canonical codes of gRPC and google.rpc.Code, with their wire values.
enum class status_code : std::uint8_t {
  ok = 0,
  cancelled = 1,
  unknown = 2,
  invalid_argument = 3,
  deadline_exceeded = 4,
  not_found = 5,
  already_exists = 6,
  permission_denied = 7,
  resource_exhausted = 8,
  failed_precondition = 9,
  aborted = 10,
  out_of_range = 11,
  unimplemented = 12,
  internal = 13,
  unavailable = 14,
  data_loss = 15,
  unauthenticated = 16,
};

inline constexpr int status_code_count = 17;

// The canonical upper-case name, as JSON and logs show it: "NOT_FOUND".
std::string_view to_string(status_code code) noexcept;

// The code of a canonical name or of a wire value; nothing for any other input.
std::optional<status_code> status_code_from_name(std::string_view name) noexcept;
std::optional<status_code> status_code_from_number(int number) noexcept;

// The HTTP status that stands for a code, as google/rpc/code.proto maps them (CANCELLED is 499).
int http_status_of(status_code code) noexcept;

// The code for an HTTP status that came without one, after gRPC's "HTTP to gRPC Status Code Mapping".
status_code status_code_from_http(int http_status) noexcept;

// One typed detail: a serialized protobuf message and its full type name ("google.rpc.BadRequest").
// runtime/contract/status_details.hpp packs and reads them.
struct status_detail {
  std::string type;
  std::string value;

  bool operator==(const status_detail&) const = default;
};

// An outcome. Copying costs a reference count; success carries no allocation.
// Thread-safe to share: a status never changes after it was built.
class [[nodiscard]] status {
public:
  // Success.
  status() noexcept = default;

  // An outcome with a message that tells a person what to do. An ok code drops the message.
  status(status_code code, std::string message);

  // The same outcome with a further typed detail. Has no effect on success.
  status with_detail(status_detail detail) const&;
  status with_detail(status_detail detail) &&;

  bool ok() const noexcept { return rep_ == nullptr; }
  status_code code() const noexcept;

  // Empty on success.
  const std::string& message() const noexcept;
  const std::vector<status_detail>& details() const noexcept;

  // The first detail of a type, or null.
  const status_detail* find_detail(std::string_view type) const noexcept;

  // "NOT_FOUND: no order 42"; "OK" on success.
  std::string to_string() const;

  friend bool operator==(const status& a, const status& b) noexcept;

private:
  struct rep;
  std::shared_ptr<const rep> rep_;
};

std::ostream& operator<<(std::ostream& out, const status& value);

// One factory a code: `return not_found("no order {}", id);`
#define TROUPE_STATUS_FACTORY(name)                                                                          \
  template <class... Args>                                                                                   \
  status name(fmt::format_string<Args...> format, Args&&... args) {                                          \
    return status{status_code::name, fmt::vformat(format, fmt::make_format_args(args...))};                  \
  }
TROUPE_STATUS_FACTORY(cancelled)
TROUPE_STATUS_FACTORY(unknown)
TROUPE_STATUS_FACTORY(invalid_argument)
TROUPE_STATUS_FACTORY(deadline_exceeded)
TROUPE_STATUS_FACTORY(not_found)
TROUPE_STATUS_FACTORY(already_exists)
TROUPE_STATUS_FACTORY(permission_denied)
TROUPE_STATUS_FACTORY(resource_exhausted)
TROUPE_STATUS_FACTORY(failed_precondition)
TROUPE_STATUS_FACTORY(aborted)
TROUPE_STATUS_FACTORY(out_of_range)
TROUPE_STATUS_FACTORY(unimplemented)
TROUPE_STATUS_FACTORY(internal)
TROUPE_STATUS_FACTORY(unavailable)
TROUPE_STATUS_FACTORY(data_loss)
TROUPE_STATUS_FACTORY(unauthenticated)
#undef TROUPE_STATUS_FACTORY

} // namespace troupe
