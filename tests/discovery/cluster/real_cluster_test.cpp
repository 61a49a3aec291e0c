// Members on the real network: loopback, ports that the system chooses, sealed gossip.
#include "discovery/cluster/cluster_member.hpp"
#include "runtime/environment/real_environment.hpp"
#include "runtime/telemetry/metrics.hpp"

#include <catch2/catch.hpp>

#include <array>
#include <atomic>
#include <condition_variable>
#include <mutex>
#include <string>
#include <thread>

using namespace troupe;
using namespace std::chrono_literals;

namespace {

gossip_key key_of(char last) {
  return gossip_key::parse("AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwd" + std::string(1, last) + "gA=").value();
}

// Wakes who waits for the cluster, on each news.
class news {
public:
  void tell() {
    const std::lock_guard hold{mutex_};
    changed_.notify_all();
  }
  bool wait(const std::function<bool()>& is_so) {
    std::unique_lock hold{mutex_};
    // Some of what is asked for has no news of its own. Time counts, not how much news there is.
    for (int quiet = 0; quiet < 600 && !is_so();)
      if (changed_.wait_for(hold, 100ms) == std::cv_status::timeout) ++quiet;
    return is_so();
  }

private:
  std::mutex mutex_;
  std::condition_variable changed_;
};

class node final : public cluster_listener {
public:
  node(const environment& world, news& told, const std::string& name, const std::vector<endpoint>& seeds,
       gossip_keyring ring, endpoint listen = {ip_address::loopback(), 0})
    : told_(told) {
    cluster_member_options options;
    options.cluster = "shop";
    options.node = name;
    options.transport.listen = listen;
    options.transport.keys = std::move(ring);
    options.membership.protocol_period = 200ms;
    options.membership.probe_timeout = 100ms;
    options.membership.gossip_interval = 40ms;
    options.membership.leave_linger = 300ms;
    for (const auto& each : seeds)
      options.seeds.entries.push_back(parse_seed_entry(each.to_string()).value());
    auto started = cluster_member::start(std::move(options), world, *this, nullptr, &numbers_);
    outcome = status_of(started);
    if (!started) return;
    member = std::move(*started);
    if (!member->publish(entry_of("orders")).ok()) outcome = internal("not published");
  }

  static service_entry entry_of(std::string service) {
    service_entry entry;
    entry.service = std::move(service);
    entry.health = service_health::ready;
    return entry;
  }

  void on_member(const member_event& what) override {
    if (what.kind == member_event_kind::left) ++left;
    told_.tell();
  }
  void on_services(const std::vector<registry_change>&, const registry_snapshot_ptr&) override {
    told_.tell();
  }
  void on_refused(const status&) override { told_.tell(); }
  void on_split_brain(const split_brain_decision&, split_brain_loss) override {}

  bool sees(std::size_t members, std::string_view service = "orders") const {
    const auto view = member->view();
    return view->living() == members && view->services->find(service).size() == members;
  }

  std::atomic<int> left = 0;
  status outcome;

private:
  metrics numbers_;
  news& told_;

public:
  std::unique_ptr<cluster_member> member; // ends first
};

// Members that all have the first for a seed.
struct cluster {
  explicit cluster(std::size_t members) {
    for (std::size_t i = 0; i < members; ++i)
      add();
  }
  void add() {
    std::vector<endpoint> seeds;
    if (!nodes.empty()) seeds.push_back(nodes.front()->member->address());
    nodes.push_back(std::make_unique<node>(real.get(), told, "node-" + std::to_string(nodes.size()), seeds,
                                           gossip_keyring{key_of('h')}));
    REQUIRE(nodes.back()->outcome.ok());
  }
  bool all_see(std::size_t members, std::string_view service = "orders") {
    return told.wait([&] {
      for (const auto& each : nodes)
        if (each && !each->sees(members, service)) return false;
      return true;
    });
  }

  real_environment real;
  news told; // outlives the nodes
  std::vector<std::unique_ptr<node>> nodes;
};

} // namespace

TEST_CASE("five members on loopback; one that ends without a word is known to be dead, one that leaves to "
          "have left") {
  cluster five{5};
  REQUIRE(five.all_see(5));
  five.nodes[2].reset();
  REQUIRE(five.told.wait([&] {
    for (const auto& each : five.nodes)
      if (each && each->member->view()->find("node-2")->state != member_state::dead) return false;
    return true;
  }));
  REQUIRE(five.all_see(4));
  // The last one leaves.
  std::atomic<bool> gone = false;
  five.nodes[4]->member->leave([&] {
    gone = true;
    five.told.tell();
  });
  REQUIRE(five.told.wait([&] { return gone.load(); }));
  CHECK(five.nodes[4]->member->view()->phase == cluster_phase::left);
  five.nodes[4].reset();
  REQUIRE(five.all_see(3));
  // The view may be there before its listener is told.
  CHECK(five.told.wait([&] {
    for (const auto& each : five.nodes)
      if (each && each->left != 1) return false;
    return true;
  }));
  // And a new process takes the first one's place.
  five.add();
  REQUIRE(five.all_see(4));
}

TEST_CASE("keys change while members talk, and who has other keys stays alone") {
  cluster three{3};
  REQUIRE(three.all_see(3));
  node stranger{three.real.get(),
                three.told,
                "stranger",
                {three.nodes[0]->member->address()},
                gossip_keyring{key_of('k')}};
  REQUIRE(stranger.outcome.ok());
  gossip_keyring both{key_of('h')};
  REQUIRE(both.add(key_of('i')).ok());
  auto other_way = both;
  REQUIRE(other_way.use(key_of('i').fingerprint()).ok());
  const gossip_keyring fresh{key_of('i')};
  int step = 0;
  for (const auto& ring : {both, other_way, fresh}) {
    for (auto& each : three.nodes)
      REQUIRE(each->member->change_keys(ring).ok());
    const auto service = "after.step." + std::to_string(++step);
    for (auto& each : three.nodes)
      REQUIRE(each->member->publish(node::entry_of(service)).ok());
    REQUIRE(three.all_see(3, service));
  }
  CHECK(stranger.member->view()->phase == cluster_phase::joining);
  CHECK(three.told.wait([&] { return stranger.sees(1); }));
  // With the key it is one of them.
  REQUIRE(stranger.member->change_keys(fresh).ok());
  CHECK(three.told.wait([&] { return stranger.sees(4); }));
}

TEST_CASE("members begin and end at any time, with callers on other threads") {
  cluster two{2};
  for (int round = 0; round < 10; ++round) {
    node brief{
      two.real.get(), two.told, "brief", {two.nodes[0]->member->address()}, gossip_keyring{key_of('h')}};
    REQUIRE(brief.outcome.ok());
    std::vector<std::thread> callers;
    for (int which = 0; which < 3; ++which)
      callers.emplace_back([&brief, which] {
        for (std::uint32_t i = 0; i < 200; ++i) {
          static_cast<void>(brief.member->publish(node::entry_of("s" + std::to_string(i % 7))));
          brief.member->set_load("orders", i);
          brief.member->set_health(i % 2 == 0 ? service_health::ready : service_health::draining);
          brief.member->withdraw("s" + std::to_string((i + 3) % 7));
          static_cast<void>(brief.member->set_metadata_value("caller", std::to_string(which)));
          static_cast<void>(brief.member->view()->living());
        }
      });
    if (round % 3 == 1) brief.member->leave([] {});
    for (auto& each : callers)
      each.join();
    if (round % 3 == 2) brief.member->leave([] {});
  }
  REQUIRE(two.all_see(2));
}

TEST_CASE("a port that is taken is said to be") {
  cluster one{1};
  node second{
    one.real.get(), one.told, "second", {}, gossip_keyring{key_of('h')}, one.nodes[0]->member->local()};
  CHECK(second.outcome.code() == status_code::already_exists);
}
