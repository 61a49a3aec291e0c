// JSON as text, without knowing messages: strings out, tokens in. Internal to runtime/contract.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace google::protobuf {
class Descriptor;
} // namespace google::protobuf

namespace troupe {

// Appends a quoted JSON string. Bytes that are not UTF-8 become U+FFFD, so that the output always is JSON.
void append_json_string(std::string_view text, std::string& out);

// Whether a message is written in a form of its own: a well-known type, whose content stands in "value"
// inside Any.
bool has_own_json_form(const google::protobuf::Descriptor& type) noexcept;

enum class json_token : std::uint8_t {
  end, // of the text
  object,
  array,
  string,
  number,
  true_value,
  false_value,
  null,
  other, // no token starts like this
};

// Reads tokens off a text that is known to be UTF-8 (RFC 8259). After a failure error() says what was wrong
// where.
class json_scanner {
public:
  explicit json_scanner(std::string_view text) noexcept : text_(text) {}

  // What comes next, after white space. Takes nothing.
  json_token peek() noexcept;

  // Takes one of `{}[],:` after white space; false, without an error, when something else comes.
  bool take(char punctuation) noexcept;

  // As take(), with an error.
  bool expect(char punctuation);

  // Takes a string: its decoded content, in `text_` itself where it has no escapes, else in `scratch`.
  bool string(std::string_view& out, std::string& scratch);

  // Takes a number as it is written.
  bool number(std::string_view& out);

  // Takes "true", "false" or "null".
  bool literal(std::string_view word);

  // Takes a whole value of any kind, checking its syntax; at most `depth` objects and arrays inside of each
  // other.
  bool skip(std::uint32_t depth);

  // Fails unless only white space is left.
  bool finish();

  std::size_t position() const noexcept { return at_; }
  void go_back(std::size_t position) noexcept { at_ = position; }

  // Notes a failure at the token that comes next or was just taken; the first one counts. Always false.
  bool fail(std::string what);
  bool fail_at(std::size_t position, std::string what);
  bool unexpected(std::string_view expected);

  const std::string& error() const noexcept { return error_; }
  // "line 3, column 14" of the failure; both count from 1, columns in bytes.
  std::string error_place() const;

private:
  void skip_space() noexcept;
  bool escape(std::string& scratch);
  bool unicode_escape(std::string& scratch);
  bool hex4(std::uint32_t& out);

  std::string_view text_;
  std::size_t at_ = 0;
  std::size_t error_at_ = 0;
  std::string error_;
};

} // namespace troupe
