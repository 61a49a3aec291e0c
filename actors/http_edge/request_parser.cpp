#include "actors/http_edge/request_parser.hpp"

#include <boost/beast/core/string.hpp>
#include <boost/beast/http/basic_parser.hpp>
#include <boost/beast/http/error.hpp>
#include <fmt/format.h>

#include <optional>

namespace troupe {

namespace {

namespace beast = boost::beast;
namespace http = boost::beast::http;
using boost::system::error_code;

constexpr std::size_t shortest_chunked_body = std::string_view{"0\r\n\r\n"}.size();

std::string_view standard(beast::string_view text) { return {text.data(), text.size()}; }

// Any error makes Beast stop; what went wrong is kept by the parser below.
error_code stop() { return http::make_error_code(http::error::bad_value); }

// Whether a well-formed request line names a version that is not spoken here.
bool asks_other_version(std::string_view bytes) {
  auto line = bytes.substr(0, bytes.find("\r\n"));
  auto at = line.rfind(" HTTP/");
  if (at == line.npos || line.size() - at != std::string_view{" HTTP/1.1"}.size()) return false;
  auto digit = [&](std::size_t offset) { return line[at + offset] >= '0' && line[at + offset] <= '9'; };
  return digit(6) && line[at + 7] == '.' && digit(8);
}

class beast_parser final : public http::basic_parser<true> {
public:
  beast_parser(const http_limits& limits, http_request& into) : limits_(limits), into_(into) {
    header_limit(limits.header_bytes);
    body_limit(boost::none); // checked here, with a text of our own
  }

  int status = 0;
  std::string text;
  bool expects_continue = false;
  bool start_line_done = false;
  bool chunk_seen = false;

  void fail(int with, std::string why) {
    if (status != 0) return;
    status = with;
    text = std::move(why);
  }

private:
  error_code refuse(int with, std::string why) {
    fail(with, std::move(why));
    return stop();
  }

  void on_request_impl(http::verb, beast::string_view method, beast::string_view target, int version,
                       error_code& ec) override {
    if (target.size() > limits_.target_bytes) {
      ec = refuse(414, fmt::format("the request target has {} bytes; at most {} are accepted", target.size(),
                                   limits_.target_bytes));
      return;
    }
    start_line_done = true;
    into_.set_start(standard(method), standard(target), version);
    if (into_.path().empty() || (into_.path()[0] != '/' && into_.target() != "*"))
      ec = refuse(400, "the request target must be a path that begins with '/', an absolute URI or '*'");
  }

  void on_field_impl(http::field name, beast::string_view name_text, beast::string_view value,
                     error_code& ec) override {
    if (++fields_ > limits_.header_count) {
      ec = refuse(431, fmt::format("the request has more than {} header fields", limits_.header_count));
      return;
    }
    // Beast bounds what it has not taken yet; what it took field by field is counted here.
    taken_ += name_text.size() + value.size() + 4;
    if (taken_ > limits_.header_bytes) {
      ec = refuse(431, fmt::format("the header has more than {} bytes", limits_.header_bytes));
      return;
    }
    if (sealed_) return; // a trailer: nothing that it could say is needed (RFC 9110, 6.5.1 allows to drop it)
    switch (name) {
    case http::field::host:
      if (++hosts_ > 1) ec = refuse(400, "the request has more than one Host field");
      break;
    case http::field::content_length:
      length_seen_ = true;
      break;
    case http::field::transfer_encoding:
      if (into_.version() < 11)
        ec = refuse(400, "Transfer-Encoding is not part of HTTP/1.0");
      else if (coding_seen_ || !beast::iequals(value, "chunked"))
        ec = refuse(501, "no transfer coding but a single \"chunked\" is implemented");
      coding_seen_ = true;
      break;
    case http::field::expect:
      if (beast::iequals(value, "100-continue"))
        expects_continue = into_.version() >= 11;
      else
        ec = refuse(417, "no expectation but \"100-continue\" can be met");
      break;
    default:
      break;
    }
    if (!ec && length_seen_ && coding_seen_)
      ec = refuse(400, "the request has both Content-Length and Transfer-Encoding");
    if (!ec) into_.add_field(standard(name_text), standard(value));
  }

  void on_header_impl(error_code& ec) override {
    into_.seal();
    sealed_ = true;
    fields_ = 0;
    if (into_.version() >= 11 && hosts_ == 0) {
      ec = refuse(400, "an HTTP/1.1 request must have a Host field");
      return;
    }
    if (auto length = content_length(); length && *length > limits_.body_bytes)
      ec = refuse(413,
                  fmt::format("the body has {} bytes; at most {} are accepted", *length, limits_.body_bytes));
  }

  void on_body_init_impl(const boost::optional<std::uint64_t>&, error_code&) override {}

  std::size_t on_body_impl(beast::string_view body, error_code&) override {
    // Reserved as it comes and not as announced: a head alone must not cost memory.
    into_.mutable_body().append(body.data(), body.size());
    return body.size();
  }

  void on_chunk_header_impl(std::uint64_t size, beast::string_view, error_code& ec) override {
    chunk_seen = true;
    if (size > limits_.body_bytes - into_.body().size())
      ec = refuse(413, fmt::format("the body has more than {} bytes", limits_.body_bytes));
  }

  std::size_t on_chunk_body_impl(std::uint64_t, beast::string_view body, error_code&) override {
    into_.mutable_body().append(body.data(), body.size());
    return body.size();
  }

  void on_finish_impl(error_code&) override {}
  void on_response_impl(int, beast::string_view, int, error_code&) override {}

  const http_limits& limits_;
  http_request& into_;
  std::uint32_t fields_ = 0;
  std::uint32_t hosts_ = 0;
  std::size_t taken_ = 0;
  bool length_seen_ = false;
  bool coding_seen_ = false;
  bool sealed_ = false;
};

} // namespace

struct request_parser::engine {
  const http_limits& limits;
  std::optional<beast_parser> parser;
  bool head_told = false;

  step failed_with(int status, std::string text) {
    parser->fail(status, std::move(text));
    return step::failed;
  }

  step failed_with(error_code ec, std::string_view bytes) {
    if (parser->status != 0) return step::failed;
    if (ec == http::error::header_limit) {
      if (!parser->start_line_done && bytes.find("\r\n") == bytes.npos)
        return failed_with(414, "the request line is too long");
      return failed_with(431, fmt::format("the header has more than {} bytes", limits.header_bytes));
    }
    if (ec == http::error::bad_version && asks_other_version(bytes))
      return failed_with(505, "this server speaks HTTP/1.1 and HTTP/1.0");
    return failed_with(400, fmt::format("the request is malformed: {}", ec.message()));
  }
};

request_parser::request_parser(const http_limits& limits) : engine_(new engine{limits, std::nullopt}) {}
request_parser::~request_parser() = default;

void request_parser::begin(http_request& into) {
  engine_->parser.emplace(engine_->limits, into);
  engine_->head_told = false;
}

request_parser::step request_parser::advance(std::string_view& bytes) {
  auto& parser = *engine_->parser;
  if (!parser.got_some()) {
    // RFC 9112, 2.2: empty lines before a request line are to be ignored.
    while (bytes.starts_with("\r\n"))
      bytes.remove_prefix(2);
    if (bytes.empty() || bytes == "\r") return step::more;
  }
  for (;;) {
    if (parser.is_header_done() && !engine_->head_told) {
      engine_->head_told = true;
      return step::head;
    }
    if (parser.is_done()) return step::done;
    if (bytes.empty()) return step::more;
    // No chunked body is shorter, and Beast asserts that a last chunk which is also the first comes with all
    // of it.
    if (parser.is_header_done() && parser.chunked() && !parser.chunk_seen
        && bytes.size() < shortest_chunked_body)
      return step::more;
    error_code ec;
    auto used = parser.put(boost::asio::const_buffer{bytes.data(), bytes.size()}, ec);
    if (ec && ec != http::error::need_more) return engine_->failed_with(ec, bytes);
    bytes.remove_prefix(used);
    if (ec == http::error::need_more && !parser.start_line_done && bytes.size() > engine_->limits.target_bytes
        && bytes.find("\r\n") == bytes.npos)
      return engine_->failed_with(414, "the request line is too long");
    if (ec == http::error::need_more) {
      // The line before a chunk, or the trailers, are held as a whole: they are bounded like a head.
      if (bytes.size() > engine_->limits.header_bytes)
        return engine_->failed_with(431, "the chunk's extension or the trailers are too long");
      return step::more;
    }
  }
}

bool request_parser::begun() const { return engine_->parser && engine_->parser->got_some(); }
bool request_parser::keep_alive() const { return engine_->parser->keep_alive(); }
bool request_parser::expects_continue() const { return engine_->parser->expects_continue; }
int request_parser::failure_status() const { return engine_->parser->status; }
const std::string& request_parser::failure_text() const { return engine_->parser->text; }

} // namespace troupe
