#include "tests/runtime/environment/stream_pair.hpp"

#include <catch2/catch.hpp>

using namespace troupe;
using namespace troupe::test;
using namespace std::chrono_literals;

TEST_CASE("bytes pass both ways, and each end knows the other's address") {
  stream_pair pair;
  pair.listen();
  REQUIRE(pair.meet());
  pair.on_server([&] {
    pair.server.bytes_hook = [&](auto bytes) { pair.server.stream->write({bytes.begin(), bytes.end()}); };
  });
  pair.on_client([&] { pair.client.write("hello"); });
  CHECK(pair.notes.wait([&] { return pair.client.received == "hello"; }));
  CHECK(pair.notes.read(pair.server.received) == "hello");
  pair.on_client([&] {
    CHECK(pair.client.stream->peer() == pair.address);
    CHECK(pair.client.stream->peer_names().empty());
  });
  endpoint seen;
  pair.on_server([&] { seen = pair.server.stream->peer(); });
  CHECK(seen.address == ip_address::loopback());
  CHECK(seen.port != 0);
  CHECK(seen.port != pair.address.port);
}

TEST_CASE("a write is told drained later, and its buffer comes back empty to be filled again") {
  stream_pair pair;
  pair.listen();
  REQUIRE(pair.meet());
  const std::byte* given = nullptr;
  bool within = false, told_within = false;
  std::vector<std::pair<const std::byte*, std::size_t>> back;
  pair.on_client([&] {
    pair.client.drained_hook = [&](byte_buffer spent) {
      told_within |= within;
      back.emplace_back(spent.data(), spent.size());
    };
    byte_buffer bytes = buffer_of("some bytes");
    given = bytes.data();
    within = true;
    pair.client.stream->write(std::move(bytes));
    within = false;
  });
  REQUIRE(pair.notes.wait([&] { return pair.client.drained == 1; }));
  pair.on_client([&] { pair.client.stream->write({}); }); // nothing is drained like anything else
  REQUIRE(pair.notes.wait([&] { return pair.client.drained == 2; }));
  pair.settle();
  REQUIRE(back.size() == 2);
  CHECK(back[0] == std::pair{given, std::size_t{0}});
  CHECK_FALSE(told_within);
}

TEST_CASE("much passes both ways at once, whole and in order, while both ends pause again and again") {
  const auto sent = pattern(8 << 20);
  stream_pair pair;
  pair.listen();
  REQUIRE(pair.meet());
  auto prepare = [&](stream_end& end, event_loop& loop) {
    end.bytes_hook = [&](auto) {
      end.stream->pause_reading();
      loop.post([&] {
        if (end.stream) end.stream->resume_reading(); // the test may be over
      });
    };
    // One large write, then some of odd sizes.
    end.drained_hook = [&, at = std::size_t{4 << 20}](byte_buffer spent) mutable {
      if (at == sent.size()) return;
      const auto size = std::min<std::size_t>(sent.size() - at, 77'777);
      spent = buffer_of(std::string_view{sent}.substr(at, size));
      at += size;
      end.stream->write(std::move(spent));
    };
    end.write(std::string_view{sent}.substr(0, 4 << 20));
  };
  pair.on_client([&] { prepare(pair.client, *pair.client_loop); });
  pair.on_server([&] { prepare(pair.server, *pair.server_loop); });
  CHECK(pair.notes.wait([&] {
    return pair.client.received.size() >= sent.size() && pair.server.received.size() >= sent.size();
  }));
  CHECK((pair.notes.read(pair.client.received) == sent));
  CHECK((pair.notes.read(pair.server.received) == sent));
}

TEST_CASE("a reader that pauses holds its writer back, and nobody else") {
  stream_pair pair;
  pair.listen();
  REQUIRE(pair.meet());
  constexpr std::size_t much = 64 << 20; // more than the kernel's buffers of both ends
  pair.on_server([&] { pair.server.bytes_hook = [&](auto) { pair.server.stream->pause_reading(); }; });
  pair.on_client([&] { pair.client.stream->write(byte_buffer(much)); });
  REQUIRE(pair.notes.wait([&] { return !pair.server.received.empty(); }));
  const auto taken = pair.notes.read(pair.server.received).size();
  CHECK(taken <= 128 * 1024);
  // The other direction, and another stream between the same loops.
  pair.on_server([&] { pair.server.write("back"); });
  CHECK(pair.notes.wait([&] { return pair.client.received == "back"; }));
  stream_end second_server{pair.notes}, second_client{pair.notes};
  std::unique_ptr<loop_timer> connecting;
  pair.on_server([&] { pair.accept_hook = [&](auto stream) { second_server.take(std::move(stream)); }; });
  pair.on_client([&] {
    connecting = pair.client_loop->connect(pair.address, nullptr, 10s, [&](auto got) {
      second_client.take(std::move(*got));
      second_client.write("another");
    });
  });
  CHECK(pair.notes.wait([&] { return second_server.received == "another"; }));
  pair.settle();
  CHECK(pair.notes.read(pair.client.drained) == 0);
  CHECK(pair.notes.read(pair.server.received).size() == taken);
  pair.on_server([&] {
    pair.server.bytes_hook = nullptr;
    pair.server.stream->resume_reading();
    second_server.stream.reset();
  });
  CHECK(pair.notes.wait([&] { return pair.server.received.size() == much; }));
  CHECK(pair.notes.wait([&] { return pair.client.drained == 1; }));
  pair.on_client([&] {
    second_client.stream.reset();
    connecting.reset();
  });
}

TEST_CASE("a writer that is drained at once does not keep the loop for itself") {
  stream_pair pair;
  pair.listen();
  REQUIRE(pair.meet());
  bool stop = false; // of the client's loop
  pair.on_client([&] {
    pair.client.drained_hook = [&](byte_buffer spent) {
      if (stop) return;
      spent.resize(1);
      pair.client.stream->write(std::move(spent));
    };
    pair.client.write("x");
  });
  CHECK(pair.notes.wait([&] { return pair.client.drained > 1000; }));
  pair.on_client([&] { stop = true; });
}

TEST_CASE("the second of two small writes does not wait for the first to be acknowledged") {
  stream_pair pair;
  pair.listen();
  REQUIRE(pair.meet());
  pair.on_server([&] { // answers each second byte
    pair.server.bytes_hook = [&, seen = std::size_t{0}](auto bytes) mutable {
      for (std::size_t i = 0; i < bytes.size(); ++i)
        if (++seen % 2 == 0) pair.server.write("!");
    };
  });
  auto& clock = pair.world.get().clock;
  auto soonest = duration::max();
  // The first rounds do not count; on a busy machine any one may be slow for other reasons.
  for (std::size_t round = 1; round <= 10 || (soonest >= 30ms && round <= 100); ++round) {
    const auto start = clock.now();
    pair.on_client([&] { pair.client.write("1"); });
    REQUIRE(pair.notes.wait([&] { return pair.client.drained == 2 * static_cast<int>(round) - 1; }));
    pair.on_client([&] { pair.client.write("2"); });
    REQUIRE(pair.notes.wait([&] { return pair.client.received.size() == round; }));
    if (round > 5) soonest = std::min(soonest, duration{clock.now() - start});
  }
  CHECK(soonest < 30ms); // Linux acknowledges after 40 ms, unless it has something to send
}

TEST_CASE("the end of a stream is told to the other end only") {
  stream_pair pair;
  pair.listen();
  REQUIRE(pair.meet());
  pair.on_server([&] { pair.server.stream->pause_reading(); });
  pair.on_client([&] {
    pair.client.stream->pause_reading();
    pair.client.stream->write(byte_buffer(1000));
  });
  REQUIRE(pair.notes.wait([&] { return pair.client.drained == 1; }));
  pair.on_server([&] { pair.server.write("never read"); });
  SECTION("the client ends it, although it has bytes to read") {
    pair.on_client([&] { pair.client.stream.reset(); });
    pair.on_server([&] { pair.server.stream->resume_reading(); });
    CHECK(pair.notes.wait([&] { return !pair.server.closed.empty(); }));
    CHECK(pair.notes.read(pair.server.received).size() == 1000);
    CHECK(pair.notes.read(pair.server.closed).front() == status{});
    pair.settle();
    CHECK(pair.notes.read(pair.client.closed).empty());
  }
  SECTION("the server ends it") {
    pair.on_server([&] { pair.server.stream.reset(); });
    pair.on_client([&] { pair.client.stream->resume_reading(); });
    CHECK(pair.notes.wait([&] { return !pair.client.closed.empty(); }));
    CHECK(pair.notes.read(pair.client.closed).front() == status{});
    CHECK(pair.notes.read(pair.client.received) == "never read");
  }
}

TEST_CASE("what was handed over arrives although its writer has ended with bytes to read") {
  stream_pair pair;
  pair.listen();
  REQUIRE(pair.meet());
  pair.on_server([&] { pair.server.stream->pause_reading(); });
  pair.on_client([&] { pair.client.stream->pause_reading(); });
  pair.on_server([&] { pair.server.write("never read"); });
  // More than the reader's kernel takes, so that some waits in the writer's.
  constexpr std::size_t piece = 64 * 1024;
  int written = 0;
  do {
    ++written;
    pair.on_client([&] { pair.client.stream->write(byte_buffer(piece)); });
    pair.settle();
  } while (pair.notes.read(pair.client.drained) == written);
  pair.on_client([&] { pair.client.stream.reset(); });
  const auto handed_over = static_cast<std::size_t>(pair.notes.read(pair.client.drained)) * piece;
  CHECK(handed_over > 0);
  pair.on_server([&] { pair.server.stream->resume_reading(); });
  CHECK(pair.notes.wait([&] { return pair.server.closed == std::vector{status{}}; }));
  CHECK(pair.notes.read(pair.server.received).size() >= handed_over);
}

TEST_CASE("a handler may destroy its stream from within each of its functions") {
  stream_pair pair;
  pair.listen();
  REQUIRE(pair.meet());
  SECTION("on_bytes, with more to come") {
    pair.on_server([&] { pair.server.bytes_hook = [&](auto) { pair.server.stream.reset(); }; });
    pair.on_client([&] { pair.client.stream->write(byte_buffer(8 << 20)); });
    CHECK(pair.notes.wait([&] { return !pair.client.closed.empty(); }));
    pair.settle();
    CHECK(pair.notes.read(pair.server.received).size() <= 128 * 1024);
    CHECK(pair.notes.read(pair.server.closed).empty());
  }
  SECTION("on_drained") {
    pair.on_client([&] {
      pair.client.drained_hook = [&](auto) { pair.client.stream.reset(); };
      pair.client.write("all");
    });
    CHECK(pair.notes.wait([&] { return pair.server.closed.size() == 1; }));
    CHECK(pair.notes.read(pair.server.received) == "all");
  }
  SECTION("on_closed") {
    pair.on_server([&] { pair.server.closed_hook = [&] { pair.server.stream.reset(); }; });
    pair.on_client([&] { pair.client.stream.reset(); });
    CHECK(pair.notes.wait([&] { return pair.server.closed.size() == 1; }));
  }
  SECTION("on_bytes, with a write of its own under way") {
    pair.on_server([&] {
      pair.server.stream->write(byte_buffer(32 << 20));
      pair.server.bytes_hook = [&](auto) { pair.server.stream.reset(); };
    });
    pair.on_client([&] {
      pair.client.stream->pause_reading();
      pair.client.write("go");
    });
    pair.on_client([&] { pair.client.stream->resume_reading(); });
    CHECK(pair.notes.wait([&] { return pair.client.closed.size() == 1; }));
    CHECK(pair.notes.read(pair.client.received).size() < 32 << 20);
  }
  pair.settle();
}

TEST_CASE("a connection that the peer resets ends with UNAVAILABLE") {
  stream_pair pair;
  pair.listen();
  raw_socket peer;
  REQUIRE(peer.connect(pair.address));
  REQUIRE(pair.notes.wait([&] { return pair.accepted == 1; }));
  endpoint who;
  pair.on_server([&] { who = pair.server.stream->peer(); });
  SECTION("while it is quiet") { peer.reset(); }
  SECTION("while it is written to") {
    pair.on_server([&] { pair.server.stream->write(byte_buffer(32 << 20)); });
    CHECK_FALSE(peer.receive().empty());
    peer.reset();
  }
  SECTION("while it is written to and does not read") {
    pair.on_server([&] {
      pair.server.stream->pause_reading();
      pair.server.stream->write(byte_buffer(32 << 20));
    });
    CHECK_FALSE(peer.receive().empty());
    peer.reset();
  }
  REQUIRE(pair.notes.wait([&] { return !pair.server.closed.empty(); }));
  CHECK(pair.notes.read(pair.server.closed)
        == std::vector{unavailable("{} reset the connection", who.to_string())});
  pair.on_server([&] {
    pair.server.stream->write(byte_buffer(10)); // has no effect any more
    pair.server.stream->resume_reading();
  });
  pair.settle();
  CHECK(pair.notes.read(pair.server.closed).size() == 1);
  CHECK(pair.notes.read(pair.server.drained) == 0);
}

TEST_CASE("what came before begin() is told after it, the end too") {
  stream_pair pair;
  std::unique_ptr<byte_stream> waiting;
  pair.accept_hook = [&](auto stream) { waiting = std::move(stream); };
  pair.listen();
  raw_socket peer;
  REQUIRE(peer.connect(pair.address));
  REQUIRE(peer.send("early"));
  peer.close();
  REQUIRE(pair.notes.wait([&] { return pair.accepted == 1; }));
  std::size_t within = 0;
  pair.on_server([&] {
    pair.server.take(std::move(waiting));
    within = pair.server.received.size() + pair.server.closed.size();
  });
  CHECK(within == 0);
  CHECK(pair.notes.wait([&] { return pair.server.closed == std::vector{status{}}; }));
  CHECK(pair.notes.read(pair.server.received) == "early");
}

TEST_CASE("a stream that nobody takes is closed") {
  stream_pair pair;
  pair.accept_hook = [](auto) {};
  pair.listen();
  REQUIRE(pair.meet());
  CHECK(pair.notes.wait([&] { return pair.client.closed == std::vector{status{}}; }));
}

TEST_CASE("a thousand connections come and go and leave nothing behind") {
  stream_pair pair;
  std::vector<std::unique_ptr<stream_end>> ends; // of the server's loop
  pair.accept_hook = [&](auto stream) {
    ends.push_back(std::make_unique<stream_end>(pair.notes));
    ends.back()->take(std::move(stream));
  };
  pair.listen({.max_connections = 50});
  const auto before = open_descriptors();
  for (int round = 0; round < 20; ++round) {
    std::vector<raw_socket> peers(60);
    for (auto& peer : peers)
      REQUIRE(peer.connect(pair.address));
    REQUIRE(pair.notes.wait([&] {
      return pair.accepted == 50 * (round + 1)
             && pair.refused.size() == 10 * (static_cast<std::size_t>(round) + 1);
    }));
    peers.clear();
    REQUIRE(pair.notes.wait([&] {
      return std::all_of(ends.begin(), ends.end(), [](const auto& end) { return !end->closed.empty(); });
    }));
  }
  pair.settle();
  CHECK(open_descriptors() == before); // although the streams still exist
  pair.on_server([&] { ends.clear(); });
}

TEST_CASE("a loop may end while everything on it is under way") {
  real_environment world;
  auto& net = world.get().network;
  raw_socket silent;
  const auto address = silent.listen(10);
  for (int i = 0; i < 20; ++i) {
    notebook notes;
    stream_end end{notes}; // outlives what is on the loop
    auto loop = net.open_loop("ending");
    std::unique_ptr<stream_listener> listener;
    std::unique_ptr<loop_timer> timer, connect, another;
    std::vector<std::unique_ptr<byte_stream>> streams;
    loop->run([&] {
      timer = loop->after(1h, [] {});
      auto opened = loop->listen(
        any_port, {}, [&](auto stream) { streams.push_back(std::move(stream)); }, nullptr);
      listener = std::move(*opened);
      connect = loop->connect(listener->local(), nullptr, 10s, [&](auto got) {
        end.take(std::move(*got));
        end.stream->write(byte_buffer(16 << 20));
        notes.change([&] { end.drained = -1; });
      });
      another = loop->connect(address, nullptr, 10s, [](auto&&) {});
    });
    CHECK(notes.wait([&] { return end.drained == -1; }));
    loop->run([&] {
      timer.reset();
      listener.reset();
      connect.reset();
      another.reset();
      streams.clear();
      end.stream.reset();
      loop->post([] {});
    });
    loop.reset();
  }
}
