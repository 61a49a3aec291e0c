#include "actors/http_edge/http_message.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <chrono>

namespace troupe {

namespace {

// Storage that grew for one large body or head is given back, so that a connection's memory follows its
// present use.
constexpr std::size_t kept_capacity = 64 * 1024;

void clear_text(std::string& text) {
  if (text.capacity() > kept_capacity)
    text = std::string{};
  else
    text.clear();
}

void append_clean(std::string& out, std::string_view text) {
  for (char c : text)
    if (static_cast<unsigned char>(c) >= 0x20 && c != 0x7f) out += c;
}

char lower(char c) noexcept { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

} // namespace

// -- http_request ---------------------------------------------------------------------------------

std::optional<std::string_view> http_request::find(std::string_view name) const noexcept {
  for (const auto& field : fields_)
    if (field.name == name) return field.value;
  return std::nullopt;
}

std::string http_request::combined(std::string_view name) const {
  std::string out;
  for (const auto& field : fields_) {
    if (field.name != name) continue;
    if (!out.empty()) out += ", ";
    out += field.value;
  }
  return out;
}

bool http_request::safe() const noexcept {
  auto what = method();
  return what == "GET" || what == "HEAD" || what == "OPTIONS" || what == "TRACE";
}

void http_request::clear() {
  clear_text(text_);
  clear_text(body_);
  pieces_.clear();
  fields_.clear();
  method_ = target_ = path_ = query_ = {};
  version_ = 11;
}

http_request::piece http_request::keep(std::string_view text) {
  piece out{static_cast<std::uint32_t>(text_.size()), static_cast<std::uint32_t>(text.size())};
  text_ += text;
  return out;
}

void http_request::set_start(std::string_view method, std::string_view target, int version) {
  method_ = keep(method);
  target_ = keep(target);
  version_ = version;
  split_target();
}

void http_request::split_target() {
  auto text = target();
  std::size_t begin = 0;
  // The absolute form (RFC 9112, 3.2.2): a server accepts it although only proxies are meant to see it.
  if (!text.starts_with('/')) {
    if (auto scheme = text.find("://"); scheme != text.npos) {
      auto slash = text.find_first_of("/?", scheme + 3);
      if (slash == text.npos || text[slash] == '?') {
        auto query = slash;
        path_ = keep("/");
        text = target(); // keep() may have moved the text
        if (query != text.npos)
          query_ = {target_.offset + static_cast<std::uint32_t>(query) + 1,
                    target_.size - static_cast<std::uint32_t>(query) - 1};
        return;
      }
      begin = slash;
    }
  }
  auto end = std::min(text.find('?', begin), text.size());
  path_ = {target_.offset + static_cast<std::uint32_t>(begin), static_cast<std::uint32_t>(end - begin)};
  if (end < text.size())
    query_ = {target_.offset + static_cast<std::uint32_t>(end) + 1,
              static_cast<std::uint32_t>(text.size() - end - 1)};
}

void http_request::add_field(std::string_view name, std::string_view value) {
  auto kept_name = keep(name);
  std::transform(name.begin(), name.end(), text_.begin() + kept_name.offset, lower);
  pieces_.emplace_back(kept_name, keep(value));
}

void http_request::seal() {
  fields_.clear();
  for (const auto& [name, value] : pieces_)
    fields_.push_back({view(name), view(value)});
}

void http_request::set_peer(std::string_view peer, bool secure) {
  peer_ = peer;
  secure_ = secure;
}

// -- http_response --------------------------------------------------------------------------------

void http_response::add(std::string_view name, std::string_view value) {
  append_clean(fields_, name);
  fields_ += ": ";
  append_clean(fields_, value);
  fields_ += "\r\n";
}

void http_response::set_content_type(std::string_view type) {
  content_type_.clear();
  append_clean(content_type_, type);
}

void http_response::set_content_coding(std::string_view coding) {
  coded_ = true;
  if (coding != "identity") add("content-encoding", coding);
}

void http_response::clear() {
  status = 200;
  clear_text(body);
  fields_.clear();
  content_type_.clear();
  entity_tag_.clear();
  coded_ = false;
  close_ = false;
}

void fill_problem(http_response& response, int status, std::string_view detail) {
  response.status = status;
  response.set_content_type("application/problem+json");
  response.body =
    fmt::format(R"({{"type":"about:blank","title":"{}","status":{},"detail":")", http_reason(status), status);
  for (char c : detail) {
    if (c == '"' || c == '\\') response.body += '\\';
    if (static_cast<unsigned char>(c) >= 0x20) response.body += c;
  }
  response.body += "\"}";
}

std::string http_date(std::int64_t seconds) {
  static constexpr std::array<std::string_view, 7> days{"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
  static constexpr std::array<std::string_view, 12> months{"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                           "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  const std::chrono::sys_seconds at{std::chrono::seconds{seconds}};
  const auto day = std::chrono::floor<std::chrono::days>(at);
  const std::chrono::year_month_day date{day};
  const std::chrono::hh_mm_ss time{at - day};
  return fmt::format("{}, {:02} {} {:04} {:02}:{:02}:{:02} GMT", days[std::chrono::weekday{day}.c_encoding()],
                     static_cast<unsigned>(date.day()), months[static_cast<unsigned>(date.month()) - 1],
                     static_cast<int>(date.year()), time.hours().count(), time.minutes().count(),
                     time.seconds().count());
}

} // namespace troupe
