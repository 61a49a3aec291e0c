#include "runtime/environment/real_credentials.hpp"
#include "runtime/environment/real_environment.hpp"
#include "runtime/environment/real_tls.hpp"
#include "runtime/environment/xoshiro.hpp"
#include "tests/runtime/environment/stream_pair.hpp"
#include "tests/runtime/environment/test_certificates.hpp"

#include <catch2/catch.hpp>

using namespace troupe;
using namespace troupe::test;

namespace {

// Both ends in memory.
class tls_ends {
public:
  explicit tls_ends(std::uint64_t records_a_key = stream_tls::default_records_a_key) {
    static certificate_folder folder;
    static const auto credentials = [] {
      folder.make("authority", "", {.common_name = "authority", .authority = true});
      folder.make("node", "authority", {.common_name = "node"});
      real_environment world;
      return *world.get().network.load_credentials(folder.files("node", "authority"));
    }();
    client.emplace(credentials, stream_tls::side::client, "the server", records_a_key);
    server.emplace(credentials, stream_tls::side::server, "the client", records_a_key);
  }

  // Hands what `from` has for its peer to `to`, `piece` bytes at a time.
  static std::string pass(stream_tls& from, stream_tls& to, std::size_t piece = 1 << 20) {
    const auto bytes = std::exchange(from.output(), {});
    std::string out;
    for (std::size_t at = 0; at < bytes.size(); at += piece) {
      to.offer(std::span{bytes}.subspan(at, std::min(piece, bytes.size() - at)));
      out += take(to);
    }
    return out;
  }
  static std::string take(stream_tls& from) {
    std::string out;
    if (from.handshake() == stream_tls::state::open) {
      std::vector<std::byte> room(3 * stream_tls::record_size);
      while (const auto size = from.read(room))
        out.append(reinterpret_cast<const char*>(room.data()), size);
    }
    from.keep_rest();
    return out;
  }
  void shake_hands(std::size_t piece = 1 << 20) {
    client->handshake();
    pass(*client, *server, piece);
    pass(*server, *client, piece);
    pass(*client, *server, piece);
  }

  std::optional<stream_tls> client, server;
};

bool write(stream_tls& to, std::string_view text) { return to.write(std::as_bytes(std::span{text})); }

} // namespace

TEST_CASE("TLS in memory: a handshake and bytes, however they are cut") {
  const std::size_t piece = GENERATE(1U, 5U, 1000U, 1U << 20);
  tls_ends ends;
  CHECK_FALSE(write(*ends.client, "too early"));
  ends.shake_hands(piece);
  REQUIRE(ends.client->current() == stream_tls::state::open);
  REQUIRE(ends.server->current() == stream_tls::state::open);
  CHECK(ends.server->output().empty()); // no tickets
  CHECK(ends.client->peer_names() == std::vector<std::string>{"node"});
  const auto sent = pattern(100'000);
  REQUIRE(write(*ends.client, sent));
  CHECK((ends.pass(*ends.client, *ends.server, piece) == sent));
  REQUIRE(write(*ends.server, "back"));
  CHECK(ends.pass(*ends.server, *ends.client, piece) == "back");
  ends.client->say_goodbye();
  CHECK(ends.pass(*ends.client, *ends.server, piece).empty());
  CHECK(ends.server->current() == stream_tls::state::closed);
}

TEST_CASE("TLS in memory: input that is not used at once is kept") {
  tls_ends ends;
  ends.shake_hands();
  const auto sent = pattern(10 * stream_tls::record_size);
  REQUIRE(write(*ends.client, sent));
  std::string got;
  {
    const auto lent = std::exchange(ends.client->output(), {});
    ends.server->offer(lent);
    std::vector<std::byte> room(stream_tls::record_size);
    const auto size = ends.server->read(room); // one record only
    got.append(reinterpret_cast<const char*>(room.data()), size);
    CHECK(ends.server->has_input());
    ends.server->keep_rest();
    ends.server->keep_rest(); // once more changes nothing
  }
  CHECK(got.size() == stream_tls::record_size);
  CHECK(ends.server->has_input());
  got += ends.take(*ends.server);
  CHECK_FALSE(ends.server->has_input());
  CHECK((got == sent));
}

TEST_CASE("TLS in memory: a record that does not fit any more is left for the next time") {
  tls_ends ends;
  ends.shake_hands();
  const auto sent = pattern(2 * stream_tls::record_size);
  REQUIRE(write(*ends.client, sent));
  const auto lent = std::exchange(ends.client->output(), {});
  ends.server->offer(lent);
  std::vector<std::byte> room(stream_tls::record_size + 1000);
  CHECK(ends.server->read(room) == stream_tls::record_size);
  CHECK(ends.server->has_input());
  CHECK(ends.server->read(room) == stream_tls::record_size);
  CHECK_FALSE(ends.server->has_input());
}

TEST_CASE("TLS in memory: keys are changed after their number of records, both ways") {
  tls_ends ends{10};
  ends.shake_hands();
  std::string sent, got, back;
  for (int i = 0; i < 105; ++i) {
    const auto text = std::to_string(i);
    sent += text;
    REQUIRE(write(*ends.client, text));
    got += ends.pass(*ends.client, *ends.server);
    REQUIRE(write(*ends.server, text));
    back += ends.pass(*ends.server, *ends.client);
  }
  CHECK(got == sent);
  CHECK(back == sent);
  CHECK(ends.client->key_updates() == 10);
  CHECK(ends.server->key_updates() == 10);
}

TEST_CASE("TLS in memory: a byte that was changed on its way is never taken for text") {
  tls_ends ends;
  ends.shake_hands();
  REQUIRE(write(*ends.client, "pay 10 to Bob"));
  const auto good = std::exchange(ends.client->output(), {});
  const auto at = GENERATE_COPY(range(std::size_t{0}, good.size()));
  auto bad = good;
  bad[at] ^= std::byte{1};
  ends.server->offer(bad);
  CHECK(ends.take(*ends.server).empty());
  // A length that grew waits for more; anything else is noticed at once.
  if (at != 3 && at != 4) CHECK(ends.server->current() == stream_tls::state::failed);
  if (ends.server->current() == stream_tls::state::failed) {
    CHECK(ends.server->failure().code() == status_code::unavailable);
    CHECK_FALSE(ends.server->output().empty()); // an alert
    CHECK_FALSE(write(*ends.server, "x"));
    ends.pass(*ends.server, *ends.client);
    CHECK(ends.client->current() == stream_tls::state::failed);
    CHECK_THAT(ends.client->failure().message(), Catch::Matchers::Contains("by the TLS alert"));
  }
}

TEST_CASE("TLS in memory: a handshake that is damaged anywhere does not succeed, and does no harm") {
  xoshiro256 random{7};
  int failed = 0;
  for (int round = 0; round < 400; ++round) {
    tls_ends ends;
    ends.client->handshake();
    const int which = round % 3; // whose message is damaged
    for (int step = 0; step < 3; ++step) {
      auto& from = step == 1 ? *ends.server : *ends.client;
      auto& to = step == 1 ? *ends.client : *ends.server;
      if (step == which && !from.output().empty()) {
        auto& bytes = from.output();
        switch (random.next() % 3) {
        case 0:
          bytes[random.next() % bytes.size()] ^=
            std::byte{static_cast<unsigned char>(1U << random.next() % 8)};
          break;
        case 1:
          bytes.resize(random.next() % bytes.size());
          break;
        default:
          for (auto& byte : bytes)
            if (random.next() % 16 == 0) byte = static_cast<std::byte>(random.next());
        }
      }
      ends.pass(from, to);
    }
    // What is left open would have to be the very bytes of the other.
    if (ends.server->current() == stream_tls::state::open) {
      REQUIRE(write(*ends.server, "x"));
      CHECK(
        (ends.client->current() != stream_tls::state::open || ends.pass(*ends.server, *ends.client) == "x"));
    }
    for (const auto* end : {&*ends.client, &*ends.server}) {
      if (end->current() != stream_tls::state::failed) continue;
      ++failed;
      CHECK_FALSE(end->failure().ok());
    }
  }
  CHECK(failed > 200); // what was cut short only waits
}
