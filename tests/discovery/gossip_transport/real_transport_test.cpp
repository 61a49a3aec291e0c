// The transport on the real network: loopback, ports that the system chooses.
#include "discovery/gossip_transport/gossip_transport.hpp"
#include "runtime/environment/real_environment.hpp"
#include "runtime/telemetry/metrics.hpp"

#include <catch2/catch.hpp>

#include <atomic>
#include <condition_variable>
#include <mutex>
#include <string>

using namespace troupe;
using namespace std::chrono_literals;

namespace {

constexpr auto patience = 120s; // for what never comes: a machine may be ten times slower

std::vector<std::byte> pattern(std::size_t size, unsigned seed = 0) {
  std::vector<std::byte> out(size);
  for (std::size_t i = 0; i < size; ++i)
    out[i] = static_cast<std::byte>((i * 7 + i / 251 + seed) & 0xFF);
  return out;
}

gossip_keyring ring() {
  return gossip_keyring{gossip_key::parse("AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHgA=").value()};
}

// A transport on a loop of its own, and what it has heard.
class gossiper {
public:
  gossiper(const environment& world, std::string name, bool sealed = true,
           endpoint listen = {ip_address::loopback(), 0})
    : loop_(world.network.open_loop("gossip")) {
    gossip_transport_options options;
    options.cluster = "shop";
    options.node = std::move(name);
    options.listen = listen;
    if (sealed) options.keys = ring();
    loop_->run([&] {
      auto made = gossip_transport::open(
        std::move(options), world, *loop_,
        [this](gossip_topic, gossip_channel channel, const endpoint& from,
               std::span<const std::byte> payload) {
          if (echo) transport_->send(gossip_topic::registry, channel, from, payload);
          std::lock_guard hold{mutex_};
          heard_.push_back({payload.begin(), payload.end()});
          changed_.notify_all();
        },
        [this](gossip_topic, gossip_channel, const endpoint&, const status& why) {
          std::lock_guard hold{mutex_};
          failures_.push_back(why);
          changed_.notify_all();
        },
        nullptr, &numbers_);
      outcome = status_of(made);
      if (made) transport_ = std::move(*made);
      if (transport_) where = transport_->local();
    });
  }
  ~gossiper() { destroy(); }
  void destroy() {
    if (!loop_) return;
    loop_->run([&] { transport_.reset(); });
    loop_.reset();
  }

  void send(gossip_channel channel, const endpoint& to, std::vector<std::byte> payload) {
    loop_->post([=, this] {
      if (transport_) transport_->send(gossip_topic::membership, channel, to, payload);
    });
  }
  bool hears(std::size_t count) {
    std::unique_lock hold{mutex_};
    return changed_.wait_for(hold, patience, [&] { return heard_.size() >= count; });
  }
  bool fails(std::size_t count) {
    std::unique_lock hold{mutex_};
    return changed_.wait_for(hold, patience, [&] { return failures_.size() >= count; });
  }
  std::vector<std::vector<std::byte>> heard() {
    std::lock_guard hold{mutex_};
    return heard_;
  }
  gossip_transport_counters counts() {
    gossip_transport_counters out;
    loop_->run([&] { out = transport_->counters(); });
    return out;
  }
  void finish() {
    std::mutex mutex;
    std::condition_variable changed;
    bool done = false;
    loop_->post([&] {
      transport_->finish(patience, [&] {
        std::lock_guard hold{mutex};
        done = true;
        changed.notify_all();
      });
    });
    std::unique_lock hold{mutex};
    changed.wait(hold, [&] { return done; });
  }

  std::atomic<bool> echo = false;
  endpoint where;
  status outcome;

private:
  std::unique_ptr<event_loop> loop_;
  metrics numbers_;
  std::unique_ptr<gossip_transport> transport_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<std::vector<std::byte>> heard_;
  std::vector<status> failures_;
};

} // namespace

TEST_CASE("real sockets: one port for both channels, payloads of all sizes, answers") {
  real_environment real;
  const auto world = real.get();
  for (const bool sealed : {true, false}) {
    gossiper a{world, "a", sealed};
    gossiper b{world, "b", sealed};
    REQUIRE(a.outcome.ok());
    CHECK(a.where.port != 0);
    CHECK(a.where.port != b.where.port);
    b.echo = true;
    std::size_t count = 0;
    for (const std::size_t size :
         {std::size_t{0}, std::size_t{1}, std::size_t{1400}, max_gossip_payload - 1}) {
      a.send(gossip_channel::datagram, b.where, pattern(size));
      REQUIRE(a.hears(++count));
      CHECK(a.heard().back() == pattern(size));
    }
    for (const std::size_t size : {std::size_t{0}, std::size_t{100'000}, std::size_t{8u << 20}}) {
      a.send(gossip_channel::stream, b.where, pattern(size));
      REQUIRE(a.hears(++count));
      CHECK(a.heard().back() == pattern(size));
    }
    CHECK(a.counts().streams_opened == 1);
    CHECK(b.counts().streams_accepted == 1);
    CHECK(b.counts().messages_received == 3);
  }
}

TEST_CASE("real sockets: IPv6") {
  real_environment real;
  const auto world = real.get();
  const endpoint local{*ip_address::parse("::1"), 0};
  gossiper a{world, "a", false, local};
  if (a.outcome.code() == status_code::unavailable) return; // the machine has none
  REQUIRE(a.outcome.ok());
  gossiper b{world, "b", false, local};
  b.echo = true;
  a.send(gossip_channel::datagram, b.where, pattern(1000));
  REQUIRE(a.hears(1));
  a.send(gossip_channel::stream, b.where, pattern(100'000));
  REQUIRE(a.hears(2));
  CHECK(a.heard().back() == pattern(100'000));
  CHECK(a.counts().streams_opened == 1);
}

TEST_CASE("real sockets: a port that is taken, by either protocol, and who does not listen") {
  real_environment real;
  const auto world = real.get();
  gossiper a{world, "a"};
  gossiper same{world, "b", true, a.where};
  CHECK(same.outcome.code() == status_code::already_exists);
  auto socket = world.network.open_datagram({ip_address::loopback(), 0}, [](auto&&...) {});
  REQUIRE(socket);
  CHECK((gossiper{world, "c", true, (*socket)->local()}.outcome.code()) == status_code::already_exists);
  // By both protocols a moment ago; other programs take what is free, too.
  const auto free = gossiper{world, "brief"}.where;
  gossiper d{world, "d", true, free};
  CHECK(d.outcome.ok());
  d.destroy();
  a.send(gossip_channel::stream, free, pattern(10));
  CHECK(a.fails(1));
}

TEST_CASE("real sockets: finish() hands over all that waits") {
  real_environment real;
  const auto world = real.get();
  gossiper a{world, "a"};
  gossiper b{world, "b"};
  constexpr std::size_t messages = 40;
  for (std::size_t i = 0; i < messages; ++i)
    a.send(gossip_channel::stream, b.where, pattern(200'000, static_cast<unsigned>(i)));
  a.finish();
  a.destroy();
  REQUIRE(b.hears(messages));
  for (std::size_t i = 0; i < messages; ++i)
    CHECK(b.heard()[i] == pattern(200'000, static_cast<unsigned>(i)));
}

TEST_CASE("real sockets: transports go away in the midst of traffic") {
  real_environment real;
  const auto world = real.get();
  gossiper a{world, "a"};
  a.echo = true;
  for (int i = 0; i < 20; ++i) {
    gossiper b{world, "b"};
    gossiper c{world, "c"};
    b.echo = true;
    c.echo = true; // b and c answer each other, and a
    for (unsigned k = 0; k < 20; ++k) {
      b.send(gossip_channel::datagram, a.where, pattern(100, k));
      b.send(gossip_channel::stream, c.where, pattern(100'000, k));
      c.send(gossip_channel::stream, a.where, pattern(100'000, k));
      a.send(gossip_channel::stream, b.where, pattern(300'000, k));
    }
    if (i % 2 == 0) REQUIRE(c.hears(static_cast<std::size_t>(i)));
    b.destroy();
    c.destroy();
  }
  CHECK(a.counts().streams_refused == 0);
}
