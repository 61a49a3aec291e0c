// Asks a node's operators' door: HTTP with JSON, one request a connection, each within a time limit.
#pragma once

#include "runtime/core/deadline.hpp"
#include "runtime/core/result.hpp"

#include <boost/json/value.hpp>

#include <cstdint>
#include <string>
#include <string_view>

namespace troupe::cli {

struct admin_door {
  std::string host; // a name or an address
  std::uint16_t port = 0;

  std::string to_string() const;
};

// "127.0.0.1:9901", "[::1]:9901", "node-1.example.org:9901". INVALID_ARGUMENT: not that.
result<admin_door> parse_admin_door(std::string_view text);

inline constexpr std::size_t largest_admin_answer = 64 * 1024 * 1024; // bytes

// GET, or POST when there is a body. UNAVAILABLE: nobody answers there in time, or something that is no node;
// anything else: what the node refused, with its own words. The answer to a successful request is JSON.
result<boost::json::value> ask_admin(const admin_door& door, std::string_view path,
                                     duration limit = std::chrono::seconds{10});
result<boost::json::value> tell_admin(const admin_door& door, std::string_view path,
                                      const boost::json::value& body,
                                      duration limit = std::chrono::seconds{30});

} // namespace troupe::cli
