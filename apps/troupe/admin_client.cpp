#include "apps/troupe/admin_client.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/http.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

#include <charconv>
#include <optional>

namespace troupe::cli {

namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = beast::http;
using tcp = asio::ip::tcp;

// One exchange; the steps follow each other on one thread, and one timer is for all of them.
class exchange {
public:
  exchange(const admin_door& door, http::request<http::string_body> request)
    : door_(door), request_(std::move(request)) {
    answer_.body_limit(largest_admin_answer);
  }

  // What failed, or nothing.
  status run(duration limit) {
    stream_.expires_after(std::chrono::duration_cast<std::chrono::milliseconds>(limit));
    resolver_.async_resolve(door_.host, std::to_string(door_.port),
                            [this](beast::error_code error, const tcp::resolver::results_type& found) {
                              if (failed(error)) return;
                              stream_.async_connect(
                                found, [this](beast::error_code why, const tcp::endpoint&) { send(why); });
                            });
    // A look-up has no timer of its own.
    io_.run_for(std::chrono::duration_cast<std::chrono::milliseconds>(limit));
    if (!done_ && !error_) error_ = beast::error::timeout;
    if (!error_) return {};
    return unavailable("no node answers at {}: {}", door_.to_string(),
                       error_ == beast::error::timeout ? std::string{"nothing came in time"}
                                                       : error_.message());
  }

  const http::response<http::string_body>& answer() const { return answer_.get(); }

private:
  bool failed(beast::error_code error) {
    if (error) error_ = error;
    return error_.failed();
  }
  void send(beast::error_code error) {
    if (failed(error)) return;
    http::async_write(stream_, request_, [this](beast::error_code why, std::size_t) {
      if (failed(why)) return;
      http::async_read(stream_, buffer_, answer_,
                       [this](beast::error_code last, std::size_t) { done_ = !failed(last); });
    });
  }

  const admin_door& door_;
  http::request<http::string_body> request_;
  asio::io_context io_{1};
  tcp::resolver resolver_{io_};
  beast::tcp_stream stream_{io_};
  beast::flat_buffer buffer_;
  http::response_parser<http::string_body> answer_;
  beast::error_code error_;
  bool done_ = false;
};

// A node's refusal: problem+json (RFC 9457) says why.
status refusal(const admin_door& door, const http::response<http::string_body>& answer) {
  boost::json::error_code error;
  const auto problem = boost::json::parse(answer.body(), error);
  std::string why;
  if (!error && problem.is_object())
    for (const auto* key : {"detail", "title"})
      if (const auto* found = problem.get_object().if_contains(key);
          why.empty() && found != nullptr && found->is_string())
        why = found->get_string();
  if (why.empty()) why = "HTTP status " + std::to_string(answer.result_int());
  if (answer.result() == http::status::not_found)
    return not_found("the node at {} refuses: {}", door.to_string(), why);
  return failed_precondition("the node at {} refuses: {}", door.to_string(), why);
}

result<boost::json::value> perform(const admin_door& door, http::request<http::string_body> request,
                                   duration limit) {
  request.set(http::field::host, door.to_string());
  request.set(http::field::connection, "close");
  request.set(http::field::accept, "application/json, application/problem+json");
  request.prepare_payload();
  exchange step{door, std::move(request)};
  if (auto outcome = step.run(limit); !outcome.ok()) return outcome;
  const auto& answer = step.answer();
  if (http::to_status_class(answer.result()) != http::status_class::successful) return refusal(door, answer);
  boost::json::error_code error;
  auto out = boost::json::parse(answer.body(), error);
  if (error)
    return unavailable("what answers at {} is no operators' door of a node: its answer is not JSON",
                       door.to_string());
  return out;
}

} // namespace

std::string admin_door::to_string() const {
  const bool bare_v6 = host.find(':') != std::string::npos;
  return (bare_v6 ? "[" + host + "]" : host) + ":" + std::to_string(port);
}

result<admin_door> parse_admin_door(std::string_view text) {
  const auto colon = text.rfind(':');
  admin_door out;
  if (colon != std::string_view::npos) {
    auto host = text.substr(0, colon);
    const auto digits = text.substr(colon + 1);
    const auto read = std::from_chars(digits.data(), digits.data() + digits.size(), out.port);
    const bool bracketed = host.size() > 2 && host.front() == '[' && host.back() == ']';
    if (bracketed) host = host.substr(1, host.size() - 2);
    if (read.ec == std::errc{} && read.ptr == digits.data() + digits.size() && out.port != 0 && !host.empty()
        && (bracketed || host.find_first_of(":[]") == std::string_view::npos)) {
      out.host = host;
      return out;
    }
  }
  return invalid_argument("'{}' is no host and port; write 127.0.0.1:9901", text);
}

result<boost::json::value> ask_admin(const admin_door& door, std::string_view path, duration limit) {
  return perform(door, {http::verb::get, {path.data(), path.size()}, 11}, limit);
}

result<boost::json::value> tell_admin(const admin_door& door, std::string_view path,
                                      const boost::json::value& body, duration limit) {
  http::request<http::string_body> request{http::verb::post, {path.data(), path.size()}, 11};
  request.set(http::field::content_type, "application/json");
  request.body() = boost::json::serialize(body);
  return perform(door, std::move(request), limit);
}

} // namespace troupe::cli
