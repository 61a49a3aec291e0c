#include "apps/launcher/cluster_record.hpp"

#include <boost/json.hpp>

namespace troupe::launcher {

namespace json = boost::json;

namespace {

template <class T>
T number_of(const json::object& in, std::string_view key) {
  const auto* found = in.if_contains(key);
  if (found == nullptr) return 0;
  return found->to_number<T>();
}

std::string text_of(const json::object& in, std::string_view key) {
  const auto* found = in.if_contains(key);
  return found == nullptr ? std::string{} : std::string{found->as_string()};
}

json::object object_of(const node_ports& ports) {
  return {{"http", ports.http},
          {"grpc", ports.grpc},
          {"admin", ports.admin},
          {"link", ports.link},
          {"gossip", ports.gossip}};
}

node_ports ports_of(const json::object& in) {
  return {number_of<std::uint16_t>(in, "http"), number_of<std::uint16_t>(in, "grpc"),
          number_of<std::uint16_t>(in, "admin"), number_of<std::uint16_t>(in, "link"),
          number_of<std::uint16_t>(in, "gossip")};
}

process_id process_of(const json::object& in) {
  return {number_of<int>(in, "pid"), number_of<std::uint64_t>(in, "born")};
}

// The library tells of what is missing or of another type by exceptions.
template <class Read>
auto read_all(std::string_view text, std::string_view what, Read read)
  -> result<decltype(read(json::object{}))> {
  try {
    return read(json::parse(text).as_object());
  } catch (const std::exception& error) {
    return invalid_argument("this is not what {} is: {}", what, error.what());
  }
}

} // namespace

std::string to_json(const cluster_record& record) {
  json::array nodes;
  for (const auto& each : record.nodes)
    nodes.push_back({{"name", each.name},
                     {"state", each.state},
                     {"pid", each.process.pid},
                     {"born", each.process.born},
                     {"since", each.since},
                     {"starts", each.starts},
                     {"failures", each.failures},
                     {"last_exit", each.last_exit},
                     {"ports", object_of(each.ports)}});
  return json::serialize(json::object{{"cluster", record.cluster},
                                      {"file", record.file},
                                      {"pid", record.process.pid},
                                      {"born", record.process.born},
                                      {"nodes", std::move(nodes)}});
}

result<cluster_record> parse_cluster_record(std::string_view text) {
  return read_all(text, "cluster.json", [](const json::object& in) {
    cluster_record out;
    out.cluster = text_of(in, "cluster");
    out.file = text_of(in, "file");
    out.process = process_of(in);
    for (const auto& each : in.at("nodes").as_array()) {
      const auto& node = each.as_object();
      out.nodes.push_back({text_of(node, "name"), text_of(node, "state"), process_of(node),
                           number_of<std::int64_t>(node, "since"), number_of<std::uint32_t>(node, "starts"),
                           number_of<std::uint32_t>(node, "failures"), text_of(node, "last_exit"),
                           ports_of(node.at("ports").as_object())});
    }
    return out;
  });
}

result<node_ports> parse_ports(std::string_view text) {
  return read_all(text, "a ports file", [](const json::object& in) { return ports_of(in); });
}

} // namespace troupe::launcher
