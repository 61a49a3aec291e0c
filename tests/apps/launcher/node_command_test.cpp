#include "apps/launcher/node_command.hpp"

#include <catch2/catch.hpp>

#include <algorithm>

using namespace troupe::launcher;

namespace {

using texts = std::vector<std::string>;

node_start start(texts seeds = {}) {
  return {"shop", "/s/a.ports.json", "/s/a.members", std::move(seeds), node_ports{}};
}

bool has(const texts& in, const std::string& what) {
  return std::find(in.begin(), in.end(), what) != in.end();
}

} // namespace

TEST_CASE("a node is told its name, its cluster, and to choose its ports") {
  const auto command = command_of({"a", {}, {}, {}, {}}, start());
  CHECK(command.flags
        == texts{"--node.name=a", "--http.port=0", "--grpc.port=0", "--admin.port=0", "--link.port=0",
                 "--link.enabled=true", "--link.cluster=shop", "--discovery.port=0",
                 "--discovery.enabled=true", "--discovery.state_file=/s/a.members",
                 "--ports-file=/s/a.ports.json"});
  CHECK(command.variables.empty());
}

TEST_CASE("a node is told its services, roles and seeds") {
  const auto command =
    command_of({"a", {"x.A", "x.B"}, {"edge", "eu"}, {}, {}}, start({"127.0.0.1:1", "127.0.0.1:2"}));
  CHECK(has(command.flags, "--node.services=x.A,x.B"));
  CHECK(has(command.flags, "--discovery.roles=edge,eu"));
  CHECK(has(command.flags, "--discovery.seeds=127.0.0.1:1,127.0.0.1:2"));
}

TEST_CASE("settings of the file are variables, tables flags, and both win over what is usual") {
  const node_settings settings{{"auth.tokens", {"ada:0123456789abcdef", {}}},
                               {"http.port", {"8080", {}}},
                               {"log.levels", {"", {{"http", "debug"}, {"shop.Orders", "trace"}}}}};
  const auto command = command_of({"a", {}, {}, settings, {}}, start());
  CHECK(command.variables
        == std::vector<std::pair<std::string, std::string>>{{"TROUPE_AUTH__TOKENS", "ada:0123456789abcdef"},
                                                            {"TROUPE_HTTP__PORT", "8080"}});
  CHECK(has(command.flags, "--log.levels.shop.Orders=trace"));
  CHECK_FALSE(has(command.flags, "--http.port=0"));
  for (const auto& each : command.flags)
    CHECK(each.find("0123456789") == std::string::npos);
}

TEST_CASE("a node keeps ports, or has those of its settings") {
  auto how = start();
  how.ports = node_ports{1, 2, 3, 0, 0};
  CHECK(has(command_of({"a", {}, {}, {}, {}}, how).flags, "--grpc.port=2"));
  how.ports.reset();
  for (const auto& each : command_of({"a", {}, {}, {}, {}}, how).flags)
    CHECK(each.find(".port=") == std::string::npos);
}

TEST_CASE("a cluster without discovery has no flags for it") {
  const auto command =
    command_of({"a", {}, {"r"}, {{"discovery.enabled", {"false", {}}}}, {}}, start({"127.0.0.1:1"}));
  for (const auto& each : command.flags)
    CHECK(each.find("discovery") == std::string::npos);
}
