// A simulated node that gossips, and what tests of the transport have in common.
#pragma once

#include "discovery/gossip_transport/gossip_transport.hpp"
#include "runtime/simulation/world.hpp"
#include "runtime/telemetry/log.hpp"
#include "runtime/telemetry/metrics.hpp"

#include <catch2/catch.hpp>

#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace troupe {

using namespace std::chrono_literals;

inline std::vector<std::byte> bytes_of(std::string_view text) {
  const auto view = std::as_bytes(std::span{text});
  return {view.begin(), view.end()};
}

// Text in which every position can be told from the others.
inline std::string numbered(std::size_t size, unsigned seed = 0) {
  std::string out;
  out.reserve(size + 16);
  for (auto i = seed; out.size() < size; ++i)
    out += std::to_string(i) + ";";
  out.resize(size);
  return out;
}

// base64 of 31 bytes 0, ..., 30 and one more: key 'a', 'b', ...
inline gossip_key key_of(char which) {
  std::string text = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHgA=";
  text[0] = which;
  return gossip_key::parse(text).value();
}

inline gossip_keyring ring_of(std::string_view keys) {
  gossip_keyring out{key_of(keys[0])};
  for (const char more : keys.substr(1))
    REQUIRE(out.add(key_of(more)).ok());
  return out;
}

struct heard_gossip {
  gossip_topic topic;
  gossip_channel channel;
  endpoint from;
  std::string text;
};

struct failed_gossip {
  gossip_topic topic;
  gossip_channel channel;
  endpoint to;
  status why;
};

inline constexpr std::uint16_t gossip_port = 7401;

class gossip_program final : public simulated_program {
public:
  explicit gossip_program(simulated_node& node, const gossip_transport_options& how)
    : around(node.surroundings()) {
    logging_options log;
    log.target = log_target::function;
    log.function = [this](std::string_view line) { lines.emplace_back(line); };
    log.asynchronous = false;
    logs = std::move(logging::start(log, around.clock).value());
    loop = around.network.open_loop("gossip");
    auto options = how;
    if (options.cluster.empty()) options.cluster = "shop";
    if (options.node.empty()) options.node = node.name();
    if (options.listen.address.is_loopback()) options.listen = {node.address(), gossip_port};
    loop->run([&] { open(options); });
  }
  ~gossip_program() override {
    loop->run([&] { transport.reset(); });
  }

  static program_factory make(gossip_transport_options how) {
    return [how](simulated_node& node) { return std::make_unique<gossip_program>(node, how); };
  }

  void open(const gossip_transport_options& options) {
    auto made = gossip_transport::open(
      options, around, *loop,
      [this](gossip_topic topic, gossip_channel channel, const endpoint& from,
             std::span<const std::byte> payload) {
        heard.push_back(
          {topic, channel, from, {reinterpret_cast<const char*>(payload.data()), payload.size()}});
        if (on_heard) on_heard(heard.back());
      },
      [this](gossip_topic topic, gossip_channel channel, const endpoint& to, const status& why) {
        failed.push_back({topic, channel, to, why});
        if (on_failed) on_failed(failed.back());
      },
      logs.get(), &numbers);
    if (made)
      transport = std::move(*made);
    else
      refused = made.error();
  }

  void send(gossip_channel channel, const endpoint& to, std::string_view text,
            gossip_topic topic = gossip_topic::membership) {
    loop->run([&] { transport->send(topic, channel, to, bytes_of(text)); });
  }
  gossip_transport_counters counts() const { return transport->counters(); }

  const environment around;
  std::vector<std::string> lines;
  metrics numbers;
  std::unique_ptr<logging> logs;
  std::unique_ptr<event_loop> loop;
  std::unique_ptr<gossip_transport> transport;
  status refused;
  std::vector<heard_gossip> heard;
  std::vector<failed_gossip> failed;
  std::function<void(const heard_gossip&)> on_heard;
  std::function<void(const failed_gossip&)> on_failed;
};

inline gossip_transport_options with_keys(std::string_view keys = "a") {
  gossip_transport_options out;
  if (keys.empty())
    out.trusted_network = true;
  else
    out.keys = ring_of(keys);
  return out;
}

// Two nodes or more, alike unless said otherwise.
class gossipers {
public:
  explicit gossipers(const gossip_transport_options& how = with_keys(), const world_options& options = {})
    : in(options), a(in.add_node("a", gossip_program::make(how))),
      b(in.add_node("b", gossip_program::make(how))) {
    in.boot(a);
    in.boot(b);
  }
  gossipers(const gossip_transport_options& of_a, const gossip_transport_options& of_b)
    : a(in.add_node("a", gossip_program::make(of_a))), b(in.add_node("b", gossip_program::make(of_b))) {
    in.boot(a);
    in.boot(b);
  }

  gossip_program& of(simulated_node& node) { return static_cast<gossip_program&>(*node.program()); }
  gossip_program& at_a() { return of(a); }
  gossip_program& at_b() { return of(b); }
  endpoint where(simulated_node& node) { return {node.address(), gossip_port}; }

  world in;
  simulated_node& a;
  simulated_node& b;
};

} // namespace troupe
