#include "apps/launcher/cluster_file.hpp"

#include "apps/launcher/cluster_file_reader.hpp"
#include "runtime/configuration/units.hpp"
#include "runtime/environment/address.hpp"

#include <algorithm>
#include <set>
#include <span>

namespace troupe::launcher {

namespace {

using namespace std::chrono_literals;

// What `troupe up` and scripts/launch decide, and where the file has a word of its own for it.
struct reserved_setting {
  std::string_view path;
  std::string_view instead;
};
constexpr reserved_setting reserved[] = {
  {"node.name", "write the node's 'name'"},
  {"node.services", "write the node's 'services'"},
  {"discovery.roles", "write the node's 'roles'"},
  {"discovery.state_file", "leave it out, it is in the state folder"},
  {"link.cluster", "write 'cluster' at the top of the file"},
  {"link.peers", "leave it out, the nodes find each other"},
};

bool is_setting_path(std::string_view path) {
  bool begins = true;
  bool dotted = false;
  for (const char c : path) {
    if (c == '.') {
      if (begins) return false;
      begins = dotted = true;
    } else if (begins) {
      if (c < 'a' || c > 'z') return false;
      begins = false;
    } else if (!((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_')) {
      return false;
    }
  }
  return dotted && !begins;
}

// Names of files and words of shells are made of it.
bool is_plain_name(std::string_view name) {
  if (name.empty() || name.size() > 63 || name.front() == '-' || name.front() == '.') return false;
  return std::all_of(name.begin(), name.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_'
           || c == '.';
  });
}

std::string with_name(std::string text, std::string_view name) {
  constexpr std::string_view hole = "{name}";
  for (auto at = text.find(hole); at != std::string::npos; at = text.find(hole, at + name.size()))
    text.replace(at, hole.size(), name);
  return text;
}

node_settings with_name(node_settings settings, std::string_view name) {
  for (auto& [path, setting] : settings) {
    setting.value = with_name(std::move(setting.value), name);
    for (auto& [element, value] : setting.elements)
      value = with_name(std::move(value), name);
  }
  return settings;
}

// Of two layers; a table is merged element by element, as settings are everywhere.
node_settings merged(const node_settings& below, const node_settings& above) {
  auto out = below;
  for (const auto& [path, setting] : above) {
    auto& into = out[path];
    into.value = setting.value;
    for (const auto& [element, value] : setting.elements)
      into.elements[element] = value;
  }
  return out;
}

class file_parser {
public:
  file_parser(std::string_view file) : reader_(file) {}

  result<cluster_plan> parse(std::string_view text) {
    auto document = parse_yaml(text);
    if (!document) {
      reader_.complain(document.error().at, document.error().message);
      return reader_.failure();
    }
    const auto& root = *document;
    if (!reader_.is_mapping(root, "the file", {"cluster", "program", "settings", "nodes", "restart"}))
      return reader_.failure();
    cluster_plan out;
    if (const auto* at = reader_.required(root, "cluster", "the name of the cluster"))
      out.name = plain_name(*at, "cluster");
    if (const auto* at = reader_.required(root, "program", "the program of the nodes, relative to this file"))
      out.program = reader_.text(*at, "program");
    if (const auto* at = reader_.find(root, "settings")) shared_ = settings_of(*at);
    if (const auto* at = reader_.find(root, "restart")) out.restart = restart_of(*at);
    if (const auto* at = reader_.required(root, "nodes", "a list, such as [{name: worker, count: 3}]"))
      nodes_of(*at, out.nodes);
    if (reader_.failed()) return reader_.failure();
    return out;
  }

private:
  std::string plain_name(const yaml_node& at, std::string_view what) {
    auto out = reader_.text(at, what);
    if (!out.empty() && !is_plain_name(out))
      reader_.complain(
        at.at,
        fmt::format("{} '{}' is no name; write letters, digits, '-', '_' and '.', 63 at most", what, out));
    return out;
  }

  node_settings settings_of(const yaml_node& from) {
    node_settings out;
    if (!reader_.is_mapping(from, "settings")) return out;
    for (const auto& entry : from.entries) {
      if (!is_setting_path(entry.key)) {
        const bool group = entry.value.kind == yaml_node::type::mapping && !entry.value.entries.empty();
        reader_.complain(
          entry.at, fmt::format("'{}' is no setting; write {}", entry.key,
                                group ? fmt::format("{}.{}: ...", entry.key, entry.value.entries.front().key)
                                      : "group.setting: value, such as http.port: 8080"));
        continue;
      }
      const auto* taken = std::find_if(std::begin(reserved), std::end(reserved),
                                       [&](auto& each) { return each.path == entry.key; });
      if (taken != std::end(reserved)) {
        reader_.complain(entry.at, fmt::format("{} cannot be set here; {}", entry.key, taken->instead));
        continue;
      }
      out[entry.key] = setting_of(entry);
    }
    return out;
  }

  node_setting setting_of(const yaml_entry& entry) {
    node_setting out;
    const auto& value = entry.value;
    switch (value.kind) {
    case yaml_node::type::null:
      reader_.complain(value.at, fmt::format("{} has no value; write '' for an empty one", entry.key));
      break;
    case yaml_node::type::scalar:
      out.value = value.text;
      break;
    case yaml_node::type::sequence:
      for (const auto& each : reader_.words(value, entry.key)) {
        if (each.find(',') != std::string::npos)
          reader_.complain(
            value.at,
            fmt::format("{}: '{}' has a comma, which separates the elements of a list", entry.key, each));
        out.value += (out.value.empty() ? "" : ",") + each;
      }
      break;
    case yaml_node::type::mapping:
      for (const auto& element : value.entries)
        out.elements[element.key] = reader_.text(element.value, entry.key + "." + element.key);
      break;
    }
    return out;
  }

  restart_rule restart_of(const yaml_node& from) {
    restart_rule out;
    if (!reader_.is_mapping(from, "restart", {"after", "longest", "steady", "attempts"})) return out;
    const auto time = [&](std::string_view key, duration& into) {
      const auto* at = reader_.find(from, key);
      if (at == nullptr) return;
      const auto text = reader_.text(*at, key);
      const auto value = parse_duration(text);
      if (!value || *value < 10ms || *value > 24h)
        reader_.complain(
          at->at,
          fmt::format("restart.{} is '{}'; it must be a time from 10ms to 24h, such as 1s", key, text));
      else
        into = *value;
    };
    time("after", out.after);
    time("longest", out.longest);
    time("steady", out.steady);
    if (const auto* at = reader_.find(from, "attempts"))
      out.attempts = static_cast<std::uint32_t>(reader_.number(*at, "restart.attempts", 0, 1'000'000));
    if (out.longest < out.after) {
      if (reader_.find(from, "longest") != nullptr)
        reader_.complain(
          from.at,
          "restart.longest is shorter than restart.after; it is the longest pause, after is the first");
      out.longest = out.after;
    }
    return out;
  }

  void nodes_of(const yaml_node& from, std::vector<planned_node>& into) {
    if (from.kind != yaml_node::type::sequence || from.items.empty()) {
      reader_.complain(from.at,
                       "nodes must be a list of one node or more, such as [{name: worker, count: 3}]");
      return;
    }
    for (const auto& each : from.items)
      node_of(each, into);
    std::set<std::string> names;
    for (const auto& each : into)
      if (!names.insert(each.name).second)
        reader_.complain(from.at,
                         fmt::format("two nodes are called '{}'; each needs a name of its own", each.name));
    if (count_ > most_nodes)
      reader_.complain(from.at,
                       fmt::format("there are {} nodes; at most {} are started", count_, most_nodes));
  }

  void node_of(const yaml_node& from, std::vector<planned_node>& into) {
    if (!reader_.is_mapping(from, "a node", {"name", "count", "services", "roles", "with", "settings", "hosts"}))
      return;
    const auto* name = reader_.required(from, "name", "the node's name");
    if (name == nullptr) return;
    planned_node node;
    node.name = plain_name(*name, "name");
    if (const auto* at = reader_.find(from, "services")) node.services = names_of(*at, "services");
    if (const auto* at = reader_.find(from, "roles")) node.roles = names_of(*at, "roles");
    if (const auto* at = reader_.find(from, "with")) node.with = reader_.words(*at, "with");
    node_settings own;
    if (const auto* at = reader_.find(from, "settings")) own = settings_of(*at);
    node.settings = merged(shared_, own);

    const auto* count = reader_.find(from, "count");
    const auto* hosts = reader_.find(from, "hosts");
    if (count != nullptr && hosts != nullptr)
      reader_.complain(count->at, "a node has a count or hosts, not both: there is one node a host");
    if (hosts != nullptr) {
      on_hosts(*hosts, node, into);
      return;
    }
    if (count == nullptr) {
      add(node, node.name, {}, into);
      return;
    }
    const auto number = reader_.number(*count, "count", 1, most_nodes);
    for (std::int64_t index = 1; index <= number; ++index)
      add(node, fmt::format("{}-{}", node.name, index), {}, into);
  }

  void add(planned_node node, std::string name, const node_settings& own, std::vector<planned_node>& into) {
    if (++count_ > most_nodes) return;
    node.settings = with_name(merged(node.settings, own), name);
    for (auto& each : node.with)
      each = with_name(std::move(each), name);
    node.name = std::move(name);
    into.push_back(std::move(node));
  }

  void on_hosts(const yaml_node& from, planned_node node, std::vector<planned_node>& into) {
    if (from.kind != yaml_node::type::sequence || from.items.empty()) {
      reader_.complain(from.at, "hosts must be a list of one host or more, such as [ada@10.0.0.7]");
      return;
    }
    std::size_t index = 0;
    for (const auto& each : from.items) {
      const auto name = from.items.size() == 1 ? node.name : fmt::format("{}-{}", node.name, ++index);
      node_settings own;
      node.host = host_of(each, own);
      add(node, name, own, into);
    }
  }

  launch_host host_of(const yaml_node& from, node_settings& own) {
    launch_host out;
    if (from.kind == yaml_node::type::scalar) {
      out.ssh = from.text;
    } else {
      if (!reader_.is_mapping(from, "a host", {"ssh", "ssh_port", "address", "folder", "settings"}))
        return out;
      if (const auto* at = reader_.required(from, "ssh", "what ssh is told, such as ada@10.0.0.7"))
        out.ssh = reader_.text(*at, "ssh");
      if (const auto* at = reader_.find(from, "ssh_port"))
        out.ssh_port = static_cast<std::uint16_t>(reader_.number(*at, "ssh_port", 1, 65535));
      if (const auto* at = reader_.find(from, "address")) out.address = reader_.text(*at, "address");
      if (const auto* at = reader_.find(from, "folder")) out.folder = reader_.text(*at, "folder");
      if (const auto* at = reader_.find(from, "settings")) own = settings_of(*at);
    }
    // ssh would take it for an option.
    if (out.ssh.empty() || out.ssh.front() == '-' || out.ssh.find(' ') != std::string::npos)
      reader_.complain(from.at,
                       fmt::format("'{}' is no host for ssh; write one such as ada@10.0.0.7", out.ssh));
    const bool given = !out.address.empty();
    if (!given) out.address = out.ssh.substr(out.ssh.find('@') + 1);
    const auto address = ip_address::parse(out.address);
    if (!address || address->is_any())
      reader_.complain(
        from.at, given ? fmt::format("address '{}' is no IP address of a host", out.address)
                       : fmt::format("the host {0} has no IP address; write {{ssh: {0}, address: 10.0.0.7}}",
                                     out.ssh));
    return out;
  }

  std::vector<std::string> names_of(const yaml_node& from, std::string_view what) {
    auto out = reader_.words(from, what);
    std::set<std::string> seen;
    for (const auto& each : out) {
      if (each.find(',') != std::string::npos)
        reader_.complain(from.at, fmt::format("{}: '{}' has a comma; write a list, [a, b]", what, each));
      if (!seen.insert(each).second)
        reader_.complain(from.at, fmt::format("{}: '{}' is there twice", what, each));
    }
    return out;
  }

  cluster_file_reader reader_;
  node_settings shared_;
  std::size_t count_ = 0; // of nodes; those beyond the bound are counted only
};

} // namespace

result<cluster_plan> parse_cluster_file(std::string_view text, std::string_view file) {
  return file_parser{file}.parse(text);
}

} // namespace troupe::launcher
