#include "apps/launcher/cluster_supervisor.hpp"

#include <catch2/catch.hpp>
#include <fmt/format.h>

#include <csignal>

using namespace troupe;
using namespace troupe::launcher;
using namespace std::chrono_literals;

namespace {

// A supervisor and its clock; what it does, as texts.
class cluster {
public:
  explicit cluster(std::vector<std::string> names, supervisor_options options = {}, std::uint64_t seed = 1)
    : core(std::move(names), options, random_source{seed}) {}

  using done = std::vector<std::string>;

  done begin() { return told(core.begin(now)); }
  done serves(std::size_t node) {
    const auto base = static_cast<std::uint16_t>(1000 * (node + 1) + 10 * core.nodes()[node].starts);
    return told(core.serves(node,
                            {base, static_cast<std::uint16_t>(base + 1), static_cast<std::uint16_t>(base + 2),
                             static_cast<std::uint16_t>(base + 3), static_cast<std::uint16_t>(base + 4)},
                            now));
  }
  done ends(std::size_t node, int code) { return told(core.ended(node, {code, 0}, now)); }
  done dies(std::size_t node, int signal = SIGKILL) { return told(core.ended(node, {0, signal}, now)); }
  done stop() { return told(core.stop(now)); }
  done restart(std::size_t node) { return told(core.restart(node, now)); }
  done after(duration time) {
    now += time;
    return told(core.tick(now));
  }
  // Lets all serve.
  void settle() {
    begin();
    for (std::size_t node = 0; node < core.nodes().size(); ++node)
      serves(node);
  }
  node_phase phase(std::size_t node) const { return core.nodes()[node].phase; }

  cluster_supervisor core;
  monotonic_time now{1h};

private:
  done told(const supervisor_actions& actions) {
    done out;
    for (const auto& each : actions) {
      if (const auto* start = std::get_if<start_node>(&each)) {
        std::string text = "start " + core.nodes()[start->node].name;
        for (const auto& seed : start->seeds)
          text += " " + seed.substr(seed.find(':') + 1);
        if (start->keep != node_ports{})
          text += fmt::format(" keep {},{},{},{},{}", start->keep.http, start->keep.grpc, start->keep.admin,
                              start->keep.link, start->keep.gossip);
        out.push_back(text);
        core.started(start->node, ++pid_, now);
      } else if (const auto* signal = std::get_if<signal_node>(&each)) {
        out.push_back(fmt::format("signal {} {}", core.nodes()[signal->node].name, signal->signal));
      } else if (const auto* line = std::get_if<tell>(&each)) {
        out.push_back((line->warning ? "warn: " : "say: ") + line->text);
      } else if (std::holds_alternative<all_serve>(each)) {
        out.emplace_back("all serve");
      } else {
        out.push_back(fmt::format("finish {}", std::get<finish>(each).exit_code));
      }
    }
    return out;
  }

  int pid_ = 100;
};

using done = cluster::done;

} // namespace

TEST_CASE("the first node starts alone, the others with it as their seed") {
  cluster c{{"a", "b", "c"}};
  CHECK(c.begin() == done{"start a"});
  CHECK(c.core.nodes()[0].pid == 101);
  CHECK(c.serves(0) == done{"start b 1014", "start c 1014"});
  CHECK(c.serves(2) == done{});
  CHECK(c.serves(1) == done{"all serve"});
  CHECK(c.core.next_time() == std::nullopt);
  // Told again it changes nothing.
  CHECK(c.serves(1) == done{});
}

TEST_CASE("when the first node fails before it serves, the next one goes first") {
  cluster c{{"a", "b"}};
  c.begin();
  CHECK(c.ends(0, 3) == done{"warn: a ended with exit code 3: it could not start; again in 1s", "start b"});
  CHECK(c.after(1s) == done{}); // not at the same time as b
  CHECK(c.serves(1) == done{"start a 2014"});
  CHECK(c.serves(0) == done{"all serve"});
}

TEST_CASE("nodes that are all gone come back one after the other") {
  cluster c{{"a", "b"}};
  c.settle();
  CHECK(c.dies(0) == done{"warn: a ended with signal 9; again in 1s"});
  CHECK(c.dies(1) == done{"warn: b ended with signal 9; again in 1s"});
  CHECK(c.after(1s) == done{"start a keep 1010,1011,1012,0,0"});
  CHECK(c.after(1s) == done{});
  CHECK(c.serves(0)
        == done{"say: a serves again, http://127.0.0.1:1020", "start b 1024 keep 2010,2011,2012,0,0"});
}

TEST_CASE("a node that comes back has its doors again, unless it could not start with them") {
  cluster c{{"a", "b"}};
  c.settle();
  c.dies(1);
  CHECK(c.after(1s) == done{"start b 1014 keep 2010,2011,2012,0,0"});
  CHECK(c.ends(1, 3) == done{"warn: b ended with exit code 3: it could not start; again in 2s"});
  CHECK(c.after(2s) == done{"start b 1014"});
}

TEST_CASE("pauses double up to the longest, and too many failures in a row end them") {
  cluster c{{"a", "b"}, {.restart = {1s, 3s, 10s, 5}}};
  c.settle();
  for (const auto pause : {1s, 2s, 3s, 3s}) {
    CAPTURE(pause.count());
    CHECK(c.dies(1, SIGSEGV)
          == done{fmt::format("warn: b ended with signal 11; again in {}s", pause.count())});
    CHECK(c.phase(1) == node_phase::pausing);
    CHECK(c.core.next_time() == c.now + pause);
    CHECK(c.after(pause - 1ms) == done{});
    CHECK(c.after(1ms).size() == 1);
  }
  CHECK(c.dies(1, SIGSEGV)
        == done{"warn: b ended with signal 11; it is given up after 5 failures in a row, none of which "
                "served for 10s"});
  CHECK(c.phase(1) == node_phase::given_up);
  CHECK(c.core.nodes()[1].starts == 5);
  CHECK(c.after(1h) == done{});
  CHECK(c.stop() == done{"say: stopping all nodes; Ctrl-C again kills them", "signal a 15"});
  CHECK(c.ends(0, 0) == done{"finish 1"});
}

TEST_CASE("who has served long enough has no earlier failures any more") {
  cluster c{{"a", "b"}, {.restart = {1s, 30s, 10s, 2}}};
  c.settle();
  c.dies(1);
  c.after(1s);
  c.serves(1);
  c.after(10s);
  CHECK(c.dies(1) == done{"warn: b ended with signal 9; again in 1s"});
  CHECK(c.core.nodes()[1].failures == 1);
  // Long in starting does not count as having served.
  c.after(1s);
  c.after(20s);
  CHECK(
    c.dies(1)[0]
    == "warn: b ended with signal 9; it is given up after 2 failures in a row, none of which served for 10s");
}

TEST_CASE("without a bound on attempts a node is never given up") {
  cluster c{{"a", "b"}, {.restart = {1s, 1s, 10s, 0}}};
  c.settle();
  for (int failure = 0; failure < 1000; ++failure) {
    c.dies(1);
    REQUIRE(c.after(1s).size() == 1);
  }
}

TEST_CASE("exit codes decide whether a node is started again") {
  struct row {
    int code;
    node_phase then;
    std::string line;
  };
  for (const auto& [code, then, line] :
       {row{0, node_phase::stopped, "say: b has stopped; it is not started again"},
        row{1, node_phase::pausing, "warn: b ended with exit code 1: a module kept failing; again in 1s"},
        row{2, node_phase::given_up, "warn: b ended with exit code 2: wrong usage; it is not started again"},
        row{3, node_phase::pausing, "warn: b ended with exit code 3: it could not start; again in 1s"},
        row{4, node_phase::pausing, "warn: b ended with exit code 4: it was stopped at once; again in 1s"},
        row{5, node_phase::pausing, "warn: b ended with exit code 5: it must be started anew; again in 1s"},
        row{
          6, node_phase::given_up,
          "warn: b ended with exit code 6: a node of this name is running already; it is not started again"},
        row{99, node_phase::pausing, "warn: b ended with exit code 99; again in 1s"}}) {
    CAPTURE(code);
    cluster c{{"a", "b"}};
    c.settle();
    CHECK(c.ends(1, code) == done{line});
    CHECK(c.phase(1) == then);
    CHECK(c.core.nodes()[1].pid == 0);
    CHECK(c.core.nodes()[1].last_end == process_end{code, 0});
  }
}

TEST_CASE("when no node is left the cluster has ended") {
  cluster c{{"a", "b"}};
  c.settle();
  CHECK(c.ends(0, 0) == done{"say: a has stopped; it is not started again"});
  CHECK(c.ends(1, 0) == done{"say: b has stopped; it is not started again", "finish 0"});
  CHECK(c.stop() == done{"say: stopping all nodes; Ctrl-C again kills them"});
  cluster wrong{{"a"}};
  wrong.begin();
  CHECK(wrong.ends(0, 2).back() == "finish 1");
}

TEST_CASE("those that remain are announced when others have ended for good") {
  cluster c{{"a", "b"}};
  c.begin();
  c.serves(0);
  CHECK(c.ends(1, 2)
        == done{"warn: b ended with exit code 2: wrong usage; it is not started again", "all serve"});
}

TEST_CASE("stopping tells those that run, forgets those that wait, and kills at the second request") {
  cluster c{{"a", "b", "c", "d"}};
  c.begin();
  c.serves(0);
  c.serves(1);
  c.dies(2);
  CHECK(
    c.stop()
    == done{"say: stopping all nodes; Ctrl-C again kills them", "signal a 15", "signal b 15", "signal d 15"});
  CHECK(c.phase(2) == node_phase::stopped);
  CHECK(c.serves(3) == done{});
  CHECK(c.ends(0, 0) == done{});
  CHECK(c.stop() == done{"warn: killing all nodes", "signal b 9", "signal d 9"});
  CHECK(c.dies(1) == done{"warn: b ended with signal 9"});
  CHECK(c.ends(3, 0) == done{"finish 0"});
}

TEST_CASE("who does not stop in time is killed, once") {
  cluster c{{"a"}, {.stop_limit = 5s}};
  c.settle();
  c.stop();
  CHECK(c.core.next_time() == c.now + 5s);
  CHECK(c.after(4s) == done{});
  CHECK(c.after(1s) == done{"warn: a has not stopped after 5s; killing it", "signal a 9"});
  CHECK(c.after(10s) == done{});
  CHECK(c.dies(0) == done{"warn: a ended with signal 9", "finish 1"});
}

TEST_CASE("who does not serve in time is killed, and has failed") {
  cluster c{{"a", "b"}, {.start_limit = 5s}};
  c.begin();
  CHECK(c.core.next_time() == c.now + 5s);
  CHECK(c.after(5s) == done{"warn: a does not serve after 5s; killing it", "signal a 9"});
  CHECK(c.dies(0) == done{"warn: a ended with signal 9; again in 1s", "start b"});
}

TEST_CASE("a program that cannot be run is a failure like others") {
  cluster c{{"a"}, {.restart = {1s, 1s, 1s, 2}}};
  c.core.begin(c.now);
  c.core.failed_to_start(0, "no such program", c.now);
  CHECK(c.phase(0) == node_phase::pausing);
  c.core.tick(c.now + 1s);
  const auto last = c.core.failed_to_start(0, "no such program", c.now + 1s);
  CHECK(
    std::get<tell>(last.front()).text
    == "a ended with no such program; it is given up after 2 failures in a row, none of which served for 1s");
  CHECK(std::holds_alternative<finish>(last.back()));
}

TEST_CASE("one of the serving nodes is killed so often, and that is not its failure") {
  cluster c{{"a", "b", "c"}, {.restart = {1s, 30s, 10s, 2}, .kill_every = 10s}};
  c.settle();
  std::vector<int> killed(3);
  c.now += 1s;
  for (int round = 0; round < 60; ++round) {
    const auto lines = c.after(9s);
    REQUIRE(lines.size() == 2);
    const auto victim = static_cast<std::size_t>(lines[1][7] - 'a');
    CHECK(lines[0] == fmt::format("say: killing {} (--kill-one-every)", c.core.nodes()[victim].name));
    CHECK(lines[1] == fmt::format("signal {} 9", c.core.nodes()[victim].name));
    ++killed[victim];
    CHECK(c.dies(victim) == done{});
    CHECK(c.after(1s).size() == 1);
    CHECK(c.core.nodes()[victim].failures == 0);
    c.serves(victim);
  }
  for (const auto count : killed)
    CHECK(count > 5);
}

TEST_CASE("the seed decides who is killed") {
  const auto victims = [](std::uint64_t seed) {
    cluster c{{"a", "b", "c", "d"}, {.kill_every = 10s}, seed};
    c.settle();
    std::string out;
    for (int round = 0; round < 20; ++round) {
      const auto lines = c.after(10s);
      for (std::size_t node = 0; node < 4; ++node)
        if (!lines.empty() && lines.back() == fmt::format("signal {} 9", c.core.nodes()[node].name)) {
          out += c.core.nodes()[node].name;
          c.dies(node);
          c.after(1s);
          c.serves(node);
          c.now -= 1s;
        }
    }
    return out;
  };
  CHECK(victims(7) == victims(7));
  CHECK(victims(7) != victims(8));
}

TEST_CASE("nobody is killed for fun while the cluster stops or while none serves") {
  cluster c{{"a"}, {.kill_every = 1s}};
  c.begin();
  CHECK(c.after(1s) == done{});
  c.serves(0);
  c.stop();
  CHECK(c.after(2s) == done{});
}

TEST_CASE("a node is started anew on request, in whatever phase") {
  cluster c{{"a", "b"}, {.restart = {1s, 30s, 10s, 2}, .stop_limit = 5s}};
  c.settle();
  CHECK(c.restart(1) == done{"say: b is started anew", "signal b 15"});
  CHECK(c.phase(1) == node_phase::stopping);
  CHECK(c.restart(1) == done{});
  CHECK(c.ends(1, 0) == done{"start b 1014 keep 2010,2011,2012,0,0"});
  CHECK(c.serves(1) == done{"say: b serves again, http://127.0.0.1:2020"});
  // One that does not stop is killed, and that is nobody's failure.
  c.restart(1);
  CHECK(c.after(5s) == done{"warn: b has not stopped after 5s; killing it", "signal b 9"});
  CHECK(c.dies(1) == done{"start b 1014 keep 2020,2021,2022,0,0"});
  CHECK(c.core.nodes()[1].failures == 0);
  // It pauses.
  c.serves(1);
  c.dies(1);
  CHECK(c.restart(1) == done{"say: b is started anew", "start b 1014 keep 2030,2031,2032,0,0"});
  // It was given up.
  c.dies(1);
  c.after(1s);
  c.dies(1);
  CHECK(c.phase(1) == node_phase::given_up);
  CHECK(c.restart(1) == done{"say: b is started anew", "start b 1014"});
  CHECK(c.core.nodes()[1].failures == 0);
  c.serves(1);
  // It has left.
  c.ends(1, 0);
  CHECK(c.restart(1).size() == 2);
  c.serves(1);
  // The first and only one serves again without seeds.
  c.ends(1, 0);
  c.restart(0);
  CHECK(c.ends(0, 0) == done{"start a keep 1010,1011,1012,0,0"});
  c.serves(0);
  // Not any more.
  c.stop();
  CHECK(c.restart(1) == done{});
  CHECK(c.ends(0, 0) == done{"finish 0"});
  CHECK(c.restart(0) == done{});
}

TEST_CASE("stopping ends what was to be started anew") {
  cluster c{{"a", "b"}};
  c.settle();
  c.restart(1);
  CHECK(c.stop() == done{"say: stopping all nodes; Ctrl-C again kills them", "signal a 15", "signal b 15"});
  CHECK(c.ends(1, 0) == done{});
  CHECK(c.ends(0, 0) == done{"finish 0"});
}

TEST_CASE("phases and ends have names") {
  CHECK(to_string(node_phase::waiting) == "waiting");
  CHECK(to_string(node_phase::starting) == "starting");
  CHECK(to_string(node_phase::stopping) == "stopping");
  CHECK(process_end{7, 0}.to_string() == "exit code 7");
  CHECK(process_end{0, 11}.to_string() == "signal 11");
  CHECK(process_end{0, 0}.to_string() == "exit code 0: it has stopped");
}
