#include "tests/runtime/environment/stream_pair.hpp"

#include <catch2/catch.hpp>

#include <sys/resource.h>

using namespace troupe;
using namespace troupe::test;
using namespace std::chrono_literals;

TEST_CASE("connecting to nobody fails, saying how") {
  stream_pair pair;
  SECTION("nobody listens") {
    pair.listen();
    pair.on_server([&] { pair.listener.reset(); });
    pair.connect();
    CHECK(pair.notes.wait([&] { return pair.connects == 1; }));
    CHECK(pair.notes.read(pair.connect_outcome)
          == unavailable("nobody listens on {}", pair.address.to_string()));
  }
  SECTION("nobody answers") {
    raw_socket busy, first, second;
    const auto address = busy.listen(0); // room for one that nobody accepts
    REQUIRE(first.connect(address));
    pair.connect_to(address, nullptr, 50ms);
    CHECK(pair.notes.wait([&] { return pair.connects == 1; }));
    CHECK(pair.notes.read(pair.connect_outcome)
          == unavailable("{} did not answer within 50 ms", address.to_string()));
  }
  SECTION("no way there") {
    pair.connect_to({*ip_address::parse("255.255.255.255"), 1}, nullptr, 1s);
    CHECK(pair.notes.wait([&] { return pair.connects == 1; }));
    CHECK(pair.notes.read(pair.connect_outcome).code() == status_code::unavailable);
  }
}

TEST_CASE("an attempt to connect that is given up is not told of") {
  stream_pair pair;
  pair.accept_hook = [](auto) {}; // closes it
  pair.listen();
  REQUIRE(pair.meet()); // a loop opens descriptors of its own for its first socket
  REQUIRE(pair.notes.wait([&] { return !pair.client.closed.empty(); }));
  pair.on_client([&] { pair.client.stream.reset(); });
  pair.settle();
  const auto before = open_descriptors();
  pair.notes.change([&] { pair.client.closed.clear(); });
  pair.on_client([&] {
    for (int i = 0; i < 100; ++i)
      auto dropped = pair.client_loop->connect(pair.address, nullptr, 10s,
                                               [&](auto&&) { pair.notes.change([&] { ++pair.connects; }); });
  });
  pair.settle();
  REQUIRE(pair.meet());
  // The last of all to be accepted, and so to be closed.
  CHECK(pair.notes.wait([&] { return !pair.client.closed.empty(); }));
  CHECK(pair.notes.read(pair.connects) == 2);
  pair.on_client([&] { pair.client.stream.reset(); });
  pair.settle();
  CHECK(open_descriptors() == before);
}

TEST_CASE("an attempt to connect may be destroyed by whom it tells") {
  stream_pair pair;
  pair.listen();
  bool within = false, told_within = false;
  pair.on_client([&] {
    within = true;
    pair.connecting = pair.client_loop->connect(pair.address, nullptr, 10s, [&](auto got) {
      told_within = within;
      pair.connecting.reset();
      if (got) pair.client.take(std::move(*got));
      pair.notes.change([&] { ++pair.connects; });
    });
    within = false;
  });
  CHECK(pair.notes.wait([&] { return pair.connects == 1 && pair.accepted == 1; }));
  CHECK_FALSE(told_within);
}

TEST_CASE("a place that cannot be listened on is refused") {
  stream_pair pair;
  pair.listen();
  auto error = [&](const endpoint& where, const listen_options& options = {}) {
    status out;
    pair.on_server([&] {
      out = status_of(pair.server_loop->listen(
        where, options, [](auto) {}, nullptr));
    });
    return out;
  };
  CHECK(error(pair.address)
        == already_exists("cannot listen on {}: Address already in use", pair.address.to_string()));
  CHECK(error({ip_address::v4(203, 0, 113, 1), 0}).code() == status_code::unavailable);
  CHECK(error(any_port, {.max_connections = 0})
        == invalid_argument("max_connections is 0; it must be 1 to 1000000"));
  CHECK(error(any_port, {.max_connections = 1'000'001}).code() == status_code::invalid_argument);
  CHECK(error(any_port, {.handshake_timeout = 0s}).code() == status_code::invalid_argument);
  CHECK(error(any_port).ok());
}

TEST_CASE("a listener takes no more connections than it may, and others again once some have ended") {
  stream_pair pair;
  std::vector<std::unique_ptr<byte_stream>> open;
  pair.accept_hook = [&](auto stream) { open.push_back(std::move(stream)); };
  pair.listen({.max_connections = 2});
  raw_socket first, second, third, fourth;
  REQUIRE(first.connect(pair.address));
  REQUIRE(second.connect(pair.address));
  REQUIRE(pair.notes.wait([&] { return pair.accepted == 2; }));
  REQUIRE(third.connect(pair.address));
  REQUIRE(pair.notes.wait([&] { return pair.refused.size() == 1; }));
  CHECK(third.ended());
  const auto [who, why] = pair.notes.read(pair.refused).front();
  CHECK(who.address == ip_address::loopback());
  CHECK(who.port != 0);
  CHECK(why == resource_exhausted("2 connections are open already"));
  pair.on_server([&] { open.pop_back(); });
  REQUIRE(fourth.connect(pair.address));
  CHECK(pair.notes.wait([&] { return pair.accepted == 3; }));
  // Streams outlive their listener.
  pair.on_server([&] { pair.listener.reset(); });
  raw_socket fifth;
  CHECK_FALSE(fifth.connect(pair.address));
  pair.on_server([&] {
    open.front()->begin(pair.server);
    open.front()->write(buffer_of("still here"));
  });
  CHECK(first.receive() == "still here");
  pair.on_server([&] { open.clear(); });
}

TEST_CASE("a listener rests while the process has no descriptors left, then goes on") {
  stream_pair pair;
  pair.listen();
  raw_socket peer;
  rlimit usual{};
  REQUIRE(::getrlimit(RLIMIT_NOFILE, &usual) == 0);
  rlimit none = usual;
  none.rlim_cur = 3;
  REQUIRE(::setrlimit(RLIMIT_NOFILE, &none) == 0);
  const bool arrived = peer.connect(pair.address); // the kernel does that much by itself
  const bool told = pair.notes.wait([&] { return !pair.refused.empty(); });
  REQUIRE(::setrlimit(RLIMIT_NOFILE, &usual) == 0);
  REQUIRE(arrived);
  REQUIRE(told);
  const auto [who, why] = pair.notes.read(pair.refused).front();
  CHECK(who == endpoint{});
  CHECK(why
        == resource_exhausted("cannot accept connections on {}, trying again in 100 ms: Too many open files",
                              pair.address.to_string()));
  CHECK(pair.notes.wait([&] { return pair.accepted == 1; }));
}

TEST_CASE("whoever is told of a connection may destroy the listener") {
  stream_pair pair;
  SECTION("one that was accepted") {
    pair.accept_hook = [&](auto stream) {
      pair.listener.reset();
      pair.server.take(std::move(stream));
    };
    pair.listen();
    REQUIRE(pair.meet());
    pair.on_client([&] { pair.client.write("x"); });
    CHECK(pair.notes.wait([&] { return pair.server.received == "x"; }));
  }
  SECTION("one that was refused") {
    std::vector<std::unique_ptr<byte_stream>> open;
    std::unique_ptr<stream_listener> listener;
    endpoint address;
    pair.on_server([&] {
      listener = std::move(*pair.server_loop->listen(
        any_port, {.max_connections = 1}, [&](auto stream) { open.push_back(std::move(stream)); },
        [&](auto& peer, auto& why) {
          listener.reset();
          pair.notes.change([&] { pair.refused.emplace_back(peer, why); });
        }));
      address = listener->local();
    });
    raw_socket first, second;
    REQUIRE(first.connect(address));
    REQUIRE(second.connect(address));
    CHECK(pair.notes.wait([&] { return pair.refused.size() == 1; }));
    pair.on_server([&] { open.clear(); });
  }
}

TEST_CASE("streams over IPv6, and IPv4 to a listener for both") {
  stream_pair pair;
  pair.listen({}, {ip_address{}, 0});
  if (!pair.listener) {
    WARN("no IPv6 on this machine");
    return;
  }
  const bool six = GENERATE(true, false);
  const auto loopback = six ? *ip_address::parse("::1") : ip_address::loopback();
  pair.connect_to({loopback, pair.address.port});
  REQUIRE(pair.connected());
  pair.on_client([&] { pair.client.write("x"); });
  CHECK(pair.notes.wait([&] { return pair.server.received == "x"; }));
  endpoint seen;
  pair.on_server([&] { seen = pair.server.stream->peer(); });
  CHECK(seen.address == loopback);
}
