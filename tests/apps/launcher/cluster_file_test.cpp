#include "apps/launcher/cluster_file.hpp"

#include <catch2/catch.hpp>

using namespace troupe;
using namespace troupe::launcher;
using namespace std::chrono_literals;

namespace {

cluster_plan parse(const std::string& text) {
  auto out = parse_cluster_file(text, "c.yaml");
  if (!out) FAIL(out.error().message());
  return *out;
}

std::string complaint(const std::string& text) {
  const auto out = parse_cluster_file(text, "c.yaml");
  if (out) return "no complaint";
  CHECK(out.error().code() == status_code::invalid_argument);
  return std::string{out.error().message()};
}

// A file with these lines behind a good beginning of two lines.
std::string with(const std::string& rest) { return "cluster: c\nprogram: p\n" + rest; }

} // namespace

TEST_CASE("a cluster file says which nodes there are") {
  const auto plan = parse(R"(
cluster: shop
program: build/shop
settings: {log.format: text, log.levels: {http: debug}, http.body_limit: 1MiB}
nodes:
  - name: front
    roles: [edge, eu]
    services: [shop.Orders, shop.Catalog]
    settings: {http.port: 8080, log.format: json, log.levels: {link: trace}}
  - name: worker
    count: 3
    settings: {log.file: "logs/{name}.log", link.certificate_file: "{name}/{name}.pem"}
restart: {after: 100ms, longest: 1m, steady: 5s, attempts: 0}
)");
  CHECK(plan.name == "shop");
  CHECK(plan.program == "build/shop");
  CHECK(plan.restart == restart_rule{100ms, 1min, 5s, 0});
  REQUIRE(plan.nodes.size() == 4);
  const auto& front = plan.nodes[0];
  CHECK(front.name == "front");
  CHECK(front.roles == std::vector<std::string>{"edge", "eu"});
  CHECK(front.services == std::vector<std::string>{"shop.Orders", "shop.Catalog"});
  CHECK(front.settings
        == node_settings{{"http.body_limit", {"1MiB", {}}},
                         {"http.port", {"8080", {}}},
                         {"log.format", {"json", {}}},
                         {"log.levels", {"", {{"http", "debug"}, {"link", "trace"}}}}});
  CHECK_FALSE(front.host);
  for (int number = 1; number <= 3; ++number) {
    const auto& worker = plan.nodes[static_cast<std::size_t>(number)];
    const auto name = "worker-" + std::to_string(number);
    CHECK(worker.name == name);
    CHECK(worker.services.empty());
    CHECK(worker.settings.at("log.file").value == "logs/" + name + ".log");
    CHECK(worker.settings.at("link.certificate_file").value == name + "/" + name + ".pem");
    CHECK(worker.settings.at("log.format").value == "text");
  }
}

TEST_CASE("what a cluster file leaves out has a default") {
  const auto plan = parse(with("nodes: [{name: only}]"));
  CHECK(plan.restart == restart_rule{1s, 30s, 10s, 5});
  REQUIRE(plan.nodes.size() == 1);
  CHECK(plan.nodes[0] == planned_node{"only", {}, {}, {}, {}});
  // A list in a setting, and an empty text.
  const auto listed = parse(with("nodes: [{name: only, settings: {a.b: [x, y], a.c: ''}}]"));
  CHECK(listed.nodes[0].settings == node_settings{{"a.b", {"x,y", {}}}, {"a.c", {}}});
  // The first pause may be longer than the preset of the longest.
  CHECK(parse(with("nodes: [{name: only}]\nrestart: {after: 1m}")).restart.longest == 1min);
}

TEST_CASE("a node of a cluster file may have hosts, each with a node of its own") {
  const auto plan = parse(with(R"(nodes:
  - name: node
    settings: {http.port: 1}
    hosts:
      - ada@10.0.0.7
      - {ssh: two, ssh_port: 2222, address: "2001:db8::8", folder: /srv/x, settings: {http.port: 2, log.file: "{name}"}}
  - {name: single, hosts: [10.0.0.9]}
)"));
  REQUIRE(plan.nodes.size() == 3);
  CHECK(plan.nodes[0].name == "node-1");
  CHECK(plan.nodes[0].host == launch_host{"ada@10.0.0.7", 0, "10.0.0.7", ""});
  CHECK(plan.nodes[0].settings.at("http.port").value == "1");
  CHECK(plan.nodes[1].host == launch_host{"two", 2222, "2001:db8::8", "/srv/x"});
  CHECK(plan.nodes[1].settings.at("http.port").value == "2");
  CHECK(plan.nodes[1].settings.at("log.file").value == "node-2");
  CHECK(plan.nodes[2].name == "single");
}

TEST_CASE("each mistake in a cluster file is told with its place and the fix") {
  struct mistake {
    std::string text;
    std::string complaint;
  };
  const auto node = [](const std::string& keys) { return with("nodes:\n  - {name: a, " + keys + "}"); };
  for (const auto& [text, expected] : {
         mistake{"", "c.yaml:1:1: the file must have keys, of: cluster, program, settings, nodes, restart"},
         {"a: [", "c.yaml:1:5: not valid YAML"},
         {"cluster: c\nnodes: [{name: a}]",
          "c.yaml:1:1: 'program' is missing: the program of the nodes, relative to this file"},
         {"program: p\nnodes: [{name: a}]", "c.yaml:1:1: 'cluster' is missing: the name of the cluster"},
         {"cluster: c\nprogram: p",
          "c.yaml:1:1: 'nodes' is missing: a list, such as [{name: worker, count: 3}]"},
         {with("nodes: [{name: a}]\nsetings: {}"),
          "c.yaml:4:1: the file has no key 'setings'; did you mean 'settings'?"},
         {with("nodes: [{name: a}]\nnodes: [{name: b}]"), "c.yaml:4:1: 'nodes' is there twice"},
         {with("nodes: [{name: a}]\nzone: eu"),
          "c.yaml:4:1: the file has no key 'zone'; it has cluster, program, settings, nodes, restart"},
         {"cluster: ../c\nprogram: p\nnodes: [{name: a}]",
          "c.yaml:1:10: cluster '../c' is no name; write letters, digits, '-', '_' and '.', 63 at most"},
         {"cluster: c\nprogram: [p]\nnodes: [{name: a}]", "c.yaml:2:10: program must be a text"},
         {with("nodes: 3"),
          "c.yaml:3:8: nodes must be a list of one node or more, such as [{name: worker, count: 3}]"},
         {with("nodes: []"), "nodes must be a list of one node or more"},
         {with("nodes: [a]"),
          "c.yaml:3:9: a node must have keys, of: name, count, services, roles, with, settings, hosts"},
         {with("nodes: [{count: 2}]"), "c.yaml:3:9: 'name' is missing: the node's name"},
         {with("nodes: [{name: .a}]"), "name '.a' is no name"},
         {with("nodes: [{name: a}, {name: a}]"),
          "c.yaml:3:8: two nodes are called 'a'; each needs a name of its own"},
         {with("nodes: [{name: a-1}, {name: a, count: 2}]"), "two nodes are called 'a-1'"},
         {with("nodes: [{name: a, count: 200}, {name: b, count: 200}]"),
          "there are 400 nodes; at most 256 are started"},
         {node("count: 0"), "c.yaml:4:22: count is '0'; it must be an integer from 1 to 256"},
         {node("count: 2x"), "count is '2x'"},
         {node("rolse: [x]"), "c.yaml:4:15: a node has no key 'rolse'; did you mean 'roles'?"},
         {node("roles: x"), "c.yaml:4:22: roles must be a list: [a, b]"},
         {node("roles: [x, x]"), "roles: 'x' is there twice"},
         {node("services: ['a,b']"), "services: 'a,b' has a comma; write a list, [a, b]"},
         {node("services: [[a]]"), "each of services must be a text"},
         {node("settings: 3"), "c.yaml:4:25: settings must have keys: group.setting: value"},
         {node("settings: {port: 3}"),
          "c.yaml:4:26: 'port' is no setting; write group.setting: value, such as http.port: 8080"},
         {node("settings: {http: {port: 3}}"), "'http' is no setting; write http.port: ..."},
         {node("settings: {HTTP.port: 3}"), "'HTTP.port' is no setting"},
         {node("settings: {http.port: }"), "http.port has no value; write '' for an empty one"},
         {node("settings: {a.b: [x, 'y,z']}"),
          "a.b: 'y,z' has a comma, which separates the elements of a list"},
         {node("settings: {node.name: b}"), "node.name cannot be set here; write the node's 'name'"},
         {node("settings: {discovery.state_file: b}"),
          "discovery.state_file cannot be set here; leave it out, it is in the state folder"},
         {node("with: {ip: netns}"), "with"},
         {node("settings: {link.cluster: b}"),
          "link.cluster cannot be set here; write 'cluster' at the top of the file"},
         {node("count: 2, hosts: [10.0.0.1]"),
          "a node has a count or hosts, not both: there is one node a host"},
         {node("hosts: 10.0.0.1"), "hosts must be a list of one host or more, such as [ada@10.0.0.7]"},
         {node("hosts: [ada@example.org]"),
          "the host ada@example.org has no IP address; write {ssh: ada@example.org, address: 10.0.0.7}"},
         {node("hosts: ['-oProxyCommand=x']"), "'-oProxyCommand=x' is no host for ssh"},
         {node("hosts: [{ssh: a, address: 0.0.0.0}]"), "address '0.0.0.0' is no IP address of a host"},
         {node("hosts: [{ssh: a, address: 10.0.0.1, ssh_port: 0}]"),
          "ssh_port is '0'; it must be an integer from 1 to 65535"},
         {node("hosts: [{address: 10.0.0.1}]"), "'ssh' is missing: what ssh is told, such as ada@10.0.0.7"},
         {with("nodes: [{name: a}]\nrestart: {after: soon}"),
          "c.yaml:4:18: restart.after is 'soon'; it must be a time from 10ms to 24h, such as 1s"},
         {with("nodes: [{name: a}]\nrestart: {after: 2s, longest: 1s}"),
          "restart.longest is shorter than restart.after"},
         {with("nodes: [{name: a}]\nrestart: {attempts: -1}"),
          "restart.attempts is '-1'; it must be an integer from 0 to 1000000"},
         {with("nodes: [{name: a}]\nrestart: {atempts: 1}"),
          "restart has no key 'atempts'; did you mean 'attempts'?"},
       }) {
    CAPTURE(text);
    CHECK_THAT(complaint(text), Catch::Contains(expected));
  }
}

TEST_CASE("all mistakes of a cluster file are told at once, in its order, up to a bound") {
  CHECK(complaint("nodes: [{name: a, count: x}]\ncluster: /\nprogram: p\nx: 1")
        == "c.yaml:1:26: count is 'x'; it must be an integer from 1 to 256\n"
           "c.yaml:2:10: cluster '/' is no name; write letters, digits, '-', '_' and '.', 63 at most\n"
           "c.yaml:4:1: the file has no key 'x'; it has cluster, program, settings, nodes, restart");
  std::string many = with("nodes: [{name: a}]\n");
  for (int key = 0; key < 60; ++key)
    many += "x" + std::to_string(key) + ": 1\n";
  const auto told = complaint(many);
  CHECK(std::count(told.begin(), told.end(), '\n') == 50);
  CHECK_THAT(told, Catch::EndsWith("\n... and 10 more"));
}
