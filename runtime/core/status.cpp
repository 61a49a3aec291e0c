#include "runtime/core/status.hpp"

#include <array>
#include <ostream>
#include <utility>

namespace troupe {

struct status::rep {
  status_code code;
  std::string message;
  std::vector<status_detail> details;
};

namespace {

struct code_row {
  std::string_view name;
  int http;
};

// google/rpc/code.proto states the HTTP mapping of each code.
constexpr std::array<code_row, status_code_count> codes{{
  {"OK", 200},
  {"CANCELLED", 499},
  {"UNKNOWN", 500},
  {"INVALID_ARGUMENT", 400},
  {"DEADLINE_EXCEEDED", 504},
  {"NOT_FOUND", 404},
  {"ALREADY_EXISTS", 409},
  {"PERMISSION_DENIED", 403},
  {"RESOURCE_EXHAUSTED", 429},
  {"FAILED_PRECONDITION", 400},
  {"ABORTED", 409},
  {"OUT_OF_RANGE", 400},
  {"UNIMPLEMENTED", 501},
  {"INTERNAL", 500},
  {"UNAVAILABLE", 503},
  {"DATA_LOSS", 500},
  {"UNAUTHENTICATED", 401},
}};

const std::string no_message;
const std::vector<status_detail> no_details;

} // namespace

std::string_view to_string(status_code code) noexcept {
  auto index = static_cast<std::size_t>(code);
  return index < codes.size() ? codes[index].name : "UNKNOWN";
}

std::optional<status_code> status_code_from_name(std::string_view name) noexcept {
  for (std::size_t i = 0; i < codes.size(); ++i)
    if (codes[i].name == name) return static_cast<status_code>(i);
  return std::nullopt;
}

std::optional<status_code> status_code_from_number(int number) noexcept {
  if (number < 0 || number >= status_code_count) return std::nullopt;
  return static_cast<status_code>(number);
}

int http_status_of(status_code code) noexcept {
  auto index = static_cast<std::size_t>(code);
  return index < codes.size() ? codes[index].http : 500;
}

status_code status_code_from_http(int http_status) noexcept {
  switch (http_status) {
  case 400: return status_code::internal;
  case 401: return status_code::unauthenticated;
  case 403: return status_code::permission_denied;
  case 404: return status_code::unimplemented;
  case 429:
  case 502:
  case 503:
  case 504: return status_code::unavailable;
  default: return http_status >= 200 && http_status < 300 ? status_code::ok : status_code::unknown;
  }
}

status::status(status_code code, std::string message) {
  if (code != status_code::ok) rep_ = std::make_shared<const rep>(rep{code, std::move(message), {}});
}

status status::with_detail(status_detail detail) const& {
  if (!rep_) return *this;
  auto copy = std::make_shared<rep>(*rep_);
  copy->details.push_back(std::move(detail));
  status out;
  out.rep_ = std::move(copy);
  return out;
}

status status::with_detail(status_detail detail) && { return std::as_const(*this).with_detail(std::move(detail)); }

status_code status::code() const noexcept { return rep_ ? rep_->code : status_code::ok; }

const std::string& status::message() const noexcept { return rep_ ? rep_->message : no_message; }

const std::vector<status_detail>& status::details() const noexcept { return rep_ ? rep_->details : no_details; }

const status_detail* status::find_detail(std::string_view type) const noexcept {
  for (const auto& detail : details())
    if (detail.type == type) return &detail;
  return nullptr;
}

std::string status::to_string() const {
  std::string out{troupe::to_string(code())};
  if (!message().empty()) out.append(": ").append(message());
  return out;
}

bool operator==(const status& a, const status& b) noexcept {
  if (a.rep_ == b.rep_) return true;
  if (!a.rep_ || !b.rep_) return false;
  return a.rep_->code == b.rep_->code && a.rep_->message == b.rep_->message && a.rep_->details == b.rep_->details;
}

std::ostream& operator<<(std::ostream& out, const status& value) { return out << value.to_string(); }

} // namespace troupe
