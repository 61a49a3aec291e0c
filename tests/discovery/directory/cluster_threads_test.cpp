// Readers beside a writer, for the thread sanitizer.
#include "discovery/directory/published.hpp"
#include "known_cluster.hpp"

#include <atomic>
#include <thread>

using namespace directory_test;

namespace {

struct counted {
  explicit counted(std::atomic<int>& alive, int value) : alive_(alive), value_(value), again_(value) {
    ++alive_;
  }
  ~counted() {
    value_ = -1;
    --alive_;
  }
  std::atomic<int>& alive_;
  int value_;
  int again_;
};

} // namespace

TEST_CASE("readers see whole values that only move forward, and what was replaced goes when they have left") {
  std::atomic<int> alive = 0;
  {
    published<counted> value{std::make_unique<const counted>(alive, 0)};
    std::atomic<bool> stop = false;
    std::atomic<int> wrong = 0, reads = 0;
    std::vector<std::thread> readers;
    for (unsigned i = 0; i < 3; ++i)
      readers.emplace_back([&, i] {
        int last = 0;
        while (!stop) {
          value.read(i % 2, [&](const counted& now) {
            if (now.value_ < last || now.value_ != now.again_) ++wrong;
            last = now.value_;
          });
          ++reads;
        }
      });
    for (int i = 1; i <= 20'000 || reads < 1000; ++i)
      value.replace(std::make_unique<const counted>(alive, i));
    CHECK(value.retired() <= published<counted>::most_retired);
    stop = true;
    for (auto& each : readers)
      each.join();
    CHECK(wrong == 0);
    value.replace(std::make_unique<const counted>(alive, 1'000'000'000));
    CHECK(value.retired() == 0);
    CHECK(alive == 1);
  }
  CHECK(alive == 0);
}

TEST_CASE("what was replaced stays while a reader may see it") {
  std::atomic<int> alive = 0;
  published<counted> value{std::make_unique<const counted>(alive, 1)};
  value.read(3, [&](const counted& seen) {
    for (int i = 2; i < 10; ++i)
      value.replace(std::make_unique<const counted>(alive, i));
    CHECK(seen.value_ == 1);
    CHECK(value.retired() == 8);
    CHECK(value.read(4, [](const counted& now) { return now.value_; }) == 9);
  });
  value.replace(std::make_unique<const counted>(alive, 10));
  CHECK(alive == 1);
}

TEST_CASE("whoever replaces waits for a reader rather than keep more and more") {
  std::atomic<int> alive = 0;
  published<counted> value{std::make_unique<const counted>(alive, 0)};
  std::atomic<int> replaced = 0;
  std::atomic<bool> inside = false, left = false;
  std::thread reader{[&] {
    value.read(5, [&](const counted&) {
      inside = true;
      inside.notify_all();
      while (replaced < static_cast<int>(published<counted>::most_retired))
        std::this_thread::yield();
      left = true;
    });
  }};
  inside.wait(false);
  for (int i = 1; i <= 100; ++i) {
    value.replace(std::make_unique<const counted>(alive, i));
    ++replaced;
    CHECK((left || i <= static_cast<int>(published<counted>::most_retired)));
  }
  CHECK(left);
  reader.join();
  CHECK(value.retired() <= published<counted>::most_retired);
}

TEST_CASE("calls are chosen while peers, members and the registry change") {
  known_cluster cluster;
  std::atomic<bool> stop = false;
  std::atomic<int> chosen = 0, refused = 0, strange = 0;
  std::vector<std::thread> choosers;
  for (int i = 0; i < 3; ++i)
    choosers.emplace_back([&] {
      auto call = make_call(cluster.caller);
      std::vector<call_end_ptr> failed;
      while (!stop) {
        auto end = failed.empty() ? cluster.route.choose(*call) : cluster.route.choose_other(*call, failed);
        failed.clear();
        if (!end) {
          ++refused;
          if (end.error().code() != status_code::unavailable) ++strange;
        } else {
          ++chosen;
          failed.push_back(*end);
          if (dynamic_cast<const peer*>(end->get())->node().substr(0, 5) != "node-") ++strange;
        }
      }
    });
  for (int round = 1; round <= 300 || chosen == 0 || refused == 0; ++round) {
    const auto process = static_cast<std::uint64_t>(round);
    std::vector<peer_ptr> peers;
    for (int i = 0; i < 3; ++i) {
      const auto name = "node-" + std::to_string(i);
      cluster.join(name, process);
      peers.push_back(cluster.connect(name, process));
      cluster.play(name, process, entry(service_health::ready));
    }
    cluster.play("node-1", process, entry(service_health::draining));
    cluster.directory.on_peer_draining(peers[2]);
    for (const auto& each : peers)
      cluster.disconnect(each);
    std::this_thread::yield();
  }
  stop = true;
  for (auto& each : choosers)
    each.join();
  CHECK(strange == 0);
}
