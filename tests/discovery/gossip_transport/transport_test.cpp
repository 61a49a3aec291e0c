// Datagrams and streams between nodes of a simulated network.
#include "tests/discovery/gossip_transport/gossip_program.hpp"

using namespace troupe;

TEST_CASE("small and large payloads go both ways, on both channels") {
  for (const auto* keys : {"a", ""}) {
    gossipers w{with_keys(keys)};
    REQUIRE(w.at_a().transport);
    CHECK(w.at_a().transport->local() == w.where(w.a));
    std::size_t sent = 0;
    for (const std::size_t size :
         {std::size_t{0}, std::size_t{1}, std::size_t{1000}, max_gossip_payload - 1}) {
      w.at_a().send(gossip_channel::datagram, w.where(w.b), numbered(size), gossip_topic::registry);
      w.in.run_for(1s);
      REQUIRE(w.at_b().heard.size() == ++sent);
      CHECK(w.at_b().heard.back().text == numbered(size));
      CHECK(w.at_b().heard.back().topic == gossip_topic::registry);
      CHECK(w.at_b().heard.back().channel == gossip_channel::datagram);
      CHECK(w.at_b().heard.back().from == w.where(w.a));
    }
    for (const std::size_t size :
         {std::size_t{0}, std::size_t{1}, std::size_t{70'000}, std::size_t{8u << 20}}) {
      w.at_b().send(gossip_channel::stream, w.where(w.a), numbered(size));
      w.at_a().send(gossip_channel::stream, w.where(w.b), numbered(size, 3));
      w.in.run_for(1s);
      REQUIRE(w.at_b().heard.size() == ++sent);
      CHECK(w.at_b().heard.back().text == numbered(size, 3));
      CHECK(w.at_b().heard.back().channel == gossip_channel::stream);
      CHECK(w.at_b().heard.back().from == w.where(w.a));
      CHECK(w.at_a().heard.back().text == numbered(size));
      CHECK(w.at_a().heard.back().from == w.where(w.b));
    }
    CHECK(w.at_a().failed.empty());
    CHECK(w.at_b().failed.empty());
    CHECK(w.at_a().counts().messages_sent == 4);
    CHECK(w.at_a().counts().messages_received == 4);
    CHECK(w.at_a().counts().queued_bytes == 0);
  }
}

TEST_CASE("an answer goes by the stream on which it was asked, and the stream is kept") {
  gossipers w;
  w.at_b().on_heard = [&](const heard_gossip& what) {
    w.at_b().transport->send(what.topic, what.channel, what.from, bytes_of("answer to " + what.text));
  };
  for (int i = 0; i < 10; ++i) {
    w.at_a().send(gossip_channel::stream, w.where(w.b), std::to_string(i));
    w.in.run_for(1s);
    REQUIRE(w.at_a().heard.size() == static_cast<std::size_t>(i) + 1);
    CHECK(w.at_a().heard.back().text == "answer to " + std::to_string(i));
  }
  CHECK(w.at_a().counts().streams_opened == 1);
  CHECK(w.at_a().counts().streams_accepted == 0);
  CHECK(w.at_b().counts().streams_opened == 0);
  CHECK(w.at_b().counts().streams_accepted == 1);
  SECTION("until it has been idle for long, and nothing is refused for that") {
    w.in.run_for(14s);
    CHECK(w.at_a().counts().streams == 1);
    w.in.run_for(2s);
    CHECK(w.at_a().counts().streams == 0);
    CHECK(w.at_b().counts().streams == 0);
    CHECK(w.at_a().counts().streams_refused == 0);
    CHECK(w.at_b().counts().streams_refused == 0);
    w.at_b().send(gossip_channel::stream, w.where(w.a), "again");
    w.in.run_for(1s);
    CHECK(w.at_a().heard.back().text == "again");
  }
}

TEST_CASE("streams work where datagrams are lost") {
  gossipers w;
  w.in.links().add({}, {.loss = 0.3});
  const auto text = numbered(300'000);
  for (int i = 0; i < 20; ++i)
    w.at_a().send(gossip_channel::stream, w.where(w.b), text);
  w.in.run_for(1min);
  CHECK(w.at_b().heard.size() == 20);
  CHECK(w.at_b().heard.back().text == text);
  CHECK(w.at_a().failed.empty());
}

TEST_CASE("what cannot be sent is told, but never from within send()") {
  gossipers w;
  auto& a = w.at_a();
  bool within = false;
  a.on_failed = [&](const failed_gossip&) { CHECK_FALSE(within); };
  const auto fails = [&](gossip_channel channel, const endpoint& to, std::size_t size, duration wait = 10ms) {
    a.failed.clear();
    a.loop->run([&] {
      within = true;
      a.transport->send(gossip_topic::registry, channel, to, std::vector<std::byte>(size));
      within = false;
    });
    w.in.run_for(wait);
    REQUIRE(a.failed.size() == 1);
    CHECK(a.failed[0].topic == gossip_topic::registry);
    CHECK(a.failed[0].channel == channel);
    CHECK(a.failed[0].to == to);
    return a.failed[0].why.code();
  };
  const endpoint nobody{ip_address::v4(10, 9, 9, 9), 1};
  CHECK(fails(gossip_channel::datagram, w.where(w.b), max_gossip_payload) == status_code::invalid_argument);
  CHECK(fails(gossip_channel::stream, w.where(w.b), (8u << 20) + 1) == status_code::invalid_argument);
  CHECK(fails(gossip_channel::stream, {w.b.address(), 0}, 1) == status_code::invalid_argument);
  CHECK(fails(gossip_channel::stream, {ip_address::any_v4(), 1}, 1) == status_code::invalid_argument);
  CHECK(fails(gossip_channel::stream, {w.b.address(), 9}, 1, 1s) == status_code::unavailable);
  CHECK(fails(gossip_channel::stream, nobody, 1, 3s) == status_code::unavailable);
  CHECK(a.counts().streams == 0);
  CHECK(a.counts().queued_bytes == 0);
  CHECK(a.counts().messages_failed == 5);
  CHECK(a.counts().datagrams_failed == 1);
}
