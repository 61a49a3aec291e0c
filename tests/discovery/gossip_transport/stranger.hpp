// Somebody who speaks to transports by hand: with raw datagrams, raw connections, and a sealer of his own.
#pragma once

#include "discovery/gossip_transport/gossip_stream_frame.hpp"
#include "tests/discovery/gossip_transport/gossip_program.hpp"
#include "tests/runtime/simulation/loop_program.hpp"

namespace troupe {

class stranger final : public simulated_program {
public:
  explicit stranger(simulated_node& node)
    : around(node.surroundings()), address(node.address()), loop(around.network.open_loop("stranger")) {
    auto made = around.network.open_datagram({address, gossip_port},
                                             [this](const endpoint&, std::span<const std::byte> payload) {
                                               datagrams.push_back({payload.begin(), payload.end()});
                                             });
    REQUIRE(made);
    socket = std::move(*made);
  }
  ~stranger() override {
    loop->run([&] {
      pending.clear();
      streams.clear();
      listener.reset();
    });
  }

  static program_factory make() {
    return [](simulated_node& node) { return std::make_unique<stranger>(node); };
  }

  // `keys`: see with_keys().
  gossip_sealer sealer(std::string_view keys = "a", std::string cluster = "shop",
                       std::string name = "stranger") {
    gossip_sealer_options out;
    out.cluster = std::move(cluster);
    out.node = std::move(name);
    if (!keys.empty()) out.keys = ring_of(keys);
    around.random.split("stranger", ++sealers).fill(out.entropy);
    out.started = around.clock.wall_now();
    out.now = around.clock.now();
    return std::move(gossip_sealer::make(std::move(out)).value());
  }
  byte_buffer seal(gossip_sealer& with, std::span<const std::byte> plain) {
    return with.seal(plain, around.clock.now()).value();
  }
  byte_buffer seal(gossip_sealer& with, std::string_view text) { return seal(with, bytes_of(text)); }

  void connect(const endpoint& to) {
    pending.push_back(loop->connect(to, nullptr, 5s, [this](result<std::unique_ptr<byte_stream>> outcome) {
      if (outcome) streams.push_back(std::make_unique<recording_stream>(std::move(*outcome)));
    }));
  }
  void listen() {
    auto made = loop->listen({address, gossip_port}, {},
                             [this](std::unique_ptr<byte_stream> stream) {
                               streams.push_back(std::make_unique<recording_stream>(std::move(stream)));
                             },
                             {});
    REQUIRE(made);
    listener = std::move(*made);
  }
  void write(const byte_buffer& bytes, std::size_t which = 0) {
    streams.at(which)->write(std::string_view{reinterpret_cast<const char*>(bytes.data()), bytes.size()});
  }
  // Seals frames and writes them as records.
  template <class... Frames>
  void say(gossip_sealer& with, const Frames&... frames) {
    byte_buffer out;
    const auto add = [&](const auto& frame) {
      byte_buffer plain;
      encode(frame, plain);
      append_record(seal(with, plain), out);
    };
    (add(frames), ...);
    write(out);
  }
  bool closed(std::size_t which = 0) const { return streams.at(which)->closed.has_value(); }

  const environment around;
  const ip_address address;
  std::unique_ptr<event_loop> loop;
  std::unique_ptr<datagram_socket> socket;
  std::vector<byte_buffer> datagrams;
  std::unique_ptr<stream_listener> listener;
  std::vector<std::unique_ptr<loop_timer>> pending;
  std::vector<std::unique_ptr<recording_stream>> streams;
  std::uint64_t sealers = 0;
};

inline gossip_piece piece(std::uint64_t index, std::span<const std::byte> bytes, bool last = true,
                          std::uint8_t topic = 1, std::uint32_t message = 0, std::uint64_t tag = 7) {
  return {.tag = tag, .index = index, .topic = topic, .message = message, .last = last, .bytes = bytes};
}

// Datagrams come only if the test hands them over; streams work.
class caught_datagrams final : public network {
public:
  explicit caught_datagrams(network& inner) : inner_(inner) {}

  result<std::unique_ptr<datagram_socket>> open_datagram(const endpoint& local,
                                                         datagram_handler then) override {
    handler = std::move(then);
    return inner_.open_datagram(local, [](const endpoint&, std::span<const std::byte>) {});
  }
  std::unique_ptr<event_loop> open_loop(std::string_view name) override { return inner_.open_loop(name); }
  result<stream_credentials_ptr> load_credentials(const stream_security& files) override {
    return inner_.load_credentials(files);
  }
  status resolve(std::string_view host, addresses_handler then) override {
    return inner_.resolve(host, std::move(then));
  }
  status resolve_service(std::string_view name, service_records_handler then) override {
    return inner_.resolve_service(name, std::move(then));
  }

  datagram_handler handler;

private:
  network& inner_;
};

// A transport with such a network, in place of the stranger.
class caught_node {
public:
  caught_node(stranger& on, gossip_transport_options how)
    : where{on.address, gossip_port},
      net(on.around.network), around{on.around.clock, on.around.random, on.around.disk, net},
      loop_(*on.loop) {
    on.socket.reset();
    how.cluster = "shop";
    how.node = "caught";
    how.listen = where;
    loop_.run([&] {
      transport =
        std::move(gossip_transport::open(
                    how, around, loop_,
                    [this](auto&&, auto&&, auto&&, std::span<const std::byte> payload) {
                      heard.emplace_back(reinterpret_cast<const char*>(payload.data()), payload.size());
                    },
                    [](auto&&...) {}, nullptr, nullptr)
                    .value());
    });
  }
  ~caught_node() {
    loop_.run([&] { transport.reset(); });
  }

  const endpoint where;
  caught_datagrams net;
  const environment around;
  std::unique_ptr<gossip_transport> transport;
  std::vector<std::string> heard;

private:
  event_loop& loop_;
};

// Two nodes that gossip, and a stranger.
class with_stranger : public gossipers {
public:
  explicit with_stranger(const gossip_transport_options& how = with_keys(), const world_options& options = {})
    : gossipers(how, options), c(in.add_node("c", stranger::make())) {
    in.boot(c);
  }
  stranger& who() { return static_cast<stranger&>(*c.program()); }

  // A stream to b, greeted.
  void greet(gossip_sealer& with) {
    who().connect(where(b));
    in.run_for(10ms);
    REQUIRE(who().streams.size() == 1);
    who().say(with, gossip_hello{7, where(c)});
    in.run_for(10ms);
    REQUIRE(who().streams[0]->received.size() == gossip_record_prefix + gossip_overhead + gossip_hello_size);
  }
  std::uint64_t dropped(gossip_drop why) { return at_b().counts().drops.dropped_for(why); }
  // The node lives.
  bool still_works() {
    const auto before = at_b().heard.size();
    at_a().send(gossip_channel::datagram, where(b), "datagram");
    at_a().send(gossip_channel::stream, where(b), "stream");
    in.run_for(1s);
    return at_b().heard.size() == before + 2 && at_b().heard.back().from == where(a);
  }

  simulated_node& c;
};

} // namespace troupe
