#include "tests/runtime/simulation/loop_program.hpp"

#include <catch2/catch.hpp>

using namespace troupe;
using namespace std::chrono_literals;

namespace {

// Text in which every position can be told from the others.
std::string numbered(std::size_t size, unsigned seed = 0) {
  std::string out;
  out.reserve(size + 16);
  for (auto i = seed; out.size() < size; ++i)
    out += std::to_string(i) + ";";
  out.resize(size);
  return out;
}

// Sends `text` in writes of random sizes, the next when the one before was drained.
class sender {
public:
  sender(recording_stream& over, std::string text, random_source chance)
    : over_(over), text_(std::move(text)), chance_(std::move(chance)) {
    over_.on_room = [this] { next(); };
    next();
  }
  std::size_t sent() const { return sent_; }

private:
  void next() {
    if (sent_ == text_.size()) return;
    const auto size = std::min<std::size_t>(text_.size() - sent_, 1 + chance_.below(20'000));
    over_.write(std::string_view{text_}.substr(sent_, size));
    sent_ += size;
  }

  recording_stream& over_;
  const std::string text_;
  random_source chance_;
  std::size_t sent_ = 0;
};

} // namespace

TEST_CASE("two nodes connect and talk in both directions") {
  two_ends w;
  REQUIRE(w.connect());
  CHECK(w.here().stream->peer() == endpoint{w.b.address(), 4000});
  CHECK(w.there().stream->peer().address == w.a.address());
  CHECK(w.here().stream->peer_names().empty());
  w.here().write("question");
  w.there().write("answer");
  CHECK(w.here().drained == 0); // never from within write()
  w.in.run_for(1ms);
  CHECK(w.there().received == "question");
  CHECK(w.here().received == "answer");
  CHECK(w.here().drained == 1);
  CHECK(w.there().drained == 1);
  CHECK_FALSE(w.here().closed);
}

TEST_CASE("what comes before begin() waits for it") {
  two_ends w;
  std::unique_ptr<byte_stream> held;
  auto listener = w.server().loop->listen(
    {w.b.address(), 4000}, {}, [&](std::unique_ptr<byte_stream> stream) { held = std::move(stream); }, {});
  REQUIRE(listener);
  w.client().on_connected = [](recording_stream& stream) { stream.write("early"); };
  w.client().connect({w.b.address(), 4000});
  w.in.run_for(1s);
  w.client().stream.reset();
  w.in.run_for(1s);
  REQUIRE(held);
  recording_stream late{std::move(held)};
  w.in.run_for(1s);
  CHECK(late.received == "early");
  REQUIRE(late.closed);
  CHECK(late.closed->ok());
}

TEST_CASE("bytes arrive in order and complete under every fault that does not break the connection") {
  const std::vector<std::pair<const char*, link_conditions>> all{
    {"none", {}},
    {"jitter", {.jitter = 50ms, .tail_chance = 0.1, .tail = 1s}},
    {"loss", {.loss = 0.3}},
    {"heavy loss", {.loss = 0.9}},
    {"reordering", {.reordering = 1}},
    {"duplication", {.duplication = 1}},
    {"bandwidth", {.bytes_per_second = 1'000'000}},
    {"everything",
     {.jitter = 5ms, .loss = 0.1, .duplication = 0.1, .reordering = 0.5, .bytes_per_second = 10'000'000}}};
  for (const auto& [name, conditions] : all) {
    for (std::uint64_t seed = 1; seed <= 3; ++seed) {
      two_ends w{{.seed = seed, .stream_buffer = seed == 1 ? std::size_t{1000} : std::size_t{50'000}}};
      REQUIRE(w.connect());
      w.in.links().add({}, conditions);
      const auto there = numbered(200'000);
      const auto back = numbered(100'000, 7);
      sender forth{w.here(), there, w.in.split("forth")};
      sender answer{w.there(), back, w.in.split("back")};
      INFO(name << ", seed " << seed);
      w.in.run_for(1h);
      CHECK(w.there().received == there);
      CHECK(w.here().received == back);
      CHECK_FALSE(w.here().closed);
      CHECK_FALSE(w.there().closed);
    }
  }
}

TEST_CASE("bytes arrive after clogs, partitions, pauses and slow turns come and go") {
  for (std::uint64_t seed = 1; seed <= 10; ++seed) {
    two_ends w{{.seed = seed}};
    REQUIRE(w.connect());
    const auto text = numbered(2'000'000);
    w.in.links().add({}, {.bytes_per_second = 1'000'000});
    sender forth{w.here(), text, w.in.split("forth")};
    auto chance = w.in.split("faults");
    for (int i = 0; i < 20; ++i) {
      const auto start = chance.between(0, 3'000'000);
      const auto span = std::chrono::microseconds{chance.between(1, 500'000)};
      const auto kind = chance.below(4);
      w.in.after(std::chrono::microseconds{start}, [&w, kind, span] {
        if (kind == 3) {
          w.in.pause(w.b);
          w.in.after(span, [&w] { w.in.resume(w.b); });
          return;
        }
        const auto id = kind == 0   ? w.in.links().clog({0}, {1})
                        : kind == 1 ? w.in.links().partition({0}, {1})
                                    : w.in.links().partition_one_way({1}, {0});
        w.in.after(span, [&w, id] { w.in.links().remove(id); });
      });
    }
    w.in.run_for(10min);
    CHECK(w.there().received == text);
    CHECK_FALSE(w.there().closed);
  }
}

TEST_CASE("a reader that pauses holds its writer back after a bounded number of bytes") {
  two_ends w{{.stream_buffer = 10'000}};
  REQUIRE(w.connect());
  w.there().stream->pause_reading();
  const auto text = numbered(100'000);
  sender forth{w.here(), text, w.in.split("forth")};
  w.in.run_for(1min);
  CHECK(w.there().received.empty());
  CHECK(w.here().writing);
  const auto held = forth.sent();
  CHECK(held <= 10'000 + 20'000); // what fits, and the write that waits
  w.in.run_for(1min);
  CHECK(forth.sent() == held);
  w.there().stream->resume_reading();
  w.in.run_for(1min);
  CHECK(w.there().received == text);
}

TEST_CASE("on_drained comes when the network has taken all") {
  two_ends w{{.stream_buffer = 1000}};
  REQUIRE(w.connect());
  w.there().stream->pause_reading();
  w.here().write(numbered(1000));
  w.in.run_for(1s);
  CHECK(w.here().drained == 1);
  w.here().write("x");
  w.in.run_for(1s);
  CHECK(w.here().drained == 1);
  w.there().stream->resume_reading();
  w.in.run_for(1s);
  CHECK(w.here().drained == 2);
}

TEST_CASE("bytes are split at random places") {
  auto pieces = [](double splitting) {
    two_ends w{{.stream_splitting = splitting}};
    REQUIRE(w.connect());
    w.here().write(numbered(1000));
    w.in.run_for(1s);
    CHECK(w.there().received == numbered(1000));
    return w.there().pieces;
  };
  CHECK(pieces(0) == 1);
  CHECK(pieces(1) > 3);
}

TEST_CASE("closing a stream tells the other end, after all that was written") {
  two_ends w;
  REQUIRE(w.connect());
  w.here().write("last words");
  w.client().stream.reset();
  w.in.run_for(1s);
  CHECK(w.there().received == "last words");
  REQUIRE(w.there().closed);
  CHECK(w.there().closed->ok());
}

TEST_CASE("closing a stream with bytes unread resets it") {
  two_ends w;
  REQUIRE(w.connect());
  w.here().stream->pause_reading();
  w.there().write("never read");
  w.in.run_for(1s);
  w.client().stream.reset();
  w.in.run_for(1s);
  REQUIRE(w.there().closed);
  CHECK(w.there().closed->code() == status_code::unavailable);
}

TEST_CASE("writing to a stream that the other end has closed resets it") {
  two_ends w;
  REQUIRE(w.connect());
  w.there().stream->pause_reading(); // so that the end is not seen
  w.client().stream.reset();
  w.in.run_for(1s);
  CHECK_FALSE(w.there().closed);
  w.there().write("anybody?");
  w.in.run_for(1s);
  REQUIRE(w.there().closed);
  CHECK(w.there().closed->code() == status_code::unavailable);
}

TEST_CASE("a stream may be destroyed from within its own handler") {
  SECTION("on_bytes") {
    two_ends w{{.stream_splitting = 1}};
    REQUIRE(w.connect());
    w.there().on_received = [&] { w.server().accepted.clear(); };
    w.here().write(numbered(1000));
    w.in.run_for(1s);
    CHECK(w.server().accepted.empty());
    CHECK(w.here().closed);
  }
  SECTION("on_drained") {
    two_ends w;
    REQUIRE(w.connect());
    w.here().on_room = [&] { w.client().stream.reset(); };
    w.here().write("x");
    w.in.run_for(1s);
    CHECK(w.there().received == "x");
    CHECK(w.there().closed);
  }
  SECTION("on_closed") {
    two_ends w;
    REQUIRE(w.connect());
    w.there().on_end = [&] { w.server().accepted.clear(); };
    w.client().stream.reset();
    w.in.run_for(1s);
    CHECK(w.server().accepted.empty());
  }
}

TEST_CASE("connecting fails when nobody listens, and when the host is not there") {
  two_ends w;
  SECTION("nobody listens") {
    w.client().connect({w.b.address(), 4000});
    w.in.run_for(1s);
    REQUIRE(w.client().failure);
    CHECK(w.client().failure->code() == status_code::unavailable);
  }
  SECTION("no such host") {
    const auto began = w.client().around.clock.now();
    w.client().connect({ip_address::v4(10, 9, 9, 9), 4000}, 3s);
    w.in.run_for(10s);
    REQUIRE(w.client().failure);
    CHECK(w.client().failure->code() == status_code::unavailable);
    CHECK(w.client().connected_at - began == 3s);
  }
  SECTION("given up") {
    w.client().connect({w.b.address(), 4000});
    w.client().pending.reset();
    w.in.run_for(1s);
    CHECK_FALSE(w.client().failure);
    CHECK_FALSE(w.client().stream);
  }
}

TEST_CASE("connecting to a node that is off is refused, or nobody answers, by chance") {
  int refused = 0;
  int silent = 0;
  for (std::uint64_t seed = 1; seed <= 100; ++seed) {
    two_ends w{{.seed = seed}};
    REQUIRE(w.server().listen(4000).ok());
    w.in.crash(w.b);
    const auto began = w.client().around.clock.now();
    w.client().connect({w.b.address(), 4000}, 5s);
    w.in.run_for(10s);
    REQUIRE(w.client().failure);
    CHECK(w.client().failure->code() == status_code::unavailable);
    ++(w.client().connected_at - began < 100ms ? refused : silent);
  }
  CHECK(refused > 20);
  CHECK(silent > 20);
}

TEST_CASE("connecting waits out a partition that is short enough") {
  two_ends w;
  REQUIRE(w.server().listen(4000).ok());
  const auto cut = w.in.links().partition({0}, {1});
  w.client().connect({w.b.address(), 4000}, 10s);
  w.in.run_for(2s);
  CHECK_FALSE(w.client().stream);
  w.in.links().remove(cut);
  w.in.run_for(3s);
  CHECK(w.client().stream);
  CHECK(w.server().accepted.size() == 1);
}

TEST_CASE("a one-way partition lets neither direction connect") {
  two_ends w;
  REQUIRE(w.server().listen(4000).ok());
  w.in.links().partition_one_way({1}, {0});
  w.client().connect({w.b.address(), 4000}, 10s);
  w.in.run_for(20s);
  REQUIRE(w.client().failure);
  CHECK(w.server().accepted.empty());
}

TEST_CASE("a peer that lost its power is silent, and resets what it does not know after it came back") {
  two_ends w;
  REQUIRE(w.connect());
  w.in.crash(w.b);
  w.here().write("hello?");
  w.in.run_for(1min);
  CHECK_FALSE(w.here().closed);
  w.in.boot(w.b);
  w.in.run_for(1min);
  REQUIRE(w.here().closed);
  CHECK(w.here().closed->code() == status_code::unavailable);
}

TEST_CASE("a peer that came back is not noticed until something is sent to it") {
  two_ends w;
  REQUIRE(w.connect());
  w.in.crash(w.b);
  w.in.boot(w.b);
  w.in.run_for(1min);
  CHECK_FALSE(w.here().closed);
  w.here().write("hello?");
  w.in.run_for(1s);
  CHECK(w.here().closed);
}

TEST_CASE("what a node sent before it lost its power arrives, but is not sent again") {
  two_ends w;
  REQUIRE(w.connect());
  SECTION("it was on its way") {
    w.here().write("under way");
    w.in.crash(w.a);
    w.in.run_for(1min);
    CHECK(w.there().received == "under way");
  }
  SECTION("it was on its way, and is lost then") {
    w.here().write("lost");
    w.in.crash(w.a);
    const auto cut = w.in.links().partition({0}, {1});
    w.in.run_for(1s);
    w.in.links().remove(cut);
    w.in.run_for(1min);
    CHECK(w.there().received.empty());
  }
  SECTION("it was lost on the way") {
    const auto cut = w.in.links().partition({0}, {1});
    w.here().write("lost");
    w.in.run_for(1s);
    w.in.crash(w.a);
    w.in.links().remove(cut);
    w.in.run_for(1min);
    CHECK(w.there().received.empty());
  }
  CHECK_FALSE(w.there().closed);
}

TEST_CASE("a killed process closes its connections at once") {
  two_ends w;
  REQUIRE(w.connect());
  w.there().write("farewell");
  w.in.kill(w.b);
  w.in.run_for(1s);
  CHECK(w.here().received == "farewell");
  REQUIRE(w.here().closed);
  CHECK(w.here().closed->ok());
  w.client().failure.reset();
  w.client().connect({w.b.address(), 4000});
  w.in.run_for(1s);
  CHECK(w.client().failure);
}

TEST_CASE("a peer that does not acknowledge is given up") {
  two_ends w{{.stream_patience = 1min}};
  REQUIRE(w.connect());
  w.in.links().isolate(1);
  w.here().write("hello?");
  w.in.run_for(59s);
  CHECK_FALSE(w.here().closed);
  w.in.run_for(10s);
  REQUIRE(w.here().closed);
  CHECK(w.here().closed->code() == status_code::unavailable);
}

TEST_CASE("a reset breaks the connection at both ends") {
  two_ends w;
  REQUIRE(w.connect());
  w.in.links().add({}, {.reset = 1});
  w.here().write("x");
  w.in.run_for(1s);
  REQUIRE(w.here().closed);
  REQUIRE(w.there().closed);
  CHECK(w.here().closed->code() == status_code::unavailable);
  CHECK(w.there().closed->code() == status_code::unavailable);
}

TEST_CASE("a paused node's connections are established, and its handlers run when it goes on") {
  two_ends w;
  REQUIRE(w.server().listen(4000).ok());
  w.in.pause(w.b);
  w.client().on_connected = [](recording_stream& stream) { stream.write("x"); };
  w.client().connect({w.b.address(), 4000});
  w.in.run_for(1s);
  CHECK(w.client().stream);
  CHECK(w.server().accepted.empty());
  w.in.resume(w.b);
  w.in.run_for(1s);
  REQUIRE(w.server().accepted.size() == 1);
  CHECK(w.there().received == "x");
}

TEST_CASE("a listener takes no more connections than it was told") {
  two_ends w;
  REQUIRE(w.server().listen(4000, {.max_connections = 1}).ok());
  REQUIRE(w.connect());
  auto first = std::move(w.client().stream);
  w.client().connect({w.b.address(), 4000});
  w.in.run_for(1s);
  CHECK(w.server().accepted.size() == 1);
  REQUIRE(w.server().refused.size() == 1);
  CHECK(w.server().refused[0].code() == status_code::resource_exhausted);
  REQUIRE(w.client().stream);
  CHECK(w.client().stream->closed);
  // When one leaves there is room again.
  first.reset();
  w.in.run_for(1s);
  w.server().accepted.clear();
  w.client().connect({w.b.address(), 4000});
  w.in.run_for(1s);
  CHECK(w.server().accepted.size() == 1);
}

TEST_CASE("credentials prove the nodes' names, and both ends need them") {
  two_ends w;
  const auto credentials = *w.client().around.network.load_credentials({});
  REQUIRE(credentials);
  REQUIRE(w.server().listen(4000, {.credentials = credentials}).ok());
  w.client().connect({w.b.address(), 4000}, 10s, credentials);
  w.in.run_for(1s);
  REQUIRE(w.client().stream);
  REQUIRE(w.server().accepted.size() == 1);
  CHECK(w.here().stream->peer_names() == std::vector<std::string>{"b"});
  CHECK(w.there().stream->peer_names() == std::vector<std::string>{"a"});
  w.client().connect({w.b.address(), 4000});
  w.in.run_for(1s);
  REQUIRE(w.client().failure);
  CHECK(w.client().failure->code() == status_code::unauthenticated);
}
