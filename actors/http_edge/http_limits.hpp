// How much of anything one client may ask of the HTTP edge. Whatever exceeds a limit is answered with a clear
// error or, when nobody would read it, with a closed connection.
#pragma once

#include "runtime/core/deadline.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>

namespace troupe {

struct http_limits {
  // -- size ---------------------------------------------------------------------------------------
  std::uint32_t target_bytes = 8 * 1024;      // 414 beyond; 16 to header_bytes
  std::uint32_t header_bytes = 32 * 1024;     // request line and fields together; 431 beyond
  std::uint32_t header_count = 100;           // fields of a head or of trailers; 431 beyond
  std::uint64_t body_bytes = 4 * 1024 * 1024; // as sent, and again after gzip was removed; 413 beyond

  // -- at a time ----------------------------------------------------------------------------------
  std::uint32_t connections = 10'000; // of the whole server; 503 and close beyond
  std::uint32_t pipelined = 16; // requests of one connection that are not answered yet; further ones wait
  std::size_t unsent_bytes = 1 << 20; // of one connection: beyond, it is given no further request

  // -- time; a client that is slower is cut -------------------------------------------------------
  duration header_timeout = std::chrono::seconds{10}; // from the first byte of a head to its last; 408
  duration body_timeout =
    std::chrono::seconds{20}; // for a body, plus what minimum_rate allows for its size; 408
  duration write_timeout = std::chrono::seconds{20}; // for what waits to be sent, plus the same
  duration idle_timeout = std::chrono::seconds{75};  // between two requests
  std::uint32_t minimum_rate = 1024;                 // bytes per second

  // Time for the client to read the last answer before its connection is reset.
  duration linger_timeout = std::chrono::seconds{2};
};

} // namespace troupe
