// Who takes a call, by what the link, the membership and the registry say.
#include "known_cluster.hpp"

#include <algorithm>

using namespace directory_test;
using names = std::set<std::string>;

TEST_CASE("a peer that the membership does not know counts by its greeting") {
  known_cluster cluster;
  const auto ann = cluster.connect("ann");
  CHECK(cluster.chosen() == "ann/1");
  cluster.connect("bob", 1, {"test.Other"});
  CHECK(cluster.all_chosen() == names{"ann/1"});
  cluster.directory.on_peer_draining(ann);
  CHECK(cluster.refusal() == "no instance of test.Calls takes calls: ann is stopping");
  cluster.disconnect(ann);
  CHECK(
    cluster.refusal()
    == "no instance of test.Calls takes calls: the connection to ann ended just now (connection refused)");
}

TEST_CASE("what is said of a process, its connection and its health decide together") {
  for (const bool connected : {false, true})
    for (const bool is_member : {false, true})
      for (const bool is_stopping : {false, true})
        for (const bool same_process : {false, true})
          for (const int health : {-1, 0, 1, 2, 3}) {
            known_cluster cluster;
            if (is_member) cluster.join("ann", 7);
            if (connected) {
              const auto ann = cluster.connect("ann", same_process ? 7 : 8);
              if (is_stopping) cluster.directory.on_peer_draining(ann);
            }
            if (is_member && health >= 0) cluster.play("ann", 7, entry(static_cast<service_health>(health)));
            const bool open = connected && !is_stopping;
            const bool by_registry = is_member && same_process
                                     && (health == static_cast<int>(service_health::ready)
                                         || health == static_cast<int>(service_health::draining));
            CAPTURE(connected, is_member, is_stopping, same_process, health);
            const auto chosen = cluster.chosen();
            CHECK(chosen == (open && (!is_member || by_registry) ? same_process ? "ann/7" : "ann/8" : ""));
          }
}

TEST_CASE("the order of events does not matter: registry, membership, connection") {
  std::vector<int> order{0, 1, 2};
  do {
    known_cluster cluster;
    cluster.mine.member_up("ann", 3);
    REQUIRE(cluster.mine.apply(**cluster.theirs("ann", 3).publish(entry(service_health::ready))).ok());
    for (const int step : order) {
      if (step == 0) cluster.connect("ann", 3);
      if (step == 1) cluster.directory.on_member(member("ann", 3));
      if (step == 2) cluster.tell();
    }
    CHECK(cluster.chosen() == "ann/3");
  } while (std::next_permutation(order.begin(), order.end()));
}

TEST_CASE("draining nodes take calls only when nobody is ready") {
  known_cluster cluster;
  for (const auto* each : {"ann", "bob", "cid"}) {
    cluster.join(each);
    cluster.connect(each);
  }
  cluster.play("ann", 1, entry(service_health::draining));
  CHECK(cluster.all_chosen() == names{"ann/1"});
  cluster.play("bob", 1, entry(service_health::ready));
  CHECK(cluster.all_chosen() == names{"bob/1"});
  cluster.play("cid", 1, entry(service_health::starting));
  CHECK(cluster.all_chosen() == names{"bob/1"});
  cluster.play("cid", 1, entry(service_health::ready));
  CHECK(cluster.all_chosen() == names{"bob/1", "cid/1"});
  CHECK(cluster.directory.remote_services().at("test.Calls")
        == std::vector<std::string>{"bob", "cid", "ann"});
}

TEST_CASE(
  "an instance on this node takes calls before others, unless this node is draining and another is ready") {
  known_cluster cluster;
  cluster.join("ann");
  cluster.connect("ann");
  cluster.play("ann", 1, entry(service_health::ready));
  const auto instance = cluster.install();
  CHECK(cluster.chosen() == "me");
  cluster.play("me", 1, entry(service_health::ready));
  CHECK(cluster.chosen() == "me");
  cluster.play("me", 1, entry(service_health::draining));
  CHECK(cluster.chosen() == "ann/1");
  cluster.play("ann", 1, entry(service_health::draining));
  CHECK(cluster.chosen() == "me");
  cluster.play("me", 1, entry(service_health::ready));
  CHECK(cluster.chosen() == "me");
  // While it is being restarted others take its calls, and it holds them when there are none.
  instance->suspend(true, "it crashed");
  CHECK(cluster.chosen() == "ann/1");
  cluster.play("ann", 1, entry(service_health::unhealthy));
  CHECK(cluster.chosen() == "me");
  instance->suspend(false, "the test ends");
}

TEST_CASE("of two nodes the one with fewer open calls an instance takes the call") {
  known_cluster cluster;
  cluster.join("ann");
  cluster.join("bob");
  const auto ann = cluster.connect("ann");
  const auto bob = cluster.connect("bob");
  cluster.play("ann", 1, entry(service_health::ready, 1));
  cluster.play("bob", 1, entry(service_health::ready, 4));
  ann->set_open_calls(3);
  bob->set_open_calls(11);
  CHECK(cluster.all_chosen() == names{"bob/1"});
  bob->set_open_calls(13);
  CHECK(cluster.all_chosen() == names{"ann/1"});
  bob->set_open_calls(12);
  CHECK(cluster.all_chosen() == names{"ann/1", "bob/1"});
  cluster.play("bob", 1, entry(service_health::ready, 0)); // counts as one
  CHECK(cluster.all_chosen() == names{"ann/1"});
}

TEST_CASE("calls spread over many nodes, and over each pair of them") {
  known_cluster cluster;
  std::vector<peer_ptr> peers;
  for (int i = 0; i < 7; ++i)
    peers.push_back(cluster.connect("node-" + std::to_string(i)));
  for (int i = 0; i < 700; ++i)
    (*cluster.choose())->deliver({.call = cluster.what, .kind = frame_kind::request});
  for (const auto& each : peers)
    CHECK((each->open_calls() >= 95 && each->open_calls() <= 105));
}

TEST_CASE("a call that failed goes to another when there is one") {
  known_cluster cluster;
  for (const auto* each : {"ann", "bob", "cid"})
    cluster.join(each);
  const call_end_ptr ann = cluster.connect("ann"), bob = cluster.connect("bob"), cid = cluster.connect("cid");
  cluster.play("ann", 1, entry(service_health::ready));
  cluster.play("bob", 1, entry(service_health::ready));
  const auto chosen = [&](std::vector<call_end_ptr> failed) {
    names out;
    for (int i = 0; i < 50; ++i)
      out.insert(cluster.name_of(cluster.choose_other(failed)));
    return out;
  };
  CHECK(chosen({}) == names{"ann/1", "bob/1"});
  CHECK(chosen({ann}) == names{"bob/1"});
  CHECK(chosen({bob}) == names{"ann/1"});
  CHECK(chosen({ann, bob}) == names{"ann/1", "bob/1"});
  // A draining one is better than one that has failed the call.
  cluster.play("cid", 1, entry(service_health::draining));
  CHECK(chosen({ann}) == names{"bob/1"});
  CHECK(chosen({ann, bob}) == names{"cid/1"});
  CHECK(chosen({ann, bob, cid}) == names{"ann/1", "bob/1"});
  // So is an instance on this node.
  const auto here = cluster.install();
  CHECK(chosen({ann}) == names{"me"});
  CHECK(chosen({here}) == names{"ann/1", "bob/1"});
  CHECK(chosen({here, ann}) == names{"bob/1"});
  cluster.play("me", 1, entry(service_health::draining));
  CHECK(chosen({ann}) == names{"bob/1"});
  CHECK(chosen({ann, bob}) == names{"me"});
  CHECK(chosen({ann, bob, here}) == names{"cid/1"});
}

TEST_CASE("of several instances on this node one that is up and has not failed the call takes it again") {
  known_cluster cluster;
  const auto first = cluster.install(), second = cluster.install(), down = cluster.install(false);
  CHECK(*cluster.choose_other({first}) == second);
  CHECK(*cluster.choose_other({second}) == first);
  CHECK(cluster.choose_other({first, second}).has_value());
  CHECK(*cluster.local.route("test.Calls").choose_other(*cluster.what, std::vector<call_end_ptr>{first})
        == second);
}

TEST_CASE("a restarted node takes calls when the registry speaks of its new process") {
  known_cluster cluster;
  cluster.join("ann", 1);
  const auto old = cluster.connect("ann", 1);
  cluster.play("ann", 1, entry(service_health::ready));
  const auto anew = cluster.connect("ann", 2);
  cluster.disconnect(old, aborted("another connection took its place"));
  CHECK(cluster.refusal()
        == "no instance of test.Calls takes calls: ann has restarted and has not yet said what it plays");
  cluster.join("ann", 2);
  cluster.play("ann", 2, entry(service_health::starting));
  CHECK(cluster.refusal() == "no instance of test.Calls takes calls: ann plays it but is starting");
  cluster.play("ann", 2, entry(service_health::ready));
  CHECK(cluster.chosen() == "ann/2");
}

TEST_CASE("a route that is asked for late knows what was said before") {
  known_cluster cluster;
  cluster.join("ann");
  cluster.connect("ann", 1, {"test.Late"});
  cluster.play("ann", 1, entry(service_health::ready, 1, "test.Late"));
  CHECK(cluster.name_of(cluster.directory.route("test.Late").choose(*cluster.what)) == "ann/1");
}

TEST_CASE("members that are gone are forgotten when there are too many, the longest gone first") {
  known_cluster cluster;
  for (int i = 0; i < 1030; ++i) {
    cluster.time.advance(std::chrono::seconds{1});
    cluster.directory.on_member(member("gone-" + std::to_string(i), 1, member_state::dead));
  }
  // Whoever was forgotten counts by its greeting.
  cluster.connect("gone-5");
  CHECK(cluster.chosen() == "gone-5/1");
  cluster.connect("gone-6");
  CHECK(cluster.all_chosen() == names{"gone-5/1"});
}
