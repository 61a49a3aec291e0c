// Nodes with wrong clocks that restart and sleep, over a network that delays, and an enemy that plays
// everything again.
#include "runtime/environment/random_source.hpp"
#include "sealers.hpp"

#include <algorithm>
#include <set>

using namespace troupe;
using namespace troupe::gossip_test;

namespace {

struct sent_datagram {
  std::size_t from = 0;
  datagram bytes;
};

class cluster {
public:
  cluster(std::uint64_t seed, bool sealed) : random_(seed), sealed_(sealed) {
    settings_.freshness = std::chrono::milliseconds{random_.between(1'000, 60'000)};
    settings_.forget_after = std::chrono::milliseconds{random_.between(1'000, 300'000)};
    settings_.max_senders = 5 + static_cast<std::size_t>(random_.below(30));
    for (std::size_t i = 0; i < size; ++i)
      restart(i);
  }

  void step() {
    static constexpr std::array<duration, 6> pauses{0s, 1ms, 20ms, 500ms, 5s, 10min};
    elapsed_ += pauses[random_.below(random_.chance(0.02) ? 6 : 5)];
    const auto to = random_.below(size);
    const auto dice = random_.uniform();
    if (dice < 0.5) {
      const auto from = random_.below(size);
      if (from == to) return;
      history_.push_back({from, seal(nodes_[from].sealer.front(), "ping", now(from))});
      if (random_.chance(0.7)) deliver(history_.size() - 1, to);
    } else if (dice < 0.97 && !history_.empty()) {
      // Of late, or of any time before.
      const auto back =
        random_.below(random_.chance(0.8) ? std::min<std::size_t>(history_.size(), 50) : history_.size());
      deliver(history_.size() - 1 - back, to);
    } else if (dice < 0.98) {
      static constexpr std::array<duration, 3> sleeps{2s, 10min, 24h};
      const auto sleep = sleeps[random_.below(sleeps.size())];
      elapsed_ += sleep;
      nodes_[to].slept += sleep;
    } else if (dice < 0.985) {
      restart(to);
    }
  }

  // Whether each hears each other one, when nothing is lost: at most after having been told the time.
  void check_all_hear() {
    for (std::size_t from = 0; from < size; ++from) {
      for (std::size_t to = 0; to < size; ++to) {
        if (from == to) continue;
        bool heard = false;
        for (int attempt = 0; attempt < 2 && !heard; ++attempt) {
          elapsed_ += 100ms;
          history_.push_back({from, seal(nodes_[from].sealer.front(), "ping", now(from))});
          heard = deliver(history_.size() - 1, to);
        }
        INFO("from " << from << " to " << to);
        REQUIRE(heard);
      }
    }
  }

  std::size_t opened() const { return opened_; }
  std::size_t refused() const { return refused_; }

private:
  static constexpr std::size_t size = 5;

  struct member {
    std::vector<gossip_sealer> sealer; // one
    duration booted{};                 // what its monotonic clock said at first
    duration slept{};
    std::set<std::size_t> heard; // of history_, in this life
  };

  monotonic_time now(std::size_t which) const {
    const auto& node = nodes_[which];
    return monotonic_time{node.booted + elapsed_ - node.slept};
  }

  void restart(std::size_t which) {
    static constexpr std::array<duration, 6> errors{0s, 24h, -24h, -24h * 365 * 50, 24h * 365, 3s};
    auto& node = nodes_[which];
    node = {};
    node.booted = std::chrono::seconds{random_.between(1, 1'000'000)};
    auto options = options_of("node" + std::to_string(which), sealed_ ? "a" : "");
    options.freshness = settings_.freshness;
    options.forget_after = settings_.forget_after;
    options.max_senders = settings_.max_senders;
    options.plain_beyond_loopback = true;
    random_.fill(options.entropy);
    options.started += elapsed_ + (random_.chance(0.7) ? duration{0} : errors[random_.below(errors.size())]);
    options.now = now(which);
    node.sealer.push_back(make(options));
  }

  bool deliver(std::size_t what, std::size_t to) {
    auto& node = nodes_[to];
    const auto out = node.sealer.front().open(history_[what].bytes, elsewhere, now(to));
    if (const auto* no = std::get_if<refused_gossip>(&out)) {
      ++refused_;
      const auto from = history_[what].from;
      if (no->should_tell_time && from != to) {
        history_.push_back({to, seal(node.sealer.front(), "", now(to))});
        deliver(history_.size() - 1, from);
      }
      return false;
    }
    ++opened_;
    INFO("datagram " << what << " at node " << to);
    REQUIRE(node.heard.insert(what).second); // never twice
    return true;
  }

  random_source random_;
  bool sealed_;
  gossip_sealer_options settings_;
  duration elapsed_{};
  std::array<member, size> nodes_;
  std::vector<sent_datagram> history_;
  std::size_t opened_ = 0;
  std::size_t refused_ = 0;
};

} // namespace

TEST_CASE("whatever clocks do, nothing is opened twice and nobody is cut off") {
  for (std::uint64_t seed = 1; seed <= 60; ++seed) {
    INFO("seed " << seed);
    cluster nodes{seed, seed % 2 == 0};
    for (int i = 0; i < 1500; ++i)
      nodes.step();
    nodes.check_all_hear();
    CHECK(nodes.opened() > 200);
    CHECK(nodes.refused() > 200);
  }
}
