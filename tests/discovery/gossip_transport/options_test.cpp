// What a transport needs to open, and which port it takes.
#include "tests/discovery/gossip_transport/gossip_program.hpp"

using namespace troupe;

namespace {

// A node with a loop, and nothing else.
class idle_node {
public:
  idle_node() {
    in.boot(node);
    auto& program = static_cast<gossip_program&>(*node.program());
    program.loop->run([&] { program.transport.reset(); });
    on = &program;
  }

  status open(gossip_transport_options how) {
    on->refused = {};
    on->loop->run([&] {
      on->transport.reset();
      on->open(how);
    });
    return on->refused;
  }
  gossip_transport_options good() const {
    auto out = with_keys();
    out.cluster = "shop";
    out.node = "a";
    out.listen = {node.address(), 0};
    return out;
  }

  world in;
  simulated_node& node = in.add_node("a", gossip_program::make(with_keys()));
  gossip_program* on;
};

} // namespace

TEST_CASE("options have ranges, and what is beyond them is named") {
  idle_node w;
  const auto refuses = [&](auto&& change, std::string_view name) {
    auto how = w.good();
    change(how);
    const auto why = w.open(how);
    INFO(name << ": " << why);
    CHECK(why.code() == status_code::invalid_argument);
    CHECK_THAT(why.message(), Catch::Matchers::Contains(std::string{name}));
  };
  REQUIRE(w.open(w.good()).ok());
  using options = gossip_transport_options;
  refuses([](options& o) { o.cluster = ""; }, "cluster");
  refuses([](options& o) { o.node = std::string(256, 'x'); }, "node");
  refuses([](options& o) { o.max_message_bytes = 65'535; }, "max_message_bytes");
  refuses([](options& o) { o.max_message_bytes = (64u << 20) + 1; }, "max_message_bytes");
  refuses([](options& o) { o.max_streams = 0; }, "max_streams");
  refuses([](options& o) { o.max_streams = 10'001; }, "max_streams");
  refuses([](options& o) { o.max_queued_bytes = o.max_message_bytes; }, "max_queued_bytes");
  refuses([](options& o) { o.max_unfinished_bytes = o.max_message_bytes - 1; }, "max_unfinished_bytes");
  refuses([](options& o) { o.max_waiting_datagrams = 0; }, "max_waiting_datagrams");
  refuses([](options& o) { o.max_waiting_datagram_bytes = 1000; }, "max_waiting_datagram_bytes");
  refuses([](options& o) { o.connect_timeout = 0s; }, "connect_timeout");
  refuses([](options& o) { o.idle_timeout = 2h; }, "idle_timeout");
  refuses([](options& o) { o.message_timeout = -1s; }, "message_timeout");
  auto elsewhere = w.good();
  elsewhere.listen.address = ip_address::v4(192, 0, 2, 1);
  CHECK(w.open(elsewhere).code() == status_code::unavailable);
}

TEST_CASE("with port 0 a port is found that is free for both") {
  idle_node w;
  auto& on = *w.on;
  const auto nobody = [](auto&&...) {};
  // Take ports of the one kind and of the other, from the first that the system would choose.
  auto probe = on.around.network.open_datagram({w.node.address(), 0}, nobody);
  REQUIRE(probe);
  const auto first = (*probe)->local().port;
  std::vector<std::unique_ptr<datagram_socket>> sockets;
  std::vector<std::unique_ptr<stream_listener>> listeners;
  on.loop->run([&] {
    for (int i = 0; i < 20; ++i) {
      const endpoint where{w.node.address(), static_cast<std::uint16_t>(first + i)};
      if (i % 2 == 1) {
        auto made = on.loop->listen(where, {}, nobody, {});
        if (made) listeners.push_back(std::move(*made));
      } else if (i > 0) {
        auto made = on.around.network.open_datagram(where, nobody);
        if (made) sockets.push_back(std::move(*made));
      }
    }
  });
  CHECK(sockets.size() + listeners.size() == 19);
  REQUIRE(w.open(w.good()).ok());
  CHECK(on.transport->local().port >= first + 20);
  // Both are there, and those that were tried are free again.
  CHECK(on.around.network.open_datagram(on.transport->local(), nobody).error().code()
        == status_code::already_exists);
  on.loop->run([&] {
    CHECK(on.loop->listen(on.transport->local(), {}, nobody, {}).error().code()
          == status_code::already_exists);
    const endpoint tried{w.node.address(), static_cast<std::uint16_t>(first + 1)};
    CHECK(on.around.network.open_datagram(tried, nobody).has_value());
    listeners.clear();
  });
}

TEST_CASE("when no port is free for both, looking for one ends") {
  idle_node w;
  auto& on = *w.on;
  const auto nobody = [](auto&&...) {};
  std::vector<std::unique_ptr<datagram_socket>> sockets;
  std::vector<std::unique_ptr<stream_listener>> listeners;
  const auto first = (*on.around.network.open_datagram({w.node.address(), 0}, nobody))->local().port;
  on.loop->run([&] {
    for (int i = 0; i < 200; ++i) {
      const endpoint where{w.node.address(), static_cast<std::uint16_t>(first + i)};
      if (i % 2 == 1)
        listeners.push_back(std::move(on.loop->listen(where, {}, nobody, {}).value()));
      else
        sockets.push_back(std::move(on.around.network.open_datagram(where, nobody).value()));
    }
  });
  CHECK(w.open(w.good()).code() == status_code::already_exists);
  on.loop->run([&] { listeners.clear(); });
}
