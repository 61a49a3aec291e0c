// Named actors on real nodes that talk over loopback, with registries that the test spreads.
#include "actors/host/node.hpp"
#include "discovery/actor_names/actor_names.hpp"
#include "hand_gossip.hpp"
#include "runtime/environment/real_environment.hpp"

#include <caf/all.hpp>

#include <future>
#include <thread>

using namespace names_test;
using namespace std::chrono_literals;

namespace {

using leave_atom = caf::atom_constant<caf::atom("leave")>;

caf::behavior next_number(caf::event_based_actor* self, int step) {
  return {[step](int from) { return from + step; }, [self](leave_atom) { self->quit(); }};
}

struct a_node {
  a_node(const std::string& name, real_environment& world, const std::vector<a_node*>& peers = {},
         actor_names_limits limits = {})
    : names(name, limits) {
    node_options how;
    how.name = name;
    how.scheduler_threads = 2;
    how.link.emplace();
    how.link->incarnation = 0;
    how.link->first_redial = 10ms;
    for (auto* each : peers)
      how.peers.push_back(each->address());
    auto made = node::start(std::move(how), world.get(), nullptr, nullptr, {});
    REQUIRE(made.has_value());
    inner = std::move(*made);
  }
  ~a_node() {
    names.disconnect();
    for (auto& each : spawned)
      caf::anon_send_exit(each, caf::exit_reason::kill);
  }
  std::string address() { return inner->link()->local_address()->to_string(); }
  caf::actor spawn(int step = 1) {
    spawned.push_back(inner->system().spawn(next_number, step));
    return spawned.back();
  }
  int ask(const caf::actor& whom, int what) {
    caf::scoped_actor self{inner->system()};
    int answer = -1;
    self->request(whom, 60s, what).receive([&](int value) { answer = value; }, [](caf::error&) {});
    return answer;
  }
  bool connected(std::size_t peers) {
    return eventually([&] {
      std::size_t count = 0;
      for (const auto& each : inner->link()->peers())
        count += each.connected ? 1 : 0;
      return count == peers;
    });
  }
  // Asks again and again; only for what has no event to wait for.
  static bool eventually(const std::function<bool()>& condition) {
    std::promise<void> never;
    auto nothing = never.get_future();
    for (int i = 0; i < 60'000; ++i) {
      if (condition()) return true;
      nothing.wait_for(2ms);
    }
    return false;
  }

  std::unique_ptr<node> inner;
  std::vector<caf::actor> spawned;
  actor_names names;
};

// What a listener was told: how many actors each time, and the last of them. Shared with the listener, because
// a call that another thread has begun may outlive the names, and so the test.
class listings {
public:
  ~listings() {
    std::lock_guard lock{all_->mutex};
    all_->over = true;
    all_->latest.clear();
  }
  actor_names::listener listener() {
    return [all = all_](const std::vector<caf::actor>& now) {
      std::lock_guard lock{all->mutex};
      if (all->over) return;
      all->counts.push_back(now.size());
      all->latest = now;
    };
  }
  std::vector<std::size_t> seen() {
    std::lock_guard lock{all_->mutex};
    return all_->counts;
  }
  std::vector<caf::actor> latest() {
    std::lock_guard lock{all_->mutex};
    return all_->latest;
  }

private:
  struct told {
    std::mutex mutex;
    bool over = false;
    std::vector<std::size_t> counts;
    std::vector<caf::actor> latest;
  };
  std::shared_ptr<told> all_ = std::make_shared<told>();
};

struct three_nodes {
  real_environment world{{.seed = 5}};
  a_node ann{"ann", world};
  a_node bob{"bob", world, {&ann}};
  a_node cid{"cid", world, {&ann, &bob}};
  hand_gossip gossip;
  three_nodes() {
    std::uint64_t process = 0;
    for (auto* each : {&ann, &bob, &cid}) {
      REQUIRE(each->connected(2));
      REQUIRE(
        each->names.connect(*each->inner->link(), gossip.join(each->inner->name(), ++process, each->names))
          .ok());
    }
  }
};

} // namespace

TEST_CASE("names on one node: several actors share one, and lose it when they end") {
  real_environment world{{.seed = 5}};
  a_node ann{"ann", world};
  const auto first = ann.spawn(), second = ann.spawn();
  CHECK(ann.names.find("printer").empty());
  CHECK_FALSE(ann.names.find_one("printer"));
  CHECK(ann.names.register_actor("printer", first).ok());
  CHECK(ann.names.register_actor("printer", second).ok());
  CHECK(ann.names.register_actor("printer", first).ok());
  CHECK(ann.names.register_actor("scanner", first).ok());
  CHECK(ann.names.find("printer") == std::vector{first, second});
  const auto one = ann.names.find_one("printer"), other = ann.names.find_one("printer");
  CHECK(one != other);
  ann.names.unregister_actor("printer", second);
  ann.names.unregister_actor("printer", second);
  ann.names.unregister_actor("nobody", second);
  CHECK(ann.names.find("printer") == std::vector{first});
  listings seen;
  REQUIRE(ann.names.watch("scanner", seen.listener()).has_value());
  caf::anon_send(first, leave_atom::value);
  CHECK(a_node::eventually([&] { return seen.seen() == std::vector<std::size_t>{1, 0}; }));
  CHECK(ann.names.find("printer").empty());
  CHECK(ann.names.find("scanner").empty());
}

TEST_CASE("what cannot have a name") {
  three_nodes nodes;
  const auto actor = nodes.ann.spawn();
  auto& names = nodes.ann.names;
  CHECK(names.register_actor("", actor).code() == status_code::invalid_argument);
  CHECK(names.register_actor(std::string(201, 'n'), actor).code() == status_code::invalid_argument);
  CHECK(names.register_actor(std::string(200, 'n'), actor).ok());
  CHECK(names.register_actor("a\nb", actor).code() == status_code::invalid_argument);
  CHECK(names.register_actor("\xFF", actor).code() == status_code::invalid_argument);
  CHECK(names.register_actor("printer", {}).code() == status_code::invalid_argument);
  CHECK(names.watch("", [](const auto&) {}).error().code() == status_code::invalid_argument);
  CHECK(names.register_actor("printer", actor).ok());
  nodes.gossip.spread();
  CHECK(nodes.bob.names.register_actor("printer", nodes.bob.names.find_one("printer"))
        == invalid_argument("the actor to be called printer is of another node, where it can be registered"));
  caf::anon_send(actor, leave_atom::value);
  CHECK(a_node::eventually([&] { return names.find("printer").empty(); }));
  CHECK(names.register_actor("printer", actor) == not_found("the actor to be called printer has ended"));
}

TEST_CASE("as many names as the limit says, and the numbers of those that go are used anew") {
  real_environment world{{.seed = 5}};
  a_node ann{"ann", world, {}, {.names_per_node = 3, .watches = 2}};
  hand_gossip gossip;
  REQUIRE(ann.names.connect(*ann.inner->link(), gossip.join("ann", 1, ann.names)).ok());
  const auto actor = ann.spawn();
  for (const auto* each : {"a", "b", "c"})
    CHECK(ann.names.register_actor(each, actor).ok());
  CHECK(ann.names.register_actor("d", actor).code() == status_code::resource_exhausted);
  for (int i = 0; i < 3000; ++i) {
    ann.names.unregister_actor(i == 0 ? "b" : "name-" + std::to_string(i - 1), actor);
    REQUIRE(ann.names.register_actor("name-" + std::to_string(i), actor).ok());
  }
  gossip.spread();
  CHECK(gossip.entries("ann") == 3);
  CHECK(ann.names.watch("a", [](const auto&) {}).has_value());
  const auto second = ann.names.watch("a", [](const auto&) {});
  CHECK(ann.names.watch("a", [](const auto&) {}).error().code() == status_code::resource_exhausted);
  ann.names.unwatch(*second);
  CHECK(ann.names.watch("a", [](const auto&) {}).has_value());
}

TEST_CASE("actors are found by name on other nodes, one's own first, and can be spoken to") {
  three_nodes nodes;
  int step = 0;
  for (auto* each : {&nodes.ann, &nodes.bob, &nodes.cid})
    CHECK(each->names.register_actor("printer", each->spawn(++step * 100)).ok());
  nodes.gossip.spread();
  step = 0;
  for (auto* each : {&nodes.ann, &nodes.bob, &nodes.cid}) {
    const auto found = each->names.find("printer");
    REQUIRE(found.size() == 3);
    CHECK(found[0] == each->spawned[0]);
    CHECK(each->names.find_one("printer") == each->spawned[0]);
    std::set<int> answers;
    for (const auto& actor : found)
      answers.insert(each->ask(actor, 1));
    CHECK(answers == std::set<int>{101, 201, 301});
  }
}

TEST_CASE("without one on its own node, a caller has the others in turn") {
  three_nodes nodes;
  CHECK(nodes.bob.names.register_actor("printer", nodes.bob.spawn()).ok());
  CHECK(nodes.cid.names.register_actor("printer", nodes.cid.spawn()).ok());
  nodes.gossip.spread();
  const auto one = nodes.ann.names.find_one("printer"), other = nodes.ann.names.find_one("printer");
  CHECK(one);
  CHECK(one != other);
  CHECK(nodes.ann.names.find_one("printer") == one);
}

TEST_CASE("an actor that ends is gone everywhere, by the link and by the gossip") {
  three_nodes nodes;
  const auto actor = nodes.bob.spawn();
  CHECK(nodes.bob.names.register_actor("printer", actor).ok());
  nodes.gossip.spread();
  listings seen;
  REQUIRE(nodes.ann.names.watch("printer", seen.listener()).has_value());
  CHECK(seen.seen() == std::vector<std::size_t>{1});
  caf::anon_send(actor, leave_atom::value);
  CHECK(a_node::eventually([&] { return nodes.ann.names.find("printer").empty(); }));
  CHECK(a_node::eventually([&] { return nodes.bob.names.find("printer").empty(); }));
  // The registry says nothing of it yet, and so it was looked up anew.
  for (int i = 0; i < 1000; ++i)
    CHECK(nodes.ann.names.find("printer").empty());
  CHECK(a_node::eventually([&] {
    nodes.gossip.spread();
    return seen.seen() == std::vector<std::size_t>{1, 0};
  }));
}

TEST_CASE("a node that is gone takes its names with it") {
  three_nodes nodes;
  CHECK(nodes.cid.names.register_actor("printer", nodes.cid.spawn()).ok());
  nodes.gossip.spread();
  CHECK(nodes.ann.names.find("printer").size() == 1);
  nodes.gossip.leave("cid");
  nodes.cid.names.disconnect();
  nodes.gossip.spread();
  CHECK(nodes.ann.names.find("printer").empty());
}

TEST_CASE("actors of a node that is not connected are left out until it is") {
  real_environment world{{.seed = 5}};
  a_node ann{"ann", world}, bob{"bob", world};
  hand_gossip gossip;
  REQUIRE(ann.names.connect(*ann.inner->link(), gossip.join("ann", 1, ann.names)).ok());
  REQUIRE(bob.names.connect(*bob.inner->link(), gossip.join("bob", 1, bob.names)).ok());
  CHECK(bob.names.register_actor("printer", bob.spawn(7)).ok());
  gossip.spread();
  listings seen;
  REQUIRE(ann.names.watch("printer", seen.listener()).has_value());
  CHECK(ann.names.find("printer").empty());
  for (std::size_t round = 1; round <= 3; ++round) {
    REQUIRE(ann.inner->link()->keep_connected(bob.address()).ok());
    REQUIRE(ann.connected(1));
    ann.names.on_peers_changed();
    ann.names.on_peers_changed();
    REQUIRE(seen.seen().size() == 2 * round);
    CHECK(seen.seen().back() == 1);
    // A handle of the connection before would have ended with it.
    CHECK(ann.ask(seen.latest()[0], round) == static_cast<int>(round) + 7);
    CHECK(ann.names.find("printer").size() == 1);
    ann.inner->link()->forget(bob.address());
    REQUIRE(ann.connected(0));
    CHECK(ann.names.find("printer").empty());
    ann.names.on_peers_changed();
    CHECK(seen.seen().size() == 2 * round + 1);
  }
}

TEST_CASE("what was registered before there was a cluster is told when there is") {
  real_environment world{{.seed = 5}};
  a_node ann{"ann", world};
  a_node bob{"bob", world, {&ann}};
  REQUIRE(ann.connected(1));
  REQUIRE(bob.connected(1));
  CHECK(ann.names.register_actor("printer", ann.spawn()).ok());
  hand_gossip gossip;
  REQUIRE(bob.names.connect(*bob.inner->link(), gossip.join("bob", 1, bob.names)).ok());
  REQUIRE(ann.names.connect(*ann.inner->link(), gossip.join("ann", 1, ann.names)).ok());
  gossip.spread();
  CHECK(bob.names.find("printer").size() == 1);
  bob.names.disconnect();
  CHECK(bob.names.find("printer").empty());
}

TEST_CASE("a listener hears of changes of its name only, once each, until it is taken away") {
  three_nodes nodes;
  listings seen;
  const auto watch = nodes.ann.names.watch("printer", seen.listener());
  REQUIRE(watch.has_value());
  CHECK(seen.seen() == std::vector<std::size_t>{0});
  CHECK(nodes.bob.names.register_actor("scanner", nodes.bob.spawn()).ok());
  nodes.gossip.spread();
  CHECK(seen.seen().size() == 1);
  CHECK(nodes.bob.names.register_actor("printer", nodes.bob.spawn()).ok());
  CHECK(nodes.cid.names.register_actor("printer", nodes.cid.spawn()).ok());
  nodes.gossip.spread();
  nodes.gossip.spread();
  CHECK(seen.seen() == std::vector<std::size_t>{0, 2});
  const auto mine = nodes.ann.spawn();
  CHECK(nodes.ann.names.register_actor("printer", mine).ok());
  CHECK(seen.seen() == std::vector<std::size_t>{0, 2, 3});
  nodes.ann.names.unwatch(*watch);
  nodes.ann.names.unwatch(*watch);
  nodes.ann.names.unregister_actor("printer", mine);
  CHECK(seen.seen().size() == 3);
}

TEST_CASE("a listener may register, find, watch and take itself away") {
  real_environment world{{.seed = 5}};
  a_node ann{"ann", world};
  const auto actor = ann.spawn();
  int calls = 0;
  listings inner;
  std::optional<actor_watch> own;
  const auto made = ann.names.watch("first", [&](const std::vector<caf::actor>& now) {
    if (++calls == 2) {
      CHECK(ann.names.find("first") == now);
      CHECK(ann.names.register_actor("second", actor).ok());
      CHECK(ann.names.watch("second", inner.listener()).has_value());
      ann.names.unwatch(*own);
    }
  });
  own = *made;
  CHECK(ann.names.register_actor("first", actor).ok());
  CHECK(calls == 2);
  CHECK(inner.seen() == std::vector<std::size_t>{1});
  ann.names.unregister_actor("first", actor);
  CHECK(calls == 2);
}

TEST_CASE("many threads register actors that end, while others look") {
  real_environment world{{.seed = 5}};
  a_node ann{"ann", world, {}, {.names_per_node = 1000}};
  std::atomic<bool> stop = false;
  std::atomic<int> refused = 0;
  std::thread reader{[&] {
    while (!stop)
      for (const auto& each : ann.names.find("short"))
        ann.names.unregister_actor("other", each);
  }};
  std::vector<std::thread> writers;
  for (int i = 0; i < 3; ++i)
    writers.emplace_back([&] {
      for (int k = 0; k < 300; ++k) {
        const auto actor = ann.inner->system().spawn(next_number, 1);
        caf::anon_send(actor, leave_atom::value);
        const auto outcome = ann.names.register_actor("short", actor);
        if (!outcome.ok() && outcome.code() != status_code::not_found) ++refused;
      }
    });
  for (auto& each : writers)
    each.join();
  CHECK(a_node::eventually([&] { return ann.names.find("short").empty(); }));
  stop = true;
  reader.join();
  CHECK(refused == 0);
}
