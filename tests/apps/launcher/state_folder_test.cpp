#include "apps/launcher/node_output.hpp"
#include "apps/launcher/node_process.hpp"
#include "apps/launcher/state_folder.hpp"

#include <catch2/catch.hpp>

#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <sys/wait.h>

using namespace troupe;
using namespace troupe::launcher;
namespace fs = std::filesystem;

namespace {

class temporary {
public:
  temporary() {
    auto name = (fs::temp_directory_path() / "troupe_launcher_XXXXXX").string();
    REQUIRE(mkdtemp(name.data()) != nullptr);
    path = name;
  }
  ~temporary() {
    std::error_code ignored;
    fs::remove_all(path, ignored);
  }
  temporary(const temporary&) = delete;
  temporary& operator=(const temporary&) = delete;
  fs::path path;
};

std::string content(const fs::path& file) {
  std::ifstream in{file, std::ios::binary};
  return std::string{std::istreambuf_iterator<char>{in}, {}};
}

cluster_record some_record() {
  return {"shop",
          "/x/cluster.yaml",
          {41, 17},
          {{"a", "serving", {42, 18}, 1764000000000, 3, 1, "signal 9", {1, 2, 3, 4, 5}},
           {"b", "waiting", {}, 0, 0, 0, "", {}}}};
}

std::vector<std::string> lines_of(std::initializer_list<std::string> pieces) {
  line_splitter splitter;
  std::vector<std::string> out;
  const auto keep = [&](std::string_view line) { out.emplace_back(line); };
  for (const auto& each : pieces)
    splitter.add(each, keep);
  splitter.finish(keep);
  return out;
}

} // namespace

TEST_CASE("a cluster's record survives its text") {
  const auto record = some_record();
  const auto read = parse_cluster_record(to_json(record));
  REQUIRE(read.has_value());
  CHECK(*read == record);
  for (const auto* broken : {"", "[]", "{", "{\"cluster\": 3, \"nodes\": []}", "{\"cluster\": \"a\"}"}) {
    CAPTURE(broken);
    const auto error = parse_cluster_record(broken);
    REQUIRE_FALSE(error.has_value());
    CHECK_THAT(std::string{error.error().message()}, Catch::StartsWith("this is not what cluster.json is"));
  }
}

TEST_CASE("a ports file may lack doors") {
  CHECK(*parse_ports(R"({"http":1,"grpc":2,"admin":3,"link":4,"gossip":5})") == node_ports{1, 2, 3, 4, 5});
  CHECK(*parse_ports(R"({"http":1,"more":"x"})") == node_ports{1, 0, 0, 0, 0});
  CHECK_FALSE(parse_ports(R"({"http":70000})").has_value());
  CHECK_FALSE(parse_ports("{\"http\":1").has_value());
}

TEST_CASE("a state folder is for one at a time, and only for this user") {
  const temporary folder;
  state_folder first{folder.path / ".troupe/shop"};
  REQUIRE(first.take().ok());
  CHECK(fs::status(first.path()).permissions() == fs::perms::owner_all);
  REQUIRE(first.write(some_record()).ok());
  CHECK(*first.read() == some_record());
  CHECK_FALSE(fs::exists(first.file("cluster.json.part")));
  state_folder second{first.path()};
  const auto refused = second.take();
  CHECK(refused.code() == status_code::already_exists);
  CHECK_THAT(std::string{refused.message()}, Catch::EndsWith("(process 41)"));
  std::ofstream{folder.path / "file"} << "x";
  CHECK(state_folder{folder.path / "file/below"}.take().code() == status_code::unavailable);
}

TEST_CASE("the newest cluster is found") {
  const temporary folder;
  const auto none = find_state_folder(folder.path);
  REQUIRE_FALSE(none.has_value());
  CHECK(none.error().code() == status_code::not_found);
  CHECK_THAT(std::string{none.error().message()}, Catch::Contains("start one with `troupe up cluster.yaml`"));
  for (const auto* name : {"old", "new", "empty"})
    fs::create_directories(folder.path / ".troupe" / name);
  REQUIRE(state_folder{folder.path / ".troupe/new"}.write(some_record()).ok());
  REQUIRE(state_folder{folder.path / ".troupe/old"}.write(some_record()).ok());
  fs::last_write_time(folder.path / ".troupe/old/cluster.json",
                      fs::last_write_time(folder.path / ".troupe/new/cluster.json") - std::chrono::hours{1});
  CHECK(find_state_folder(folder.path)->path() == folder.path / ".troupe/new");
  std::ofstream{folder.path / ".troupe/new/cluster.json"} << "{";
  const auto broken = find_state_folder(folder.path)->read();
  REQUIRE_FALSE(broken.has_value());
  CHECK_THAT(std::string{broken.error().message()},
             Catch::Contains("new/cluster.json: this is not what cluster.json is"));
}

TEST_CASE("a process is known by its number and its start") {
  const auto self = identify(getpid());
  CHECK(self.born != 0);
  CHECK(is_running(self));
  CHECK_FALSE(is_running({self.pid, self.born + 1}));
  CHECK_FALSE(is_running({}));
}

TEST_CASE("a started process has its variables, its folder, and a pipe") {
  const temporary folder;
  auto started = start_process({"/bin/sh",
                                {"-c", "echo $GREETING; pwd; echo err >&2; kill -9 $$"},
                                {{"GREETING", "hello"}},
                                folder.path.string()});
  REQUIRE(started.has_value());
  int how = 0;
  REQUIRE(waitpid(started->pid, &how, 0) == started->pid);
  CHECK(WTERMSIG(how) == SIGKILL);
  std::string said(1000, '\0');
  said.resize(
    static_cast<std::size_t>(std::max<ssize_t>(read(started->output.get(), said.data(), said.size()), 0)));
  CHECK(said == "hello\n" + fs::canonical(folder.path).string() + "\nerr\n");
  const auto missing = start_process({"/no/such/program", {}, {}, "/"});
  REQUIRE_FALSE(missing.has_value());
  CHECK_THAT(std::string{missing.error().message()},
             Catch::Contains("cannot run /no/such/program: No such file"));
  CHECK_FALSE(start_process({"/bin/sh", {}, {}, "/no/such/folder"}).has_value());
}

TEST_CASE("output is split into lines, however it comes") {
  CHECK(lines_of({"a\nb", "c\n", "\n", "d"}) == std::vector<std::string>{"a", "bc", "", "d"});
  CHECK(lines_of({}).empty());
  const auto broken = lines_of({std::string(longest_output_line + 10, 'x') + "\n"});
  REQUIRE(broken.size() == 2);
  CHECK(broken[0].size() == longest_output_line);
  CHECK(broken[1] == "xxxxxxxxxx");
}

TEST_CASE("lines have their node in front, in a colour of its own") {
  CHECK(line_prefix("a", 5, 0, false) == "a     | ");
  CHECK(line_prefix("front", 5, 0, false) == "front | ");
  CHECK(line_prefix("a", 1, 0, true) != line_prefix("a", 1, 1, true));
  CHECK(line_prefix("a", 1, 0, true) == "\x1b[36ma | \x1b[0m");
  CHECK(line_prefix("a", 1, 0, true) == line_prefix("a", 1, 10, true));
}

TEST_CASE("a log file is bounded, and what came before is kept once") {
  const temporary folder;
  const auto file = (folder.path / "a.log").string();
  {
    rotated_log log{file, 20};
    for (const auto* line : {"111111111", "222222222", "333333333"})
      log.add(line);
  }
  CHECK(content(file) == "333333333\n");
  CHECK(content(file + ".1") == "111111111\n222222222\n");
  {
    rotated_log log{file, 20};
    log.add("444444444");
    log.add("a line that is longer than the bound");
  }
  CHECK(content(file) == "a line that is longer than the bound\n");
  CHECK(content(file + ".1") == "333333333\n444444444\n");
}
