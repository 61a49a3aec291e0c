// An HTTP request as a handler sees it and the response that it fills in. Both are reused for the next
// request of their connection, so that a request in the steady state costs no allocation here. No thread may
// touch them but the one of their exchange.
#pragma once

#include "runtime/core/http_reason.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace troupe {

// One field of a request. Names are in lower case, values without surrounding white space.
struct http_field {
  std::string_view name;
  std::string_view value;
};

class http_request {
public:
  // -- what a handler asks ------------------------------------------------------------------------

  // As sent, in the sender's case: "GET". Tokens only (RFC 9110, 5.6.2).
  std::string_view method() const noexcept { return view(method_); }
  // As sent: "/v1/orders?limit=2", "http://host/path" or "*".
  std::string_view target() const noexcept { return view(target_); }
  // The target's path, not percent-decoded, without the query; begins with '/' unless the target is "*".
  std::string_view path() const noexcept { return view(path_); }
  // What follows '?', not decoded; empty when there is none.
  std::string_view query() const noexcept { return view(query_); }
  // 10 or 11.
  int version() const noexcept { return version_; }

  std::span<const http_field> fields() const noexcept { return fields_; }
  // The first field of a name (in lower case), or nothing.
  std::optional<std::string_view> find(std::string_view name) const noexcept;
  // All fields of a name joined by ", ", which RFC 9110, 5.3 allows for lists; empty when there is none.
  std::string combined(std::string_view name) const;

  // Complete, after transfer and content coding were removed.
  std::string_view body() const noexcept { return body_; }
  // The peer's address without its port: "127.0.0.1".
  std::string_view peer() const noexcept { return peer_; }
  // Whether it came over TLS.
  bool secure() const noexcept { return secure_; }
  // GET, HEAD, OPTIONS or TRACE (RFC 9110, 9.2.1).
  bool safe() const noexcept;
  bool head() const noexcept { return method() == "HEAD"; }

  // -- how it is filled in: by the parser, and by tests of handlers -------------------------------

  void clear();
  void set_start(std::string_view method, std::string_view target, int version);
  void add_field(std::string_view name, std::string_view value);
  // Makes the views of the fields valid; no field may be added afterwards.
  void seal();
  void set_peer(std::string_view peer, bool secure);
  std::string& mutable_body() noexcept { return body_; }

private:
  struct piece {
    std::uint32_t offset = 0;
    std::uint32_t size = 0;
  };
  std::string_view view(piece of) const noexcept {
    return std::string_view{text_}.substr(of.offset, of.size);
  }
  piece keep(std::string_view text);
  void split_target();

  std::string text_; // everything of the head, one piece after the other
  piece method_, target_, path_, query_;
  int version_ = 11;
  std::vector<std::pair<piece, piece>> pieces_;
  std::vector<http_field> fields_;
  std::string body_;
  std::string peer_;
  bool secure_ = false;
};

class http_response {
public:
  int status = 200;
  std::string body;

  // Adds a field. Control characters in the value are dropped, so that no value can begin a second field. The
  // server itself adds Date, Content-Length, Transfer-Encoding, Connection and X-Content-Type-Options.
  void add(std::string_view name, std::string_view value);
  // Adds what field_text() of another response gave.
  void add_lines(std::string_view lines) { fields_ += lines; }
  void set_content_type(std::string_view type);
  std::string_view content_type() const noexcept { return content_type_; }
  // The strong entity tag with its quotes; empty for none. The server makes the tag of a gzip-coded
  // representation differ (RFC 9110, 8.8.3): `"x"` becomes `"x-gzip"`.
  void set_entity_tag(std::string_view tag) { entity_tag_ = tag; }
  std::string_view entity_tag() const noexcept { return entity_tag_; }
  // Whether the handler coded the body itself or forbids the server to.
  void set_content_coding(std::string_view coding);
  bool coded() const noexcept { return coded_; }
  // Ask for the connection to be closed after this response.
  void close_connection() noexcept { close_ = true; }
  bool closes_connection() const noexcept { return close_; }

  // "Name: value\r\n" of every field added so far.
  std::string_view field_text() const noexcept { return fields_; }
  void clear();

private:
  std::string fields_;
  std::string content_type_;
  std::string entity_tag_;
  bool coded_ = false;
  bool close_ = false;
};

// Makes `response` the problem+json of RFC 9457 with a status and a text for people; keeps the fields added
// so far.
void fill_problem(http_response& response, int status, std::string_view detail);

// IMF-fixdate of RFC 9110, 5.6.7: "Sun, 06 Nov 1994 08:49:37 GMT". `seconds` since 1970 in UTC.
std::string http_date(std::int64_t seconds);

} // namespace troupe
