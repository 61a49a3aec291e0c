#include "tests/apps/troupe/shell.hpp"

#include <iterator>

using shell::run;

namespace {

std::string line(int microseconds, const std::string& rest) {
  return R"({"at": )" + std::to_string(microseconds * 1000) + ", " + rest + "}\n";
}

std::string run_of(int microseconds, const std::string& node) {
  return line(microseconds, R"("kind": "run", "node": ")" + node + R"(", "to": "x/1", "name": "w)"
                              + std::to_string(microseconds) + "\"");
}

std::string read(const std::string& name) {
  std::ifstream in{name};
  return {std::istreambuf_iterator<char>{in}, {}};
}

bool contains(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

} // namespace

TEST_CASE("a trace becomes a page beside it, or the file that --out names") {
  const shell::folder at;
  const auto trace =
    at.write("t.jsonl", line(0, R"("kind": "boot", "node": "a")") + run_of(1, "a") + run_of(2, "a"));
  const auto page = run({"sim", "trace", trace});
  CHECK(page.code == 0);
  CHECK(page.err == "");
  CHECK(page.out == trace + ".html: 3 events on 1 node\n");
  CHECK(contains(read(trace + ".html"), "<!DOCTYPE html>"));
  const auto drawing = run({"sim", "trace", trace, "--out", at / "d.svg"});
  CHECK(drawing.code == 0);
  CHECK(contains(read(at / "d.svg"), "<svg xmlns"));
  CHECK(contains(read(at / "d.svg"), "Simulation trace t.jsonl"));
}

TEST_CASE("the part of a trace is chosen by its end, a moment, and nodes") {
  const shell::folder at;
  std::string text;
  for (int i = 0; i < 1000; ++i)
    text += run_of(i, i % 2 == 0 ? "a" : "b");
  const auto trace = at.write("t.jsonl", text);
  const auto page = trace + ".html";
  CHECK(run({"sim", "trace", trace, "--last", "3"}).out
        == page + ": 3 events on 2 nodes\nLeft out: 997 events before and 0 events after these.\n");
  CHECK(contains(read(page), "w997"));
  CHECK_FALSE(contains(read(page), "w996"));
  CHECK(run({"sim", "trace", trace, "--around", "100us", "--events", "4"}).out
        == page + ": 4 events on 2 nodes\nLeft out: 99 events before and 897 events after these.\n");
  CHECK(contains(read(page), "w101"));
  CHECK(contains(run({"sim", "trace", trace, "--nodes", "b"}).out,
                 "Hidden by choice of nodes, kinds or sizes: 500 events."));
  CHECK_FALSE(contains(read(page), "w998"));
  CHECK(contains(run({"sim", "trace", trace, "--hide", "run,timer"}).out, ": 0 events on 2 nodes"));
}

TEST_CASE("half a line at the end is what a killed program leaves") {
  const shell::folder at;
  const auto whole = run_of(1, "a") + run_of(2, "a");
  const auto cut = at.write("cut.jsonl", whole + run_of(3, "a").substr(0, 20));
  CHECK(contains(run({"sim", "trace", cut}).out, ": 2 events"));
  const auto broken = at.write("broken.jsonl", run_of(1, "a") + "nonsense\n" + run_of(2, "a"));
  const auto ran = run({"sim", "trace", broken});
  CHECK(ran.code == 2);
  CHECK(contains(ran.err, "error: " + broken + ":2: not JSON"));
  CHECK(contains(ran.err, "TROUPE_SIM_TRACE"));
}

TEST_CASE("wrong choices are told") {
  const shell::folder at;
  const auto trace = at.write("t.jsonl", run_of(1, "a"));
  const auto fails = [&](std::vector<std::string> more, const std::string& why) {
    std::vector<std::string> arguments{"sim", "trace", trace};
    arguments.insert(arguments.end(), more.begin(), more.end());
    const auto ran = run(arguments);
    CAPTURE(ran.err);
    CHECK(ran.code == 2);
    CHECK(contains(ran.err, why));
  };
  fails({"--nodes", "z"}, "there is no node \"z\" in the trace; its nodes are a");
  fails({"--around", "noon"}, "noon is no time");
  fails({"--out", "x.png"}, "ends in neither .svg nor .html");
  fails({"--last", "0"}, "--last");
  fails({"--last", "3", "--around", "1s"}, "--around");
  fails({"--hide", "boot"}, "--hide");
  fails({"--out", "/nowhere/at/all.svg"}, "cannot write");
  CHECK(run({"sim", "trace", at / "none"}).code == 2);
}
