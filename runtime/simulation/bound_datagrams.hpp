// A port of a simulated machine that datagrams come to. Internal to the simulation.
#pragma once

#include "runtime/environment/network.hpp"
#include "runtime/simulation/loop_core.hpp"

#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <vector>

namespace troupe {

class bound_datagrams : public std::enable_shared_from_this<bound_datagrams> {
public:
  bound_datagrams(std::shared_ptr<loop_core> loop, datagram_handler handler);
  ~bound_datagrams();
  bound_datagrams(const bound_datagrams&) = delete;
  bound_datagrams& operator=(const bound_datagrams&) = delete;

  // Errors as network::open_datagram() says.
  status bind(const endpoint& local);
  void close() noexcept;

  status send(const endpoint& to, std::span<const std::byte> payload);

  // A datagram has come; false when the buffer is full, as it is when the node stands still for long.
  bool put(const endpoint& from, byte_buffer& payload, std::uint64_t message);

  const endpoint& local() const noexcept { return local_; }

private:
  struct received {
    endpoint from;
    byte_buffer payload;
    std::uint64_t message;
  };

  void take();

  const std::shared_ptr<loop_core> loop_;
  const datagram_handler handler_;
  endpoint local_;
  bool bound_ = false;
  std::deque<received> inbox_;
  std::size_t inbox_bytes_ = 0;
  member_work<bound_datagrams, &bound_datagrams::take> take_{*this};
};

} // namespace troupe
