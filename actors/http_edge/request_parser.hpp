// From bytes to requests (RFC 9112), without I/O: Boost.Beast's parser, made strict and bounded.
//
// Beyond Beast it refuses: more than one Host field, or none in HTTP/1.1; a transfer coding other than
// chunked, or one beside Content-Length or in HTTP/1.0 (request smuggling, RFC 9112, 6.1).
#pragma once

#include "actors/http_edge/http_limits.hpp"
#include "actors/http_edge/http_message.hpp"

#include <memory>
#include <string>
#include <string_view>

namespace troupe {

class request_parser {
public:
  // `limits` must outlive the parser.
  explicit request_parser(const http_limits& limits);
  ~request_parser();

  // Begins a new request, which is written into `into`.
  void begin(http_request& into);

  enum class step {
    more,   // all bytes that can be used were used: call again with what is left and more
    head,   // the head is complete; call again for the body
    done,   // the request is complete
    failed, // the bytes are no acceptable request: failure_status() and failure_text() say why
  };

  // Takes bytes from the front of `bytes`.
  step advance(std::string_view& bytes);

  // Whether some of the request was taken.
  bool begun() const;

  // -- valid after step::head ---------------------------------------------------------------------
  bool keep_alive() const;
  // "Expect: 100-continue" was asked for. Any other expectation fails with 417.
  bool expects_continue() const;

  // -- valid after step::failed -------------------------------------------------------------------
  int failure_status() const;
  const std::string& failure_text() const;

private:
  struct engine;
  std::unique_ptr<engine> engine_;
};

} // namespace troupe
