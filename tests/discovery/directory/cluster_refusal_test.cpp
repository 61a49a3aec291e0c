// What callers are told when nobody takes calls for a service.
#include "known_cluster.hpp"

using namespace directory_test;
using namespace std::chrono_literals;

TEST_CASE("a service that nobody ever played") {
  known_cluster cluster;
  CHECK(cluster.refusal()
        == "no instance of test.Calls is known: no module on this node plays it, and no connected peer does");
}

TEST_CASE("what is known of each node that plays it, or did") {
  known_cluster cluster;
  for (const auto* each : {"node-2", "node-3", "node-4", "node-5"})
    cluster.join(each);
  cluster.connect("node-2");
  cluster.play("node-2", 1, entry(service_health::starting));
  cluster.play("node-3", 1, entry(service_health::draining));
  const auto four = cluster.connect("node-4");
  cluster.play("node-4", 1, entry(service_health::ready));
  cluster.disconnect(four);
  cluster.lose("node-4", 1);
  cluster.time.advance(3s);
  CHECK(
    cluster.refusal()
    == "no instance of test.Calls takes calls: node-2 plays it but is starting, node-3 is draining and not "
       "connected, node-4 died 3 s ago (connection refused)");
}

TEST_CASE("each thing that may be known of a node") {
  known_cluster cluster;
  cluster.join("ann");
  const std::string before = "no instance of test.Calls takes calls: ";
  cluster.play("ann", 1, entry(service_health::ready));
  CHECK(cluster.refusal() == before + "ann is ready but not connected");
  auto ann = cluster.connect("ann");
  cluster.disconnect(ann);
  CHECK(cluster.refusal() == before + "ann is ready but not connected (connection refused)");
  ann = cluster.connect("ann");
  cluster.play("ann", 1, entry(service_health::unhealthy));
  CHECK(cluster.refusal() == before + "ann plays it but is unhealthy");
  cluster.directory.on_peer_draining(ann);
  CHECK(cluster.refusal() == before + "ann is stopping");
  cluster.give_up("ann", 1);
  CHECK(cluster.refusal() == before + "ann is stopping");
  cluster.disconnect(ann, {});
  cluster.time.advance(200s);
  CHECK(cluster.refusal() == before + "ann gave it up 3 min ago");
  ann = cluster.connect("ann");
  CHECK(cluster.refusal() == before + "ann is connected but has not said that it plays it");
  cluster.disconnect(ann, {});
  cluster.lose("ann", 1, member_state::left);
  cluster.time.advance(3h);
  CHECK(cluster.refusal() == before + "ann left 3 h ago");
}

TEST_CASE("without a clock nothing is said of times") {
  static_directory local;
  cluster_directory directory{local};
  peer_ptr ann{new peer{"ann", 1}};
  directory.on_peer_up(ann, announces({"test.Calls"}));
  directory.on_peer_down(ann, unavailable("reset"));
  const auto outcome = directory.route("test.Calls").choose(*make_call(recorded_end_ptr{new recorded_end}));
  CHECK(outcome.error().message()
        == "no instance of test.Calls takes calls: the connection to ann ended (reset)");
}

TEST_CASE("a refusal stays short, however many nodes and however long their last words") {
  known_cluster cluster;
  for (int i = 0; i < 100; ++i) {
    const auto name = "node-" + std::to_string(100 + i);
    cluster.join(name);
    cluster.play(name, 1, entry(service_health::starting));
  }
  CHECK(
    cluster.refusal()
    == "no instance of test.Calls takes calls: node-100 plays it but is starting, node-101 plays it but is "
       "starting, node-102 plays it but is starting, node-103 plays it but is starting, node-104 plays it "
       "but is "
       "starting, and 95 more");
  known_cluster other;
  for (int i = 0; i < 20; ++i) // the latest are named, and only some are kept
    other.disconnect(other.connect("node-" + std::to_string(i)), unavailable("{}", std::string(5000, 'x')));
  const auto why = other.refusal();
  CHECK(why.size() < 1200);
  CHECK_THAT(why,
             Catch::Contains("node-19") && Catch::Contains("node-15") && Catch::EndsWith(", and 3 more"));
}
