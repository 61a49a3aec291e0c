// Nodes that restart, have wrong clocks, change their keys, finish and go away in the midst of traffic.
#include "tests/discovery/gossip_transport/stranger.hpp"

using namespace troupe;

TEST_CASE("where datagrams are blocked streams work") {
  with_stranger w;
  caught_node blocked{w.who(), with_keys()};
  w.at_a().send(gossip_channel::datagram, blocked.where, "lost");
  w.at_a().send(gossip_channel::stream, blocked.where, "probe");
  w.in.run_for(1s);
  CHECK(blocked.heard == std::vector<std::string>{"probe"});
  CHECK(blocked.transport->counters().datagrams_received == 0);
}

TEST_CASE("a node whose clock is a day behind, or ahead, is told the time and is understood") {
  for (const auto by : {-24h, 24h}) {
    world in;
    auto& a = in.add_node("a", gossip_program::make(with_keys()));
    auto& b = in.add_node("b", gossip_program::make(with_keys()));
    in.jump_clock(a, by);
    in.boot(a);
    in.boot(b);
    auto& at_a = static_cast<gossip_program&>(*a.program());
    auto& at_b = static_cast<gossip_program&>(*b.program());
    auto& behind = by < 0h ? at_a : at_b;
    auto& other = by < 0h ? at_b : at_a;
    SECTION(by < 0h ? "behind, by stream" : "ahead, by stream") {
      behind.send(gossip_channel::stream, other.transport->local(), "first");
      in.run_for(100ms);
      REQUIRE(other.heard.size() == 1); // not even the first message is lost
      CHECK(other.counts().drops.dropped_for(gossip_drop::stale) == 1);
      other.send(gossip_channel::stream, behind.transport->local(), "answer");
      in.run_for(100ms);
      CHECK(behind.heard.size() == 1);
      CHECK(other.counts().streams_refused + behind.counts().streams_refused == 0);
    }
    SECTION(by < 0h ? "behind, by datagram" : "ahead, by datagram") {
      behind.send(gossip_channel::datagram, other.transport->local(), "first");
      in.run_for(100ms);
      CHECK(other.heard.empty());
      behind.send(gossip_channel::datagram, other.transport->local(), "second");
      in.run_for(100ms);
      REQUIRE(other.heard.size() == 1);
      CHECK(other.heard[0].text == "second");
    }
  }
}

TEST_CASE("who was restarted is reached again, and is not taken for who he was") {
  gossipers w;
  w.at_a().send(gossip_channel::stream, w.where(w.b), "before");
  w.in.run_for(1s);
  REQUIRE(w.at_b().heard.size() == 1);
  SECTION("its process was killed: the stream has ended") {
    w.in.kill(w.b);
    w.in.run_for(1s);
    w.in.boot(w.b);
    w.in.run_for(1s);
    CHECK(w.at_a().counts().streams == 0);
  }
  SECTION("it lost its power: it comes by a stream of its own, and the old one goes") {
    w.in.crash(w.b);
    w.in.boot(w.b);
    w.in.run_for(1s);
    CHECK(w.at_a().counts().streams == 1);
    w.at_b().send(gossip_channel::stream, w.where(w.a), "here I am");
    w.in.run_for(1s);
    CHECK(w.at_a().heard.back().text == "here I am");
    CHECK(w.at_a().counts().streams == 1);
  }
  w.at_a().send(gossip_channel::stream, w.where(w.b), "after");
  w.in.run_for(1s);
  REQUIRE(w.at_b().heard.size() == 1);
  CHECK(w.at_b().heard[0].text == "after");
  CHECK(w.at_a().failed.empty());
}

TEST_CASE("a stream that breaks fails what was not handed over") {
  gossipers w{with_keys(), {.stream_buffer = 100'000}};
  w.at_a().send(gossip_channel::stream, w.where(w.b), "first");
  w.in.run_for(1s);
  w.in.links().partition({0}, {1});
  for (int i = 0; i < 3; ++i)
    w.at_a().send(gossip_channel::stream, w.where(w.b), numbered(300'000), gossip_topic::registry);
  w.in.run_for(1s);
  CHECK(w.at_a().failed.empty());
  w.in.run_for(10s);
  REQUIRE(w.at_a().failed.size() == 3);
  for (const auto& each : w.at_a().failed) {
    CHECK(each.topic == gossip_topic::registry);
    CHECK(each.to == w.where(w.b));
    CHECK(each.why.code() == status_code::unavailable);
  }
  CHECK(w.at_a().counts().streams == 0);
  w.in.links().clear();
  w.in.run_for(1s);
  w.at_a().send(gossip_channel::stream, w.where(w.b), "again");
  w.in.run_for(1s);
  CHECK(w.at_b().heard.back().text == "again");
  CHECK(w.at_a().failed.size() == 3);
}

TEST_CASE("two that dial each other at once both get through, and one of the streams goes when it is idle") {
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    gossipers w{with_keys(), {.seed = seed}};
    w.at_a().send(gossip_channel::stream, w.where(w.b), "from a");
    w.at_b().send(gossip_channel::stream, w.where(w.a), "from b");
    w.in.run_for(100ms);
    CHECK(w.at_a().heard.size() == 1);
    CHECK(w.at_b().heard.size() == 1);
    for (std::size_t i = 0; i < 40; ++i) {
      w.at_a().send(gossip_channel::stream, w.where(w.b), "from a");
      w.at_b().send(gossip_channel::stream, w.where(w.a), "from b");
      w.in.run_for(1s);
    }
    CHECK(w.at_a().heard.size() == 41);
    CHECK(w.at_b().heard.size() == 41);
    CHECK(w.at_a().counts().streams == 1);
    CHECK(w.at_b().counts().streams == 1);
    CHECK(w.at_a().counts().streams_opened + w.at_b().counts().streams_opened == 2);
    CHECK(w.at_a().failed.empty());
    CHECK(w.at_b().failed.empty());
  }
}

TEST_CASE("streams that idle and are used again at any moment lose nothing") {
  auto how = with_keys();
  how.idle_timeout = 20ms;
  for (std::uint64_t seed = 1; seed <= 5; ++seed) {
    gossipers w{how, {.seed = seed}};
    auto chance = w.in.split("sends");
    std::size_t to_a = 0;
    std::size_t to_b = 0;
    for (int i = 0; i < 500; ++i) {
      // Around the time-out, when one side says goodbye.
      w.in.run_for(std::chrono::microseconds{chance.between(19'500, 20'900)});
      if (chance.chance(0.5))
        w.at_a().send(gossip_channel::stream, w.where(w.b), std::to_string(to_b++));
      else
        w.at_b().send(gossip_channel::stream, w.where(w.a), std::to_string(to_a++));
    }
    w.in.run_for(1s);
    CHECK(w.at_a().heard.size() == to_a);
    CHECK(w.at_b().heard.size() == to_b);
    CHECK(w.at_a().failed.empty());
    CHECK(w.at_b().failed.empty());
    CHECK(w.at_a().counts().streams_opened + w.at_b().counts().streams_opened > 100);
    CHECK(w.at_a().counts().streams_refused + w.at_b().counts().streams_refused == 0);
    CHECK(w.at_a().counts().streams + w.at_b().counts().streams == 0);
  }
}

TEST_CASE("what waits for a peer who says goodbye is sent before the stream is closed") {
  with_stranger w{with_keys(), {.stream_buffer = 10'000}};
  auto sealer = w.who().sealer();
  w.greet(sealer);
  auto& stream = *w.who().streams[0];
  stream.stream->pause_reading();
  const auto greeting = stream.received.size();
  w.at_b().send(gossip_channel::stream, w.where(w.c), numbered(300'000));
  w.at_b().send(gossip_channel::stream, w.where(w.c), numbered(100'000), gossip_topic::registry);
  w.in.run_for(100ms);
  w.who().say(sealer, gossip_goodbye{7, 0});
  w.in.run_for(100ms);
  CHECK(w.at_b().counts().streams == 1);
  stream.stream->resume_reading();
  w.in.run_for(1s);
  REQUIRE(w.who().closed());
  CHECK(stream.closed->ok());
  CHECK(stream.received.size() > greeting + 400'000);
  CHECK(w.at_b().failed.empty());
  CHECK(w.at_b().counts().messages_sent == 2);
  CHECK(w.at_b().counts().streams == 0);
  CHECK(w.at_b().counts().streams_refused == 0);
}

TEST_CASE("the keys change under traffic, and no message is lost") {
  gossipers w{with_keys("a")};
  std::size_t sent = 0;
  const auto traffic = [&](duration span) {
    for (duration passed{}; passed < span; passed += 10ms) {
      for (auto channel : {gossip_channel::datagram, gossip_channel::stream}) {
        w.at_a().send(channel, w.where(w.b), numbered(1000));
        w.at_b().send(channel, w.where(w.a), numbered(100'000 * (channel == gossip_channel::stream)));
        ++sent;
      }
      w.in.run_for(10ms);
    }
  };
  const auto change = [&](gossip_program& of, std::string_view keys) {
    of.loop->run([&] { CHECK(of.transport->change_keys(ring_of(keys)).ok()); });
    REQUIRE(of.transport->keys().size() == keys.size());
    for (const auto& each : of.transport->keys())
      CHECK(each.primary == (each.fingerprint == key_of(keys[0]).fingerprint()));
  };
  traffic(100ms);
  for (const auto* keys : {"ab", "ba", "b"}) {
    change(w.at_a(), keys);
    traffic(100ms);
    change(w.at_b(), keys);
    traffic(100ms);
  }
  w.in.run_for(1s);
  CHECK(w.at_a().heard.size() == sent);
  CHECK(w.at_b().heard.size() == sent);
  CHECK(w.at_a().counts().streams_opened + w.at_b().counts().streams_opened <= 2);
  CHECK(w.at_a().counts().drops.dropped == decltype(gossip_counters::dropped){});
}

TEST_CASE("a ring is replaced in one step, with all keys that one can have") {
  gossipers w{with_keys("abcdefgh")};
  const auto change = [&](std::string_view keys) {
    status out;
    w.at_a().loop->run([&] { out = w.at_a().transport->change_keys(ring_of(keys)); });
    return out;
  };
  CHECK(change("ijklmnop").ok());
  CHECK(w.at_a().transport->keys().size() == 8);
  CHECK(change("abcdefgh").ok());
  CHECK(change("a").ok());
  CHECK(w.at_a().transport->keys() == ring_of("a").list());
  gossipers plain{with_keys("")};
  status refused;
  plain.at_a().loop->run([&] { refused = plain.at_a().transport->change_keys(ring_of("a")); });
  CHECK(refused.code() == status_code::failed_precondition);
  CHECK(plain.at_a().transport->keys().empty());
}

TEST_CASE("an answer finds who is reached elsewhere than where he listens") {
  gossipers w;
  w.at_a().loop->run([&] { w.at_a().transport->advertise({ip_address::v4(192, 0, 2, 1), 99}); });
  w.at_a().send(gossip_channel::stream, w.where(w.b), "question");
  w.in.run_for(100ms);
  REQUIRE(w.at_b().heard.size() == 1);
  CHECK(w.at_b().heard[0].from == endpoint{ip_address::v4(192, 0, 2, 1), 99});
  w.at_b().send(gossip_channel::stream, w.at_b().heard[0].from, "answer");
  w.in.run_for(100ms);
  CHECK(w.at_a().heard.size() == 1);
  CHECK(w.at_b().counts().streams_opened == 0);
}

TEST_CASE("who listens at all addresses is answered at the one that he came from") {
  auto how = with_keys();
  how.listen = {ip_address::any_v4(), gossip_port};
  gossipers w{how};
  CHECK(w.at_a().transport->local() == how.listen);
  w.at_a().send(gossip_channel::stream, w.where(w.b), "question");
  w.in.run_for(100ms);
  REQUIRE(w.at_b().heard.size() == 1);
  CHECK(w.at_b().heard[0].from == w.where(w.a));
}

TEST_CASE("finish() sends what waits, tells what it could not, and lets nothing in") {
  gossipers w;
  auto& a = w.at_a();
  int done = 0;
  const auto finish = [&](duration patience) {
    a.loop->run([&] { a.transport->finish(patience, [&] { ++done; }); });
    CHECK(done == 0);
  };
  SECTION("nothing waits") {
    finish(1h);
    w.in.run_for(1ms);
    CHECK(done == 1);
  }
  SECTION("much waits, on streams that are not open yet") {
    for (int i = 0; i < 5; ++i)
      a.send(gossip_channel::stream, w.where(w.b), numbered(1'000'000));
    finish(1h);
    w.at_b().send(gossip_channel::stream, w.where(w.a), "too late");
    w.at_b().send(gossip_channel::datagram, w.where(w.a), "too late");
    w.in.run_for(1s);
    CHECK(done == 1);
    CHECK(w.at_b().heard.size() == 5);
    CHECK(a.failed.empty());
    CHECK(a.heard.empty());
  }
  SECTION("on an open stream that is used in both directions") {
    w.at_b().send(gossip_channel::stream, w.where(w.a), "first");
    w.in.run_for(100ms);
    a.send(gossip_channel::stream, w.where(w.b), numbered(1'000'000));
    finish(1h);
    w.in.run_for(1s);
    CHECK(done == 1);
    CHECK(w.at_b().heard.size() == 1);
  }
  SECTION("there is no time for it") {
    a.send(gossip_channel::stream, {w.b.address(), 9}, "nobody");
    w.in.links().partition({0}, {1});
    a.send(gossip_channel::stream, w.where(w.b), "cut off");
    finish(500ms);
    w.in.run_for(499ms);
    CHECK(done == 0);
    w.in.run_for(2ms);
    CHECK(done == 1);
    CHECK(a.failed.size() == 2);
  }
  SECTION("strangers do not hold it up, and two calls wait for the same") {
    auto s = with_stranger{};
    s.who().connect(s.where(s.b));
    s.in.run_for(100ms);
    int twice = 0;
    s.at_b().loop->run([&] {
      s.at_b().transport->finish(1h, [&] { ++twice; });
      s.at_b().transport->finish(1h, [&] { ++twice; });
    });
    s.in.run_for(100ms);
    CHECK(twice == 2);
    CHECK(s.who().closed());
    s.at_b().loop->run([&] { s.at_b().transport->finish(1h, [&] { ++twice; }); });
    s.in.run_for(1ms);
    CHECK(twice == 3);
    return;
  }
  CHECK(a.counts().streams == 0);
  const auto failed = a.failed.size();
  a.send(gossip_channel::stream, w.where(w.b), "after the end");
  a.send(gossip_channel::datagram, w.where(w.b), "after the end");
  w.in.run_for(1ms);
  REQUIRE(a.failed.size() == failed + 2);
  CHECK(a.failed.back().why.code() == status_code::cancelled);
  CHECK(done == 1);
}

TEST_CASE("a transport is destroyed from within its handlers") {
  gossipers w;
  auto& b = w.at_b();
  bool destroyed = false;
  const auto destroy = [&] {
    b.transport.reset();
    destroyed = true;
  };
  SECTION("on a datagram, with more waiting") {
    b.on_heard = [&](const heard_gossip&) { destroy(); };
    for (int i = 0; i < 10; ++i)
      w.at_a().send(gossip_channel::datagram, w.where(w.b), "x");
  }
  SECTION("on a message, with more waiting, and something to send") {
    b.on_heard = [&](const heard_gossip& what) {
      b.transport->send(what.topic, what.channel, what.from, bytes_of("answer"));
      destroy();
    };
    for (int i = 0; i < 10; ++i)
      w.at_a().send(gossip_channel::stream, w.where(w.b), "x");
  }
  SECTION("on a failure, with more to tell") {
    b.on_failed = [&](const failed_gossip&) { destroy(); };
    for (int i = 0; i < 10; ++i)
      b.send(gossip_channel::stream, {w.b.address(), 0}, "x");
  }
  SECTION("at the end of finish()") {
    b.loop->run([&] {
      b.transport->finish(1s, destroy);
      b.transport->finish(1s, [] { FAIL("it is gone"); });
    });
  }
  SECTION("with failures to be told") {
    b.on_failed = [&](const failed_gossip&) { FAIL("it is gone"); };
    b.loop->run([&] {
      b.transport->send(gossip_topic::membership, gossip_channel::stream, {w.b.address(), 0}, {});
      destroy();
    });
  }
  w.in.run_for(1s);
  CHECK(destroyed);
  CHECK(b.heard.size() <= 1);
  CHECK(b.failed.size() <= 1);
}

TEST_CASE("transports go away and come back at any moment of any traffic") {
  for (std::uint64_t seed = 1; seed <= 60; ++seed) {
    auto how = with_keys();
    how.idle_timeout = 5ms;
    how.max_streams = 2;
    gossipers w{how, {.seed = seed, .stream_buffer = 50'000}};
    auto& c = w.in.add_node("c", gossip_program::make(how));
    w.in.boot(c);
    std::vector<simulated_node*> nodes{&w.a, &w.b, &c};
    auto chance = w.in.split("chaos");
    w.in.links().add({}, {.loss = 0.05, .reset = 0.01});
    for (int i = 0; i < 300; ++i) {
      auto& one = *nodes[chance.below(3)];
      auto& other = *nodes[chance.below(3)];
      auto& program = w.of(one);
      const auto what = chance.below(20);
      if (what == 0) {
        program.loop->run([&] { program.transport.reset(); });
        w.in.run_for(std::chrono::microseconds{chance.between(0, 1000)});
        auto again = how;
        again.cluster = "shop";
        again.node = one.name();
        again.listen = w.where(one);
        program.loop->run([&] { program.open(again); });
        REQUIRE(program.transport);
      } else if (what == 1) {
        w.in.kill(one);
        w.in.boot(one);
      } else if (what == 2) {
        w.in.crash(one);
        w.in.boot(one);
      } else {
        program.send(chance.chance(0.3) ? gossip_channel::datagram : gossip_channel::stream, w.where(other),
                     numbered(chance.below(chance.chance(0.2) ? 60'000 : 100)));
      }
      w.in.run_for(std::chrono::microseconds{chance.between(0, 2000)});
    }
    w.in.links().clear();
    w.in.run_for(1min);
    for (auto* each : nodes) {
      CHECK(w.of(*each).counts().streams == 0);
      CHECK(w.of(*each).counts().queued_bytes == 0);
    }
    w.at_a().send(gossip_channel::stream, w.where(w.b), "the end");
    w.in.run_for(1s);
    CHECK(w.at_b().heard.back().text == "the end");
  }
}

TEST_CASE("who is told a later time while he waits for a greeting gets another one") {
  world in;
  in.links().set_baseline({.latency = 50ms});
  auto& a = in.add_node("a", gossip_program::make(with_keys()));
  auto& b = in.add_node("b", gossip_program::make(with_keys()));
  auto& c = in.add_node("c", gossip_program::make(with_keys()));
  in.jump_clock(c, 1h);
  for (auto* each : {&a, &b, &c})
    in.boot(*each);
  auto& at_a = static_cast<gossip_program&>(*a.program());
  auto& at_b = static_cast<gossip_program&>(*b.program());
  auto& at_c = static_cast<gossip_program&>(*c.program());
  // The greeting of c comes when b has read that of a, and before that of b, which is an hour old by then.
  at_a.send(gossip_channel::stream, at_b.transport->local(), "first");
  at_c.send(gossip_channel::stream, at_a.transport->local(), "the time");
  const auto protocol_lines = [&] {
    std::size_t out = 0;
    for (const auto* each : {&at_a, &at_b})
      for (const auto& line : each->lines)
        out += line.find("before the hello") != std::string::npos
               || line.find("greeted in time") != std::string::npos;
    return out;
  };
  SECTION("before b has said anything else") {
    in.run_for(1s);
    REQUIRE(at_a.counts().drops.dropped_for(gossip_drop::stale) == 1);
    REQUIRE(at_b.heard.size() == 1);
    CHECK(at_b.heard[0].text == "first");
    CHECK(at_a.failed.empty());
    at_b.send(gossip_channel::stream, at_a.transport->local(), "answer");
    in.run_for(1s);
    CHECK(at_a.heard.back().text == "answer");
    CHECK(at_a.counts().streams_refused + at_b.counts().streams_refused == 0);
  }
  SECTION("when b has said more: both hear soon that it was lost, and the next word gets through") {
    in.run_for(160ms);
    at_b.send(gossip_channel::stream, at_a.transport->local(), "too early");
    in.run_for(1s);
    CHECK(at_a.failed.size() == 1);
    at_a.send(gossip_channel::stream, at_b.transport->local(), "second");
    in.run_for(1s);
    REQUIRE(at_b.heard.size() == 1);
    CHECK(at_b.heard[0].text == "second");
  }
  SECTION("when b says more just as it hears the time") {
    in.run_for(230ms);
    at_c.send(gossip_channel::datagram, at_b.transport->local(), "the time");
    at_c.send(gossip_channel::stream, at_b.transport->local(), "the time");
    at_b.send(gossip_channel::stream, at_a.transport->local(), "too early");
    in.run_for(2s);
    at_a.send(gossip_channel::stream, at_b.transport->local(), "second");
    in.run_for(1s);
    CHECK(at_b.heard.back().text == "second");
  }
  CHECK(protocol_lines() == 0);
}
