// Many of them, slow ones, and those who send without end.
#include "tests/discovery/gossip_transport/stranger.hpp"

using namespace troupe;

TEST_CASE("a stranger who says little by little that he is nobody gets two seconds") {
  with_stranger w;
  w.who().connect(w.where(w.b));
  w.in.run_for(10ms);
  const auto began = w.in.now();
  while (!w.who().closed() && w.in.now() - began < 10s) {
    if (w.in.now() - began < 100ms)
      w.who().write({std::byte{85}, std::byte{0}, std::byte{0}, std::byte{0}});
    else
      w.who().write({std::byte{1}});
    w.in.run_for(100ms);
  }
  CHECK(w.in.now() - began >= 1900ms);
  CHECK(w.in.now() - began <= 2200ms);
  CHECK(w.at_b().counts().streams_refused == 1);
  CHECK(w.still_works());
}

TEST_CASE(
  "a member who does not end his message gets ten seconds, from its beginning, whatever else he sends") {
  with_stranger w;
  auto sealer = w.who().sealer();
  w.greet(sealer);
  const auto some = bytes_of("some");
  std::uint64_t index = 0;
  const auto began = w.in.now();
  SECTION("in pieces") {
    while (!w.who().closed() && w.in.now() - began < 30s) {
      w.who().say(sealer, piece(index, some, false, 1, 0), piece(index + 1, some, true, 2, 1));
      index += 2;
      w.in.run_for(500ms);
    }
  }
  SECTION("in a frame") {
    byte_buffer plain;
    encode(piece(0, byte_buffer(200)), plain);
    byte_buffer record;
    append_record(w.who().seal(sealer, plain), record);
    for (std::size_t at = 0; !w.who().closed() && at < record.size() - 1; ++at) {
      w.who().write({record[at]});
      w.in.run_for(500ms);
    }
  }
  CHECK(w.in.now() - began >= 9500ms);
  CHECK(w.in.now() - began <= 10'600ms);
  CHECK(w.at_b().counts().streams_refused == 1);
  CHECK(w.still_works());
}

TEST_CASE("a peer who does not read what he is sent is given up, and what was for him has failed") {
  with_stranger w{with_keys(), {.stream_buffer = 10'000}};
  auto sealer = w.who().sealer();
  w.greet(sealer);
  w.who().streams[0]->stream->pause_reading();
  w.at_b().send(gossip_channel::stream, w.where(w.c), numbered(100'000));
  w.at_b().send(gossip_channel::stream, w.where(w.c), "behind it");
  CHECK(w.at_b().counts().streams_opened == 0); // by the stream that he has opened
  CHECK(w.at_b().counts().queued_bytes > 100'000);
  w.in.run_for(9s);
  CHECK(w.at_b().failed.empty());
  w.in.run_for(2s);
  CHECK(w.at_b().failed.size() == 2);
  CHECK(w.at_b().counts().queued_bytes == 0);
  CHECK(w.at_b().counts().streams == 0);
}

TEST_CASE("what waits for one stream is bounded") {
  auto how = with_keys();
  how.max_message_bytes = 100'000;
  how.max_queued_bytes = 250'000;
  gossipers w{how};
  for (int i = 0; i < 5; ++i)
    w.at_a().send(gossip_channel::stream, w.where(w.b), numbered(100'000));
  w.in.run_for(1s);
  CHECK(w.at_b().heard.size() == 2);
  REQUIRE(w.at_a().failed.size() == 3);
  CHECK(w.at_a().failed[0].why.code() == status_code::resource_exhausted);
}

TEST_CASE("a thousand strangers' connections keep no member out") {
  auto how = with_keys();
  how.max_streams = 32;
  with_stranger w{how};
  std::size_t most = 0;
  for (int i = 0; i < 1000; ++i) {
    w.who().connect(w.where(w.b));
    w.in.run_for(1ms);
    most = std::max(most, w.at_b().counts().streams);
    if (i % 100 == 50) {
      w.at_a().send(gossip_channel::stream, w.where(w.b), std::to_string(i));
      w.in.run_for(5ms);
      CHECK(w.at_b().heard.back().text == std::to_string(i));
      if (i % 200 == 50) {
        w.at_b().send(gossip_channel::stream, w.where(w.a), "answer");
        w.in.run_for(5ms);
        CHECK(w.at_a().heard.size() == static_cast<std::size_t>(i / 200 + 1));
      }
    }
  }
  CHECK(most == 32);
  CHECK(w.at_b().counts().streams_refused >= 960);
  CHECK(w.at_a().failed.empty());
  CHECK(w.at_a().counts().streams_opened == 1);
  CHECK(w.at_b().lines.size() < 10);
  CHECK(w.still_works());
  w.in.run_for(1min);
  CHECK(w.at_b().counts().streams == 0);
}

TEST_CASE("when all streams are members', the one that was idle for longest makes room") {
  auto how = with_keys();
  how.max_streams = 3;
  world in;
  std::vector<simulated_node*> nodes;
  for (int i = 0; i < 6; ++i)
    nodes.push_back(&in.add_node("n" + std::to_string(i), gossip_program::make(how)));
  for (auto* each : nodes)
    in.boot(*each);
  const auto of = [&](int i) -> gossip_program& {
    return static_cast<gossip_program&>(*nodes.at(static_cast<std::size_t>(i))->program());
  };
  for (int i = 1; i < 6; ++i) {
    of(0).send(gossip_channel::stream, of(i).transport->local(), "to");
    in.run_for(1s);
    CHECK(of(i).heard.size() == 1);
  }
  CHECK(of(0).counts().streams == 2); // one was told to leave when the last one came
  CHECK(of(0).failed.empty());
  CHECK(of(1).counts().streams == 0);
  CHECK(of(5).counts().streams == 1);
  for (int i = 1; i < 6; ++i) {
    of(i).send(gossip_channel::stream, of(0).transport->local(), "back");
    in.run_for(1s);
  }
  CHECK(of(0).heard.size() == 5);
  for (int i = 1; i < 6; ++i)
    CHECK(of(i).failed.empty());
}

TEST_CASE("100,000 datagrams from one address do not let memory grow") {
  auto how = with_keys();
  how.max_waiting_datagrams = 500;
  with_stranger w{how};
  auto sealer = w.who().sealer();
  const auto copy = w.who().seal(sealer, "\x01hello");
  const auto nonsense = bytes_of(numbered(200));
  SECTION("they come and are handled") {
    for (int i = 0; i < 100'000; ++i) {
      REQUIRE(w.who().socket->send(w.where(w.b), i % 2 == 0 ? copy : nonsense).ok());
      if (i % 100 == 0) w.in.run_for(1ms);
    }
    w.in.run_for(1s);
    CHECK(w.at_b().heard.size() == 1);
    const auto counts = w.at_b().counts();
    CHECK(counts.drops.senders == 1);
    CHECK(counts.drops.dropped_for(gossip_drop::replayed) > 10'000);
    CHECK(w.at_b().lines.size() < 10);
  }
  SECTION("each is of another sender, and genuine") {
    for (int i = 0; i < 1000; ++i) {
      auto another = w.who().sealer();
      REQUIRE(w.who().socket->send(w.where(w.b), w.who().seal(another, "\x01hello")).ok());
      if (i % 100 == 0) w.in.run_for(1ms);
    }
    w.in.run_for(1s);
    CHECK(w.at_b().heard.size() == 1000);
  }
  w.in.run_for(1s);
  CHECK(w.still_works());
}

TEST_CASE("datagrams that come faster than they are handled are lost, the newest first") {
  with_stranger w;
  auto how = with_keys();
  how.max_waiting_datagrams = 200;
  how.max_waiting_datagram_bytes = 64 * 1024;
  caught_node busy{w.who(), how};
  auto sealer = w.who().sealer();
  const auto come = [&](int count, std::size_t size) {
    for (int i = 0; i < count; ++i)
      busy.net.handler(w.where(w.a), w.who().seal(sealer, "\x01" + numbered(size, static_cast<unsigned>(i))));
    w.in.run_for(1ms);
  };
  come(1000, 10); // nothing of the loop runs between them
  REQUIRE(busy.heard.size() == 200);
  for (unsigned i = 0; i < 200; ++i)
    CHECK(busy.heard[i] == numbered(10, i));
  CHECK(busy.transport->counters().datagrams_overrun == 800);
  come(100, 10'000);
  CHECK(busy.heard.size() == 206);
  CHECK(busy.transport->counters().datagrams_overrun == 894);
  come(200, 10); // and there is room again
  CHECK(busy.heard.size() == 406);
  CHECK(busy.transport->counters().datagrams_received == 406);
}

TEST_CASE("hundreds that come to one node at once are all answered, or know that they were not") {
  auto how = with_keys();
  how.max_streams = 40;
  world in;
  auto& busy = in.add_node("busy", gossip_program::make(how));
  std::vector<simulated_node*> others;
  for (int i = 0; i < 300; ++i)
    others.push_back(&in.add_node("n" + std::to_string(i), gossip_program::make(how)));
  in.boot(busy);
  auto& at_busy = static_cast<gossip_program&>(*busy.program());
  at_busy.on_heard = [&](const heard_gossip& what) {
    at_busy.transport->send(what.topic, what.channel, what.from, bytes_of(numbered(100'000)));
  };
  const auto where = at_busy.transport->local();
  for (auto* each : others) {
    in.boot(*each);
    auto& program = static_cast<gossip_program&>(*each->program());
    // As a member does: again, some time later.
    program.on_failed = [&](const failed_gossip&) {
      program.failed.clear();
      const auto wait = std::chrono::milliseconds{program.around.random.split("wait").below(1000)};
      in.after(wait, [&] { program.send(gossip_channel::stream, where, numbered(50'000)); });
    };
    program.send(gossip_channel::stream, where, numbered(50'000));
  }
  in.run_for(30s);
  std::size_t answered = 0;
  for (auto* each : others)
    answered += static_cast<gossip_program&>(*each->program()).heard.size() == 1;
  CHECK(answered == 300);
  CHECK(at_busy.heard.size() == 300);
}
