#include "actors/host/cluster_pages.hpp"

#include "discovery/actor_names/actor_names.hpp"

#include <boost/json.hpp>

#include <map>
#include <set>

namespace troupe {

namespace {

status no_cluster() {
  return failed_precondition(
    "this node runs without discovery: set discovery.enabled to have it find others");
}

boost::json::array to_json(const std::vector<std::string>& from) {
  boost::json::array out;
  for (const auto& each : from)
    out.emplace_back(each);
  return out;
}

struct seen_peer {
  bool connected = false;
  bool draining = false;
};

std::map<std::string, seen_peer, std::less<>> peers_of(node& of) {
  std::map<std::string, seen_peer, std::less<>> out;
  if (auto* link = of.link())
    for (const auto& each : link->peers())
      if (each.connected) out[each.node] = {true, each.draining};
  return out;
}

// A node drains when all that it plays does.
std::set<std::string, std::less<>> draining_nodes(const registry_snapshot& services) {
  std::set<std::string, std::less<>> draining;
  std::set<std::string, std::less<>> others;
  for (const auto& [name, places] : services.services())
    if (!name.starts_with(actor_entry_prefix))
      for (const auto& each : *places)
        (each.entry.health == service_health::draining ? draining : others).insert(each.node);
  for (const auto& each : others)
    draining.erase(each);
  return draining;
}

result<boost::json::object> object_of(std::string_view body) {
  if (body.find_first_not_of(" \t\r\n") == std::string_view::npos) return boost::json::object{};
  boost::json::error_code error;
  auto parsed = boost::json::parse({body.data(), body.size()}, error);
  if (error || !parsed.is_object()) return invalid_argument("the body must be a JSON object");
  return std::move(parsed.as_object());
}

} // namespace

result<std::string> render_members(node& of) {
  auto* cluster = of.cluster();
  if (cluster == nullptr) return no_cluster();
  const auto view = cluster->view();
  const auto peers = peers_of(of);
  const auto draining = draining_nodes(*view->services);
  boost::json::array members;
  for (const auto& each : view->members) {
    const auto peer = peers.find(each.name);
    const bool self = each.name == view->self.name;
    const auto admin = each.metadata.values.find("admin");
    members.push_back(
      {{"name", each.name},
       {"state", to_string(each.state)},
       {"process", std::to_string(each.process)},
       {"incarnation", each.incarnation},
       {"gossip", each.gossip.to_string()},
       {"link", each.link},
       {"admin", admin == each.metadata.values.end() ? "" : admin->second},
       {"zone", each.metadata.zone},
       {"roles", to_json(each.metadata.roles)},
       {"capacity", each.metadata.capacity},
       {"version", each.application_version},
       {"connected", self || (peer != peers.end() && peer->second.connected)},
       {"draining", draining.contains(each.name) || (peer != peers.end() && peer->second.draining)}});
  }
  boost::json::object out{{"self", view->self.name},
                          {"cluster", cluster->name()},
                          {"phase", to_string(view->phase)},
                          {"local_health", view->local_health_score},
                          {"living", view->living()},
                          {"seeds", view->seeds},
                          {"decision", nullptr},
                          {"members", std::move(members)}};
  if (const auto& decided = view->decision)
    out["decision"] = {
      {"stays", decided->stays}, {"lost", to_json(decided->lost)}, {"reason", decided->reason}};
  return boost::json::serialize(out);
}

result<std::string> render_services(node& of) {
  auto* cluster = of.cluster();
  if (cluster == nullptr) return no_cluster();
  boost::json::array services;
  boost::json::array actors;
  const auto view = cluster->view();
  for (const auto& [name, places] : view->services->services()) {
    if (name.starts_with(actor_entry_prefix)) {
      for (const auto& each : *places)
        if (const auto actor = each.entry.metadata.find("name"); actor != each.entry.metadata.end())
          actors.push_back({{"name", actor->second}, {"node", each.node}});
      continue;
    }
    boost::json::array rows;
    for (const auto& each : *places) {
      boost::json::object metadata;
      for (const auto& [key, value] : each.entry.metadata)
        metadata[key] = value;
      rows.push_back({{"node", each.node},
                      {"health", to_string(each.entry.health)},
                      {"instances", each.entry.instances},
                      {"load", each.entry.load},
                      {"version", each.entry.version},
                      {"metadata", std::move(metadata)}});
    }
    services.push_back({{"service", name}, {"places", std::move(rows)}});
  }
  return boost::json::serialize(
    boost::json::object{{"services", std::move(services)}, {"actors", std::move(actors)}});
}

result<std::string> drain_node(node& of, std::string_view body) {
  if (of.cluster() == nullptr) return no_cluster();
  auto request = object_of(body);
  if (!request) return request.error();
  bool undo = false;
  for (const auto& [key, value] : *request) {
    if (key != "undo" || !value.is_bool())
      return invalid_argument("the body must be {{}} or {{\"undo\":true}}");
    undo = value.as_bool();
  }
  of.drain(!undo);
  return std::string{undo ? "{\"draining\":false}" : "{\"draining\":true}"};
}

result<std::string> join_cluster(node& of, std::string_view body) {
  auto* cluster = of.cluster();
  if (cluster == nullptr) return no_cluster();
  auto request = object_of(body);
  if (!request) return request.error();
  const auto* seeds = request->if_contains("seeds");
  if (request->size() != 1 || seeds == nullptr || !seeds->is_array() || seeds->as_array().empty())
    return invalid_argument("the body must be {{\"seeds\":[\"host:port\",...]}}");
  std::vector<std::string> texts;
  for (const auto& each : seeds->as_array()) {
    if (!each.is_string()) return invalid_argument("a seed is a text such as \"10.0.0.7:7401\"");
    texts.emplace_back(each.as_string());
  }
  auto entries = parse_seed_entries(texts);
  if (!entries) return entries.error();
  const auto count = entries->size();
  if (auto outcome = cluster->add_seeds(std::move(*entries)); !outcome.ok()) return outcome;
  return "{\"seeds\":" + std::to_string(count) + "}";
}

} // namespace troupe
