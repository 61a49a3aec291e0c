// Peers that break the protocol lose the connection, and are told why; they get no memory of ours.
#include "tests/runtime/link/session_pair.hpp"

#include <catch2/catch.hpp>

using namespace troupe;
using namespace troupe::testing;
using namespace std::chrono_literals;

namespace {

// A peer that says what a test wants, to a session that serves.
struct hostile_peer {
  explicit hostile_peer(link_limits limits = {}) : victim(true, "victim", limits, now) {
    auto ours = greeting_of("hostile");
    ours.max_message_bytes = 1u << 20;
    ours.request_window_bytes = ours.item_window_bytes = ours.stream_window_bytes = 1u << 20;
    ours.max_open_calls = 1000;
    const auto greeting = encode_greeting(ours);
    REQUIRE(victim.session.receive(greeting, victim.events, now).ok());
    victim.output();
    victim.events.take();
  }

  status say(const std::function<void(byte_buffer&)>& append) {
    byte_buffer bytes;
    append(bytes);
    return victim.session.receive(bytes, victim.events, now);
  }
  status say_request(std::uint64_t id, std::size_t size = 0) {
    return say([&](byte_buffer& to) { append_request(to, {.id = id}, true, size); });
  }
  status say_item(call_key call, std::size_t size = 0) {
    return say([&](byte_buffer& to) { append_item(to, call, nullptr, size); });
  }

  // Says it; the reason why that ended the connection, which the peer was told.
  std::string refused(const std::function<void(byte_buffer&)>& append) {
    const auto outcome = say(append);
    CHECK(outcome.code() == status_code::invalid_argument);
    CHECK_FALSE(victim.session.established());
    byte_buffer goodbye;
    append_goodbye(goodbye, outcome);
    const auto said = victim.output();
    CHECK(said.size() >= goodbye.size());
    if (said.size() >= goodbye.size())
      CHECK(
        std::equal(goodbye.begin(), goodbye.end(), said.end() - static_cast<std::ptrdiff_t>(goodbye.size())));
    // And it stays so.
    CHECK(say([](byte_buffer& to) { append_ping(to, 1); }) == outcome);
    CHECK_FALSE(victim.session.wants_to_send());
    return outcome.message();
  }

  monotonic_time now{1h};
  session_end victim;
};

// A frame of a kind that append_... does not know.
void append_raw(byte_buffer& to, int kind, std::string_view body) {
  append_ended(to, 0, bytes_of(body));
  const auto at = to.size() - body.size() - 6;
  to[at + 4] = static_cast<std::byte>(kind);
}

} // namespace

TEST_CASE("a stranger is refused and told so, whatever he sends") {
  const std::string impossible_versions{"TROUPE\r\n\x05\x00\x01\x00\x01\x00\x00\x00", 16};
  for (const auto& text :
       {std::string{"GET / HTTP/1.1\r\nHost: x\r\n\r\n"}, std::string{"\x16\x03\x01"}, impossible_versions}) {
    session_end victim{true, "victim", {}, monotonic_time{1h}};
    const auto outcome = victim.session.receive(bytes_of(text), victim.events, monotonic_time{1h});
    CHECK(outcome.code() == status_code::invalid_argument);
    CHECK(victim.output() == encode_refusal(outcome));
    CHECK(victim.events.lines.empty());
  }
}

TEST_CASE("frames that cannot be are refused") {
  CHECK(hostile_peer{}.refused([](byte_buffer& to) { to.assign(4, std::byte{0}); })
        == "a frame of 0 bytes, where 1 to 1048592 are possible");
  CHECK(hostile_peer{}.refused([](byte_buffer& to) { to.assign(4, std::byte{0xFF}); })
        == "a frame of 4294967295 bytes, where 1 to 1048592 are possible");
  CHECK(hostile_peer{}.refused([](byte_buffer& to) { append_raw(to, 0, ""); })
        == "a frame of the unknown kind 0");
  CHECK(hostile_peer{}.refused([](byte_buffer& to) { append_raw(to, 63, ""); })
        == "a frame of the unknown kind 63");
  CHECK(hostile_peer{}.refused([](byte_buffer& to) { append_raw(to, 128, ""); })
        == "a frame of the unknown kind 128");
  CHECK(hostile_peer{}.refused([](byte_buffer& to) { append_raw(to, 36, ""); })
        == "a broken drain frame: it has a body");
  CHECK(hostile_peer{}.refused([](byte_buffer& to) { append_raw(to, 34, "x"); })
        == "a broken frame: bytes after its end");
  CHECK(
    hostile_peer{}.refused([](byte_buffer& to) { append_raw(to, 1, ""); }).starts_with("a broken request"));
  CHECK(hostile_peer{}.refused([](byte_buffer& to) {
    append_ended(to, 1, bytes_of(std::string(65'537, 'x')));
  }) == "an actor's exit reason of 65537 bytes");
}

TEST_CASE("frames that cannot be are refused also when they come byte by byte") {
  for (const int first : {0, 0xFF}) {
    hostile_peer peer;
    const byte_buffer length(4, static_cast<std::byte>(first));
    status outcome;
    int sent = 0;
    for (; sent < 5 && outcome.ok(); ++sent)
      outcome =
        peer.victim.session.receive(byte_view{length}.subspan(sent % 4, 1), peer.victim.events, peer.now);
    CHECK(outcome.code() == status_code::invalid_argument);
  }
}

TEST_CASE("ids that no race explains are refused") {
  const auto unknown = [](auto append) { return hostile_peer{}.refused(append); };
  CHECK(unknown([](byte_buffer& to) { append_item(to, {.id = 1, .ours = true}, nullptr, 0); })
        == "an item frame for the call 1, which was never made");
  CHECK(unknown([](byte_buffer& to) { append_item(to, {.id = 1, .ours = false}, nullptr, 0); })
        == "an item frame for the call 1, which was never made");
  CHECK(unknown([](byte_buffer& to) { append_half_close(to, 1); })
        == "a half_close frame for the call 1, which was never made");
  CHECK(unknown([](byte_buffer& to) { append_cancel(to, 1, aborted("x")); })
        == "a cancel frame for the call 1, which was never made");
  CHECK(unknown([](byte_buffer& to) { append_credit(to, {.id = 1}, 1, 0); })
        == "a credit frame for the call 1, which was never made");
  CHECK(unknown([](byte_buffer& to) { append_reply(to, {.id = 1}, false, 0); })
        == "a reply frame for the call 1, which was never made");
  CHECK(unknown([](byte_buffer& to) { append_failure(to, 1, aborted("x"), nullptr); })
        == "a failure frame for the call 1, which was never made");

  hostile_peer peer;
  REQUIRE(peer.say_request(5).ok());
  CHECK(peer.refused([](byte_buffer& to) { append_request(to, {.id = 5}, true, 0); })
        == "the request of the call 5, which is open");
}

TEST_CASE("an answer to what was not asked is refused") {
  for (const auto& append : std::vector<std::function<void(byte_buffer&)>>{
         [](byte_buffer& to) { append_reply(to, {.id = 1}, false, 0); },
         [](byte_buffer& to) { append_failure(to, 1, aborted("x"), nullptr); },
         [](byte_buffer& to) { append_item(to, {.id = 1, .ours = false}, nullptr, 0); },
         [](byte_buffer& to) { append_credit(to, {.id = 1, .ours = false}, 1, 0); }}) {
    SECTION("its request waits in a batch") {
      hostile_peer peer;
      REQUIRE(peer.victim.request(1, "question"));
      const auto outcome = peer.say(append);
      CHECK(outcome.code() == status_code::invalid_argument);
      CHECK(outcome.message().ends_with("for the call 1, whose request was not sent"));
    }
    SECTION("its request waits for the window") {
      hostile_peer peer;
      REQUIRE(peer.victim.request(2, std::string(1'000'000, 'x')));
      REQUIRE(peer.victim.request(1, std::string(1'000'000, 'x')));
      peer.victim.output();
      CHECK_FALSE(peer.victim.session.request_sent(1));
      CHECK(peer.say(append).message().ends_with("for the call 1, whose request was not sent"));
    }
  }
}

TEST_CASE("windows that are exceeded end the connection") {
  link_limits limits;
  limits.request_window_bytes = 10'000;
  limits.item_window_bytes = 5'000;
  limits.stream_window_bytes = 3'000;
  SECTION("requests") {
    hostile_peer peer{limits};
    for (std::uint64_t id = 1; id <= 4; ++id)
      REQUIRE(peer.say_request(id, 2'000).ok());
    CHECK(peer.refused([](byte_buffer& to) { append_request(to, {.id = 5}, true, 2'000); })
          == "the request of the call 5 exceeds the window for requests");
  }
  SECTION("requests, one larger than half of the window among them") {
    hostile_peer peer{limits};
    REQUIRE(peer.say_request(1, 4'000).ok());
    REQUIRE(peer.say_request(2, 100'000).ok());
    REQUIRE(peer.say_request(3, 500).ok());
    CHECK(peer.refused([](byte_buffer& to) { append_request(to, {.id = 4}, true, 500); })
          == "the request of the call 4 exceeds the window for requests");
  }
  SECTION("two requests larger than half of the window") {
    hostile_peer peer{limits};
    REQUIRE(peer.say_request(1, 6'000).ok());
    CHECK(peer.refused([](byte_buffer& to) { append_request(to, {.id = 2}, true, 6'000); })
          == "the request of the call 2 exceeds the window for requests");
  }
  SECTION("requests that were cancelled and are in their mailboxes still count") {
    hostile_peer peer{limits};
    status outcome;
    std::uint64_t id = 0;
    while (outcome.ok() && id < 1'000) {
      outcome = peer.say_request(++id);
      if (outcome.ok()) outcome = peer.say([&](byte_buffer& to) { append_cancel(to, id, aborted("x")); });
    }
    CHECK(outcome.code() == status_code::invalid_argument);
    CHECK(id < 150);
  }
  SECTION("items of one stream") {
    hostile_peer peer{limits};
    REQUIRE(peer.say_request(1).ok());
    REQUIRE(peer.say_item({1, true}, 1'000).ok());
    REQUIRE(peer.say_item({1, true}, 1'000).ok());
    CHECK(peer.refused([](byte_buffer& to) {
      append_item(to, {1, true}, nullptr, 1'000);
    }) == "an item of the call 1 exceeds the windows for items");
  }
  SECTION("items of all streams") {
    hostile_peer peer{limits};
    for (std::uint64_t id = 1; id <= 3; ++id) {
      REQUIRE(peer.say_request(id).ok());
      REQUIRE(peer.say_item({id, true}, 10).ok());
    }
    REQUIRE(peer.say_item({1, true}, 2'400).ok());
    REQUIRE(peer.say_item({2, true}, 2'400).ok());
    CHECK(peer.refused([](byte_buffer& to) {
      append_item(to, {3, true}, nullptr, 2'400);
    }) == "an item of the call 3 exceeds the windows for items");
  }
  SECTION("open calls") {
    limits.max_open_calls = 3;
    hostile_peer peer{limits};
    for (std::uint64_t id = 1; id <= 3; ++id)
      REQUIRE(peer.say_request(id).ok());
    CHECK(peer.refused([](byte_buffer& to) { append_request(to, {.id = 4}, true, 0); })
          == "more than 3 open calls");
  }
}

TEST_CASE("a peer cannot return more than it got") {
  CHECK(hostile_peer{}.refused([](byte_buffer& to) { append_window(to, 1); })
        == "returned 1 bytes of its window for requests, more than were sent");
  hostile_peer peer;
  REQUIRE(peer.victim.request(1, "", 0, {.credit = 5}));
  REQUIRE(peer.victim.request(2, "", 0, {.credit = 5}));
  REQUIRE(peer.victim.item({1, true}, "ten bytes."));
  REQUIRE(peer.victim.item({2, true}, "ten bytes."));
  peer.victim.output();
  SECTION("of all streams") {
    CHECK(peer.refused([](byte_buffer& to) {
      append_credit(to, {1, false}, 1, 100);
    }) == "returned 100 bytes of its windows for items, more than were sent");
  }
  SECTION("of one stream") {
    CHECK(peer.refused([](byte_buffer& to) {
      append_credit(to, {1, false}, 1, 20);
    }) == "returned 20 bytes of its windows for items, more than were sent");
  }
}

TEST_CASE("messages above the announced maximum end the connection") {
  link_limits limits;
  limits.max_message_bytes = 100'000;
  const auto* const why = "a message of 100001 bytes, where 100000 are the most";
  const std::size_t much = 100'001;
  CHECK(hostile_peer{limits}.refused([&](byte_buffer& to) { append_request(to, {.id = 1}, true, much); })
        == why);
  CHECK(hostile_peer{limits}.refused([&](byte_buffer& to) { append_message(to, {}, much); }) == why);
  CHECK(hostile_peer{limits}.refused([&](byte_buffer& to) {
    append_item(to, {1, true}, nullptr, much);
  }) == why);
  CHECK(hostile_peer{limits}.refused([&](byte_buffer& to) { append_reply(to, {.id = 1}, true, much); })
        == why);
  hostile_peer peer{limits};
  CHECK(peer.say_request(1, 100'000).ok());
}

TEST_CASE("fragments that cannot be are refused") {
  link_limits limits;
  limits.max_message_bytes = 100'000;
  limits.request_window_bytes = limits.item_window_bytes = 100'000;
  const auto piece_of = [](std::size_t size, int kind) {
    byte_buffer out(size);
    if (size > 0) out[0] = static_cast<std::byte>(kind);
    return out;
  };
  const auto say = [&](hostile_peer& peer, std::uint32_t stream, bool last, std::size_t size, int kind = 16) {
    return peer.say([&](byte_buffer& to) { append_fragment(to, stream, last, piece_of(size, kind)); });
  };
  SECTION("without content") {
    hostile_peer peer{limits};
    CHECK(say(peer, 1, false, 0).message() == "a fragment without content");
  }
  SECTION("a frame given up that was not begun") {
    hostile_peer peer{limits};
    CHECK(say(peer, 1, true, 0).message() == "gave up a frame that it had not begun");
  }
  SECTION("of kinds that are never large") {
    for (const int kind : {0, 3, 4, 32, 33, 34, 37, 128}) {
      hostile_peer peer{limits};
      CHECK(say(peer, 1, false, 10, kind).message()
            == fmt::format("cut a frame of kind {} in fragments", kind));
    }
  }
  SECTION("of one frame that is too large") {
    hostile_peer peer{limits};
    REQUIRE(say(peer, 1, false, 300'000).ok());
    CHECK(say(peer, 1, false, 100'000).message() == "a frame of more than 362144 bytes");
    hostile_peer other{limits};
    CHECK(say(other, 1, true, 362'145).message() == "a frame of more than 362144 bytes");
  }
  SECTION("of many frames that are too much together") {
    hostile_peer peer{limits};
    status outcome;
    std::size_t sent = 0;
    for (std::uint32_t stream = 1; outcome.ok() && stream < 100; ++stream, sent += 90'000)
      outcome = say(peer, stream, false, 90'000);
    CHECK(outcome.message() == "frames in fragments with more than 924288 bytes together");
    CHECK(sent <= 1'000'000);
  }
  SECTION("of too many frames") {
    hostile_peer peer{limits};
    status outcome;
    std::uint32_t stream = 0;
    while (outcome.ok() && stream < 2'000)
      outcome = say(peer, ++stream, false, 1);
    CHECK(outcome.message() == "more than 1024 frames in fragments at a time");
    CHECK(stream == 1'025);
  }
  SECTION("what was given up counts no more") {
    hostile_peer peer{limits};
    for (std::uint32_t stream = 1; stream < 100; ++stream) {
      REQUIRE(say(peer, stream, false, 90'000).ok());
      REQUIRE(say(peer, stream, true, 0).ok());
    }
  }
}

TEST_CASE("a peer that makes us answer and does not read is given up before it costs much") {
  link_limits limits;
  limits.send_buffer_bytes = 100'000;
  SECTION("pings are answered once") {
    hostile_peer peer{limits};
    for (std::uint64_t i = 0; i < 100'000; ++i)
      REQUIRE(peer.say([&](byte_buffer& to) { append_ping(to, i); }).ok());
    CHECK(peer.victim.output().size() < 20);
  }
  SECTION("items of calls that are over") {
    hostile_peer peer{limits};
    for (std::uint64_t id = 1; id <= 2; ++id) {
      REQUIRE(peer.say_request(id).ok());
      peer.victim.reply(id, "");
    }
    status outcome;
    std::size_t most = 0;
    for (std::uint64_t i = 0; outcome.ok() && i < 200'000; ++i) {
      outcome = peer.say_item({1 + i % 2, true});
      most = std::max(most, peer.victim.session.figures().queued_bytes);
    }
    CHECK(outcome.code() == status_code::resource_exhausted);
    CHECK(most < 400'000);
  }
  SECTION("requests that are refused one by one") {
    hostile_peer peer{limits};
    status outcome;
    for (std::uint64_t id = 1; outcome.ok() && id < 100'000; ++id) {
      outcome = peer.say_request(id);
      peer.victim.session.add_failure(0, id, unavailable("not now, and not later, and not ever"), nullptr);
    }
    CHECK(outcome.code() == status_code::resource_exhausted);
  }
  SECTION("found by time as well") {
    hostile_peer peer{limits};
    REQUIRE(peer.say_request(1).ok());
    for (std::uint64_t actor = 0; actor < 100'000; ++actor)
      peer.victim.session.add_watch(actor);
    CHECK(peer.victim.session.tick(peer.now).code() == status_code::resource_exhausted);
  }
}
