// Random traffic over pipes that cut the bytes anywhere: everything arrives once, in the order of its lane,
// within the windows (each session checks what it receives), no two sides wait for each other, memory stays
// bounded, and no window leaks.
#include "tests/runtime/link/session_pair.hpp"
#include "tests/runtime/link/traffic.hpp"

#include <catch2/catch.hpp>

using namespace troupe;
using namespace troupe::testing;
using namespace std::chrono_literals;

namespace {

link_limits random_limits(random_source& random) {
  link_limits out;
  out.max_message_bytes = 20'000 + random.below(20'000);
  out.fragment_bytes = 512u << random.below(5);
  out.request_window_bytes = 4'096u << random.below(5);
  out.item_window_bytes = 4'096u << random.below(5);
  out.stream_window_bytes = 2'048u << random.below(5);
  out.send_buffer_bytes = 65'536u << random.below(3);
  out.max_open_calls = static_cast<std::uint32_t>(10 + random.below(200));
  out.batch_bytes = 1'024u << random.below(7);
  return out;
}

struct end {
  link_session session;
  traffic owner;
  byte_buffer pipe; // what it sent and the other one has not received
};

struct world {
  explicit world(std::uint64_t seed) : random(seed) {
    traffic_options options;
    options.lanes = static_cast<std::uint32_t>(1 + random.below(6));
    options.large = random.chance(0.5) ? 0.1 : 0.5;
    options.cancel = random.chance(0.5) ? 0.05 : 0.5;
    for (int side = 0; side < 2; ++side) {
      limits[side] = random_limits(random);
      sessions[side] =
        std::make_unique<link_session>(side == 1, greeting_of(side == 0 ? "a" : "b"), limits[side], now);
    }
    for (int side = 0; side < 2; ++side) {
      options.largest_payload = std::min(limits[0].max_message_bytes, limits[1].max_message_bytes);
      owners[side] =
        std::make_unique<traffic>(side, *sessions[side], random.split("owner", side), options, ledger);
    }
  }

  void send(int side) {
    const auto batch = sessions[side]->next_batch({});
    pipes[side].insert(pipes[side].end(), batch.begin(), batch.end());
  }

  void deliver(int side, std::size_t most) {
    auto& pipe = pipes[1 - side];
    const auto size = std::min(pipe.size(), most);
    if (size == 0) return;
    const byte_buffer piece(pipe.begin(), pipe.begin() + static_cast<std::ptrdiff_t>(size));
    pipe.erase(pipe.begin(), pipe.begin() + static_cast<std::ptrdiff_t>(size));
    const auto outcome = sessions[side]->receive(piece, *owners[side], now);
    if (!outcome.ok()) FAIL("side " << side << ": " << outcome);
  }

  void step(bool finishing) {
    const auto side = static_cast<int>(random.below(2));
    now += std::chrono::microseconds{random.below(100)};
    switch (random.below(4)) {
    case 0:
      return send(side);
    case 1:
      return deliver(side, 1 + random.below(random.chance(0.2) ? 50'000 : 300));
    default:
      owners[side]->step(finishing);
    }
  }

  void check() {
    for (int side = 0; side < 2; ++side) {
      if (!owners[side]->wrong().empty()) FAIL(owners[side]->wrong());
      const auto figures = sessions[side]->figures();
      // Twice the buffer, and what may have come on top of it: a large message, small frames.
      if (figures.queued_bytes > 2 * limits[side].send_buffer_bytes + 100'000)
        FAIL("side " << side << ": " << figures.queued_bytes << " bytes are queued");
    }
  }

  bool quiet() const {
    return owners[0]->idle() && owners[1]->idle() && pipes[0].empty() && pipes[1].empty()
           && !sessions[0]->wants_to_send() && !sessions[1]->wants_to_send();
  }

  random_source random;
  monotonic_time now{1h};
  link_limits limits[2];
  traffic_ledger ledger;
  std::unique_ptr<link_session> sessions[2];
  std::unique_ptr<traffic> owners[2];
  byte_buffer pipes[2]; // what each sent and the other one has not received
};

} // namespace

TEST_CASE("random traffic arrives once, in order and within the windows, and ends") {
  std::uint64_t calls = 0;
  std::uint64_t messages = 0;
  std::uint64_t stalls = 0;
  for (std::uint64_t seed = 1; seed <= 300; ++seed) {
    INFO("seed " << seed);
    world w{seed};
    for (int i = 0; i < 6'000; ++i) {
      w.step(false);
      w.check();
    }
    int left = 400'000;
    while (!w.quiet() && --left > 0)
      w.step(true);
    w.check();
    if (left == 0) FAIL("calls wait for ever");
    for (int side = 0; side < 2; ++side) {
      const auto figures = w.sessions[side]->figures();
      CHECK(figures.queued_bytes == 0);
      CHECK(figures.waiting_frames == 0);
      CHECK(figures.item_bytes_outstanding == 0);
      CHECK(figures.request_bytes_outstanding <= w.limits[1 - side].request_window_bytes / 4);
      CHECK(w.ledger.messages_received[side] == w.ledger.messages_sent[side]);
      CHECK(figures.bytes_sent == w.sessions[1 - side]->figures().bytes_received);
      CHECK(figures.frames_sent == w.sessions[1 - side]->figures().frames_received);
      calls += w.ledger.calls_ended[side];
      messages += w.ledger.messages_sent[side];
      stalls += figures.window_stalls;
    }
  }
  // The traffic was what it should be.
  CHECK(calls > 50'000);
  CHECK(messages > 50'000);
  CHECK(stalls > 5'000);
}
