// A program of a simulated node that is one event loop, and helpers for streams.
#pragma once

#include "runtime/simulation/world.hpp"

#include <algorithm>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace troupe {

// Records what a stream tells, and holds it.
class recording_stream final : public stream_handler {
public:
  explicit recording_stream(std::unique_ptr<byte_stream> of) : stream(std::move(of)) { stream->begin(*this); }

  void on_bytes(std::span<const std::byte> bytes) override {
    received.append(reinterpret_cast<const char*>(bytes.data()), bytes.size());
    ++pieces;
    if (on_received) on_received();
  }
  void on_drained(byte_buffer) override {
    ++drained;
    writing = false;
    if (on_room) on_room();
  }
  void on_closed(const status& why) override {
    closed = why;
    if (on_end) on_end();
  }

  void write(std::string_view text) {
    const auto* begin = reinterpret_cast<const std::byte*>(text.data());
    writing = true;
    stream->write(byte_buffer{begin, begin + text.size()});
  }

  std::unique_ptr<byte_stream> stream;
  std::string received;
  int pieces = 0;
  int drained = 0;
  bool writing = false;
  std::optional<status> closed;
  std::function<void()> on_received;
  std::function<void()> on_room;
  std::function<void()> on_end;
};

class loop_program final : public simulated_program {
public:
  explicit loop_program(simulated_node& node)
    : around(node.surroundings()), address(node.address()), loop(around.network.open_loop("loop")) {}

  static program_factory make() {
    return [](simulated_node& node) { return std::make_unique<loop_program>(node); };
  }

  // Accepts on `port` and keeps what comes.
  status listen(std::uint16_t port, listen_options options = {}) {
    auto made = loop->listen(
      {address, port}, std::move(options),
      [this](std::unique_ptr<byte_stream> stream) {
        accepted.push_back(std::make_unique<recording_stream>(std::move(stream)));
        if (on_accepted) on_accepted(*accepted.back());
      },
      [this](const endpoint&, const status& why) { refused.push_back(why); });
    if (!made) return made.error();
    listener = std::move(*made);
    return {};
  }

  void connect(const endpoint& to, duration timeout = std::chrono::seconds{10},
               stream_credentials_ptr with = nullptr) {
    pending =
      loop->connect(to, std::move(with), timeout, [this](result<std::unique_ptr<byte_stream>> outcome) {
        connected_at = around.clock.now();
        if (!outcome) {
          failure = outcome.error();
          return;
        }
        stream = std::make_unique<recording_stream>(std::move(*outcome));
        if (on_connected) on_connected(*stream);
      });
  }

  environment around;
  ip_address address;
  std::unique_ptr<event_loop> loop;
  std::unique_ptr<stream_listener> listener;
  std::vector<std::unique_ptr<recording_stream>> accepted;
  std::vector<status> refused;
  std::function<void(recording_stream&)> on_accepted;
  std::function<void(recording_stream&)> on_connected;
  std::unique_ptr<loop_timer> pending;
  std::unique_ptr<recording_stream> stream;
  std::optional<status> failure;
  monotonic_time connected_at{};
};

// Two nodes, a connection from the first to the second.
class two_ends {
public:
  explicit two_ends(const world_options& options = {}) : in(options) {
    in.boot(a);
    in.boot(b);
  }

  loop_program& at(simulated_node& node) { return static_cast<loop_program&>(*node.program()); }
  loop_program& client() { return at(a); }
  loop_program& server() { return at(b); }

  // Precondition: nothing stands in the way.
  bool connect(std::uint16_t port = 4000) {
    if (!server().listener && !server().listen(port).ok()) return false;
    client().connect({b.address(), port});
    return in.run_until([this] { return client().stream && !server().accepted.empty(); },
                        std::chrono::seconds{5});
  }
  recording_stream& here() { return *client().stream; }
  recording_stream& there() { return *server().accepted.back(); }

  world in;
  simulated_node& a = in.add_node("a", loop_program::make());
  simulated_node& b = in.add_node("b", loop_program::make());
};

} // namespace troupe
