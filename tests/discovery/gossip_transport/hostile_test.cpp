// What is not genuine, or genuine and out of place: dropped, counted, and the node lives.
#include "tests/discovery/gossip_transport/stranger.hpp"

using namespace troupe;

TEST_CASE("nodes with another key, another cluster, or none: neither channel works, and the sender knows of "
          "streams") {
  auto other_cluster = with_keys();
  other_cluster.cluster = "bakery";
  const std::vector<std::pair<gossip_transport_options, gossip_drop>> all{
    {with_keys("b"), gossip_drop::unknown_key},
    {other_cluster, gossip_drop::other_cluster},
    {with_keys(""), gossip_drop::unexpected_plain}};
  for (const auto& [how, why] : all) {
    gossipers w{how, with_keys()};
    INFO(to_string(why));
    w.at_a().send(gossip_channel::datagram, w.where(w.b), "hello");
    w.at_a().send(gossip_channel::stream, w.where(w.b), "hello");
    w.in.run_for(1s);
    CHECK(w.at_b().heard.empty());
    CHECK(w.at_b().counts().drops.dropped_for(why) == 2);
    CHECK(w.at_b().counts().streams_refused == 1);
    CHECK(w.at_b().counts().streams == 0);
    REQUIRE(w.at_a().failed.size() == 1);
    CHECK(w.at_a().failed[0].channel == gossip_channel::stream);
    CHECK(w.at_a().failed[0].why.code() == status_code::unavailable);
    CHECK(w.at_a().counts().streams == 0);
  }
}

TEST_CASE("a datagram that is replayed, forged or cut off anywhere is dropped and counted") {
  with_stranger w;
  // What a sends passes through the stranger's hands.
  w.at_a().send(gossip_channel::datagram, w.where(w.c), "genuine");
  w.in.run_for(1s);
  REQUIRE(w.who().datagrams.size() == 1);
  const auto genuine = w.who().datagrams[0];
  const auto send = [&](std::span<const std::byte> what) {
    REQUIRE(w.who().socket->send(w.where(w.b), what).ok());
    w.in.run_for(1ms);
  };
  for (std::size_t size = 0; size < genuine.size(); ++size)
    send(std::span{genuine}.first(size));
  CHECK(w.at_b().heard.empty());
  CHECK(w.dropped(gossip_drop::truncated) + w.dropped(gossip_drop::forged) == genuine.size());
  for (std::size_t at = 0; at < genuine.size(); ++at) {
    auto forged = genuine;
    forged[at] ^= std::byte{0x10};
    send(forged);
  }
  CHECK(w.at_b().heard.empty());
  CHECK(w.dropped(gossip_drop::forged) > 16);
  send(genuine);
  REQUIRE(w.at_b().heard.size() == 1);
  CHECK(w.at_b().heard[0].text == "genuine");
  for (int i = 0; i < 10; ++i)
    send(genuine);
  CHECK(w.at_b().heard.size() == 1);
  CHECK(w.dropped(gossip_drop::replayed) == 10);
  // What became of them is told, but not line by line.
  CHECK(w.at_b().lines.size() >= 2);
  CHECK(w.at_b().lines.size() < 10);
  CHECK(w.still_works());
}

TEST_CASE("datagrams of unknown topics are counted and dropped") {
  with_stranger w;
  auto sealer = w.who().sealer();
  for (int topic = 0; topic < 256; ++topic) {
    const byte_buffer plain{static_cast<std::byte>(topic), std::byte{1}};
    REQUIRE(w.who().socket->send(w.where(w.b), w.who().seal(sealer, plain)).ok());
  }
  w.in.run_for(1s);
  CHECK(w.at_b().heard.size() == 2);
  CHECK(w.at_b().counts().unknown_topics == 254);
  CHECK(w.still_works());
}

TEST_CASE("a frame of a stream is no datagram, and a datagram no frame") {
  with_stranger w;
  w.who().listen();
  w.at_a().send(gossip_channel::datagram, w.where(w.c), "x");
  w.at_a().send(gossip_channel::stream, w.where(w.c), "x");
  w.in.run_for(100ms);
  REQUIRE(w.who().streams.size() == 1);
  const auto& hello = w.who().streams[0]->received;
  REQUIRE(
    w.who().socket->send(w.where(w.b), std::as_bytes(std::span{hello}.subspan(gossip_record_prefix))).ok());
  w.who().connect(w.where(w.b));
  w.in.run_for(10ms);
  byte_buffer record;
  append_record(w.who().datagrams.at(0), record);
  w.who().write(record, 1);
  w.in.run_for(1s);
  CHECK(w.at_b().heard.empty());
  CHECK(w.at_b().counts().unknown_topics == 1);
  CHECK(w.who().closed(1));
  CHECK(w.at_b().counts().streams_refused == 1);
}

TEST_CASE("a stream that begins with anything but a genuine hello is ended at once") {
  with_stranger w;
  auto sealer = w.who().sealer();
  const auto hello = [&] {
    byte_buffer plain;
    encode(gossip_hello{7, w.where(w.c)}, plain);
    return w.who().seal(sealer, plain);
  };
  byte_buffer bytes;
  SECTION("text of another protocol") { bytes = bytes_of("GET / HTTP/1.1\r\n\r\n"); }
  SECTION("a frame that is too large for a stranger") { append_record(byte_buffer(1000), bytes); }
  SECTION("the length of a frame alone") { bytes = {std::byte{0}, std::byte{0}, std::byte{1}, std::byte{0}}; }
  SECTION("a forged hello") {
    auto forged = hello();
    forged.back() ^= std::byte{1};
    append_record(forged, bytes);
  }
  SECTION("a hello that somebody else's stream has begun with") {
    append_record(hello(), bytes);
    w.who().connect(w.where(w.b));
    w.in.run_for(10ms);
    w.who().write(bytes);
    w.in.run_for(10ms);
    CHECK_FALSE(w.who().closed());
    CHECK(w.at_b().counts().streams_refused == 0);
    w.who().streams.clear();
    w.in.run_for(10ms);
  }
  SECTION("a genuine frame that is no hello") {
    byte_buffer plain;
    encode(piece(0, bytes_of("x")), plain);
    append_record(w.who().seal(sealer, plain), bytes);
  }
  SECTION("a genuine frame that is nothing") { append_record(w.who().seal(sealer, "\x90what?"), bytes); }
  w.who().connect(w.where(w.b));
  w.in.run_for(10ms);
  w.who().write(bytes);
  w.in.run_for(10ms);
  CHECK(w.who().closed());
  CHECK(w.who().streams[0]->received.empty());
  CHECK(w.at_b().heard.empty());
  CHECK(w.at_b().counts().streams_refused == 1);
  CHECK(w.at_b().counts().streams == 0);
  CHECK(w.still_works());
}

TEST_CASE("genuine frames out of place end the stream") {
  with_stranger w;
  auto sealer = w.who().sealer();
  auto another = w.who().sealer("a", "shop", "another");
  w.greet(sealer);
  const auto some = bytes_of("some");
  w.who().say(sealer, piece(0, some));
  w.in.run_for(10ms);
  REQUIRE(w.at_b().heard.size() == 1);
  CHECK(w.at_b().heard[0].from == w.where(w.c));
  SECTION("left out") { w.who().say(sealer, piece(2, some)); }
  SECTION("twice") { w.who().say(sealer, piece(0, some)); }
  SECTION("of another stream") { w.who().say(sealer, piece(1, some, true, 1, 0, 8)); }
  SECTION("of another sender") { w.who().say(another, piece(1, some)); }
  SECTION("a second hello") { w.who().say(sealer, gossip_hello{7, w.where(w.c)}); }
  SECTION("two messages of one topic at a time") {
    w.who().say(sealer, piece(1, some, false, 1, 1), piece(2, some, true, 1, 2));
  }
  SECTION("a forged frame") {
    byte_buffer plain;
    encode(piece(1, some), plain);
    auto sealed = w.who().seal(sealer, plain);
    sealed[50] ^= std::byte{4};
    byte_buffer record;
    append_record(sealed, record);
    w.who().write(record);
  }
  w.in.run_for(10ms);
  CHECK(w.who().closed());
  CHECK(w.at_b().heard.size() == 1);
  CHECK(w.at_b().counts().streams_refused == 1);
  CHECK(w.still_works());
}

TEST_CASE("a message of an unknown topic on a stream is skipped, and the stream goes on") {
  with_stranger w;
  auto sealer = w.who().sealer();
  w.greet(sealer);
  const auto some = bytes_of("some");
  w.who().say(sealer, piece(0, some, false, 9, 1), piece(1, some, true, 9, 1), piece(2, some, true, 2, 2));
  w.in.run_for(10ms);
  REQUIRE(w.at_b().heard.size() == 1);
  CHECK(w.at_b().heard[0].topic == gossip_topic::registry);
  CHECK(w.at_b().counts().unknown_topics == 1);
  CHECK_FALSE(w.who().closed());
}

TEST_CASE("a message beyond the limit ends the stream, and so do too many that are unfinished") {
  auto how = with_keys();
  how.max_message_bytes = 100'000;
  how.max_unfinished_bytes = 150'000;
  with_stranger w{how};
  auto sealer = w.who().sealer();
  w.greet(sealer);
  const byte_buffer part(60'000);
  SECTION("one message") { w.who().say(sealer, piece(0, part, false), piece(1, part, false)); }
  SECTION("several") {
    w.who().say(sealer, piece(0, part, false, 1, 1), piece(1, part, false, 2, 2),
                piece(2, std::span{part}.first(35'000), false, 1, 1));
  }
  w.in.run_for(1s);
  CHECK(w.who().closed());
  CHECK(w.at_b().heard.empty());
  CHECK(w.at_b().counts().streams_refused == 1);
  CHECK(w.still_works());
}

TEST_CASE("a node that is its own seed hears nothing of itself") {
  gossipers w;
  w.at_a().send(gossip_channel::datagram, w.where(w.a), "me");
  w.at_a().send(gossip_channel::stream, w.where(w.a), "me");
  w.in.run_for(1s);
  CHECK(w.at_a().heard.empty());
  CHECK(w.at_a().counts().drops.dropped_for(gossip_drop::reflected) == 2);
  CHECK(w.at_a().failed.size() == 1);
  CHECK(w.at_a().counts().streams == 0);
  CHECK(w.at_a().lines.empty());
}

TEST_CASE("plain gossip stays on loopback, in both directions") {
  gossip_transport_options plain;
  plain.listen = {ip_address::any_v4(), gossip_port};
  world w;
  auto& a = w.add_node("a", gossip_program::make(plain));
  w.boot(a);
  auto& refused = static_cast<gossip_program&>(*a.program());
  CHECK(refused.refused.code() == status_code::failed_precondition);
  plain.cluster = "shop";
  plain.node = "a";
  plain.listen = {ip_address::loopback(), gossip_port};
  refused.loop->run([&] { refused.open(plain); });
  REQUIRE(refused.transport);
  refused.send(gossip_channel::datagram, {ip_address::v4(10, 0, 0, 2), gossip_port}, "x");
  refused.send(gossip_channel::stream, {ip_address::v4(10, 0, 0, 2), gossip_port}, "x");
  w.run_for(1s);
  REQUIRE(refused.failed.size() == 2);
  CHECK(refused.failed[0].why.code() == status_code::failed_precondition);
  CHECK(refused.failed[1].why.code() == status_code::failed_precondition);
}

TEST_CASE("the numbers are shown to Prometheus") {
  with_stranger w;
  REQUIRE(w.still_works());
  REQUIRE(w.who().socket->send(w.where(w.b), bytes_of("nonsense")).ok());
  w.in.run_for(1s);
  const auto text = w.at_b().numbers.render();
  for (const auto* line : {R"(troupe_gossip_datagrams_total{outcome="received"} 1)",
                           R"(troupe_gossip_messages_total{outcome="received"} 1)",
                           R"(troupe_gossip_streams_total{outcome="accepted"} 1)",
                           R"(troupe_gossip_dropped_total{channel="datagram",reason="version"} 1)",
                           "troupe_gossip_streams 1", "troupe_gossip_queued_bytes 0"})
    CHECK_THAT(text, Catch::Matchers::Contains(line));
}
