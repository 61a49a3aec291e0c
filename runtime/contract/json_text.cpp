#include "runtime/contract/json_text.hpp"

#include "runtime/contract/text_values.hpp"

#include <fmt/format.h>
#include <google/protobuf/descriptor.h>

#include <algorithm>
#include <array>

namespace troupe {

namespace {

// Whether a byte can stand in a JSON string as it is: not a quote, a backslash, a control character or beyond
// ASCII.
constexpr auto plain_in_string = [] {
  std::array<bool, 256> out{};
  for (std::size_t i = 0x20; i < 0x80; ++i)
    out[i] = i != '"' && i != '\\';
  return out;
}();

void append_escape(char c, std::string& out) {
  switch (c) {
  case '"':
    out += "\\\"";
    return;
  case '\\':
    out += "\\\\";
    return;
  case '\b':
    out += "\\b";
    return;
  case '\f':
    out += "\\f";
    return;
  case '\n':
    out += "\\n";
    return;
  case '\r':
    out += "\\r";
    return;
  case '\t':
    out += "\\t";
    return;
  default: {
    constexpr std::string_view digits = "0123456789abcdef";
    const auto byte = static_cast<unsigned char>(c);
    out += "\\u00";
    out += digits[byte >> 4];
    out += digits[byte & 15];
  }
  }
}

} // namespace

void append_json_string(std::string_view text, std::string& out) {
  out += '"';
  std::size_t start = 0; // of what is not appended yet
  std::size_t valid_up_to = 0;
  for (std::size_t i = 0;; ++i) {
    while (i < text.size() && plain_in_string[static_cast<unsigned char>(text[i])]) ++i;
    if (i >= text.size()) break;
    const auto byte = static_cast<unsigned char>(text[i]);
    if (byte >= 0x80) {
      if (i < valid_up_to) continue;
      const auto invalid = find_invalid_utf8(text.substr(i));
      valid_up_to = invalid == std::string_view::npos ? text.size() : i + invalid;
      if (i < valid_up_to) continue;
      out.append(text.substr(start, i - start));
      out += "\xEF\xBF\xBD";
    } else {
      out.append(text.substr(start, i - start));
      append_escape(text[i], out);
    }
    start = i + 1;
  }
  out.append(text.substr(start));
  out += '"';
}

bool has_own_json_form(const google::protobuf::Descriptor& type) noexcept {
  return type.well_known_type() != google::protobuf::Descriptor::WELLKNOWNTYPE_UNSPECIFIED;
}

void json_scanner::skip_space() noexcept {
  while (at_ < text_.size()
         && (text_[at_] == ' ' || text_[at_] == '\n' || text_[at_] == '\r' || text_[at_] == '\t'))
    ++at_;
}

json_token json_scanner::peek() noexcept {
  skip_space();
  if (at_ == text_.size()) return json_token::end;
  switch (text_[at_]) {
  case '{':
    return json_token::object;
  case '[':
    return json_token::array;
  case '"':
    return json_token::string;
  case 't':
    return json_token::true_value;
  case 'f':
    return json_token::false_value;
  case 'n':
    return json_token::null;
  default:
    return text_[at_] == '-' || (text_[at_] >= '0' && text_[at_] <= '9') ? json_token::number
                                                                         : json_token::other;
  }
}

bool json_scanner::take(char punctuation) noexcept {
  skip_space();
  if (at_ == text_.size() || text_[at_] != punctuation) return false;
  ++at_;
  return true;
}

bool json_scanner::expect(char punctuation) {
  return take(punctuation) || unexpected(fmt::format("\"{}\"", punctuation));
}

bool json_scanner::unexpected(std::string_view expected) {
  skip_space();
  if (at_ == text_.size()) return fail(fmt::format("the text ends where {} should follow", expected));
  const auto byte = static_cast<unsigned char>(text_[at_]);
  auto shown =
    byte >= 0x20 && byte < 0x7F ? fmt::format("\"{}\"", text_[at_]) : fmt::format("byte 0x{:02X}", byte);
  return fail(fmt::format("{} where {} should be", shown, expected));
}

bool json_scanner::string(std::string_view& out, std::string& scratch) {
  skip_space();
  if (at_ == text_.size() || text_[at_] != '"') return unexpected("a string");
  const auto opening = at_++;
  auto start = at_;
  bool escaped = false;
  for (;;) {
    while (at_ < text_.size()
           && (plain_in_string[static_cast<unsigned char>(text_[at_])]
               || static_cast<unsigned char>(text_[at_]) >= 0x80))
      ++at_;
    if (at_ == text_.size()) return fail_at(opening, "the string is not closed");
    const auto piece = text_.substr(start, at_ - start);
    if (text_[at_] == '"') {
      ++at_;
      if (!escaped) {
        out = piece;
        return true;
      }
      scratch += piece;
      out = scratch;
      return true;
    }
    if (text_[at_] != '\\') return fail("a control character in a string must be escaped");
    if (!escaped) scratch.clear();
    escaped = true;
    scratch += piece;
    if (!escape(scratch)) return false;
    start = at_;
  }
}

bool json_scanner::escape(std::string& scratch) {
  ++at_;
  if (at_ == text_.size()) return fail("the string is not closed");
  switch (text_[at_++]) {
  case '"':
    scratch += '"';
    return true;
  case '\\':
    scratch += '\\';
    return true;
  case '/':
    scratch += '/';
    return true;
  case 'b':
    scratch += '\b';
    return true;
  case 'f':
    scratch += '\f';
    return true;
  case 'n':
    scratch += '\n';
    return true;
  case 'r':
    scratch += '\r';
    return true;
  case 't':
    scratch += '\t';
    return true;
  case 'u':
    return unicode_escape(scratch);
  default:
    return fail_at(at_ - 2, "there is no such escape in JSON");
  }
}

bool json_scanner::unicode_escape(std::string& scratch) {
  const auto start = at_ - 2;
  std::uint32_t unit;
  if (!hex4(unit)) return fail_at(start, "\\u needs four hexadecimal digits");
  if (unit >= 0xD800 && unit < 0xDC00) {
    std::uint32_t low = 0;
    if (text_.substr(at_, 2) != "\\u") return fail_at(start, "half of a surrogate pair");
    at_ += 2;
    if (!hex4(low) || low < 0xDC00 || low > 0xDFFF) return fail_at(start, "half of a surrogate pair");
    unit = 0x10000 + ((unit - 0xD800) << 10) + (low - 0xDC00);
  } else if (unit >= 0xDC00 && unit <= 0xDFFF) {
    return fail_at(start, "half of a surrogate pair");
  }
  append_utf8(unit, scratch);
  return true;
}

bool json_scanner::hex4(std::uint32_t& out) {
  if (text_.size() - at_ < 4) return false;
  out = 0;
  for (int i = 0; i < 4; ++i) {
    const char c = text_[at_++];
    const int digit = c >= '0' && c <= '9'   ? c - '0'
                      : c >= 'a' && c <= 'f' ? c - 'a' + 10
                      : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                             : -1;
    if (digit < 0) return false;
    out = out * 16 + static_cast<std::uint32_t>(digit);
  }
  return true;
}

bool json_scanner::number(std::string_view& out) {
  skip_space();
  const auto start = at_;
  while (at_ < text_.size()
         && ((text_[at_] >= '0' && text_[at_] <= '9') || text_[at_] == '-' || text_[at_] == '+'
             || text_[at_] == '.' || text_[at_] == 'e' || text_[at_] == 'E'))
    ++at_;
  out = text_.substr(start, at_ - start);
  return is_number(out) || fail_at(start, fmt::format("\"{:.32}\" is not a number", out));
}

bool json_scanner::literal(std::string_view word) {
  skip_space();
  if (text_.substr(at_, word.size()) != word) return unexpected("a value");
  at_ += word.size();
  return true;
}

// The recursion is bounded by `depth`.
bool json_scanner::skip(std::uint32_t depth) {
  std::string_view text;
  std::string scratch;
  switch (peek()) {
  case json_token::string:
    return string(text, scratch);
  case json_token::number:
    return number(text);
  case json_token::true_value:
    return literal("true");
  case json_token::false_value:
    return literal("false");
  case json_token::null:
    return literal("null");
  case json_token::object:
  case json_token::array:
    break;
  case json_token::end:
  case json_token::other:
    return unexpected("a value");
  }
  if (depth == 0) return fail("objects and arrays nest too deep");
  const bool is_object = take('{');
  const char closing = is_object ? '}' : ']';
  if (!is_object) take('[');
  if (take(closing)) return true;
  do {
    if (is_object && (!string(text, scratch) || !expect(':'))) return false;
    if (!skip(depth - 1)) return false;
  } while (take(','));
  return take(closing) || unexpected(is_object ? "\",\" or \"}\"" : "\",\" or \"]\"");
}

bool json_scanner::finish() {
  if (peek() == json_token::end) return true;
  return fail("something follows the end of the value");
}

bool json_scanner::fail(std::string what) { return fail_at(at_, std::move(what)); }

bool json_scanner::fail_at(std::size_t position, std::string what) {
  if (error_.empty()) {
    error_ = std::move(what);
    error_at_ = position;
  }
  return false;
}

std::string json_scanner::error_place() const {
  const auto before = text_.substr(0, error_at_);
  const auto line = std::count(before.begin(), before.end(), '\n') + 1;
  const auto newline = before.rfind('\n');
  const auto column = newline == std::string_view::npos ? before.size() + 1 : before.size() - newline;
  return fmt::format("line {}, column {}", line, column);
}

} // namespace troupe
