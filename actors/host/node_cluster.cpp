#include "actors/host/node_cluster.hpp"

namespace troupe {

node_cluster::node_cluster(gate& link, cluster_directory& calls, actor_names& names, logging* logs,
                           std::function<void(const cluster_ending&)> on_ending)
  : link_(link), calls_(calls), names_(names), log_(logs ? logs->get("cluster") : logger{}),
    on_ending_(std::move(on_ending)) {}

result<std::unique_ptr<node_cluster>>
node_cluster::start(cluster_member_options options, const environment& world, gate& link,
                    cluster_directory& calls, actor_names& names, logging* logs, metrics* numbers,
                    std::function<void(const cluster_ending&)> on_ending) {
  std::unique_ptr<node_cluster> out{new node_cluster{link, calls, names, logs, std::move(on_ending)}};
  auto member = cluster_member::start(std::move(options), world, *out, logs, numbers);
  if (!member) return member.error();
  out->member_ = std::move(*member);
  if (auto outcome = names.connect(link, *out); !outcome.ok()) return outcome;
  return out;
}

node_cluster::~node_cluster() { names_.disconnect(); }

// -- what this node plays

void node_cluster::tell(service_entry entry) {
  const auto name = entry.service;
  if (auto outcome = member_->publish(std::move(entry)); !outcome.ok())
    log_.error("the cluster cannot be told of a service", {{"service", name}, {"why", outcome.to_string()}});
}

void node_cluster::add_service(std::string_view service, std::string_view version, unsigned instances) {
  std::lock_guard lock{mutex_};
  tell(states_.add(service, version, instances));
}

void node_cluster::on_up(std::string_view service, unsigned instance) {
  std::lock_guard lock{mutex_};
  if (auto entry = states_.on_up(service, instance)) tell(std::move(*entry));
}

void node_cluster::on_away(std::string_view service, unsigned instance) {
  std::lock_guard lock{mutex_};
  if (auto entry = states_.on_away(service, instance)) tell(std::move(*entry));
}

void node_cluster::drain(bool draining) {
  std::lock_guard lock{mutex_};
  for (auto& each : states_.drain(draining))
    tell(std::move(each));
}

bool node_cluster::draining() const {
  std::lock_guard lock{mutex_};
  return states_.draining();
}

// -- what others are

void node_cluster::connect(const member_record& to) {
  if (to.link.empty()) return;
  auto& kept = links_[to.name];
  if (kept == to.link) return;
  if (!kept.empty()) link_.forget(kept);
  kept = to.link;
  if (auto outcome = link_.keep_connected(to.link); !outcome.ok())
    log_.error("a member's link cannot be dialed",
               {{"member", to.name}, {"address", to.link}, {"why", outcome.to_string()}});
}

void node_cluster::disconnect(const std::string& node) {
  const auto found = links_.find(node);
  if (found == links_.end()) return;
  link_.forget(found->second);
  links_.erase(found);
}

void node_cluster::on_member(const member_event& what) {
  calls_.on_member(what.record);
  switch (what.kind) {
  case member_event_kind::joined:
  case member_event_kind::changed:
    connect(what.record);
    break;
  case member_event_kind::restarted:
    // The connection to the earlier process may look alive for a while yet, and would keep the new one out.
    disconnect(what.record.name);
    connect(what.record);
    break;
  case member_event_kind::died:
  case member_event_kind::left:
    disconnect(what.record.name);
    break;
  default:
    break;
  }
}

void node_cluster::on_services(const std::vector<registry_change>&, const registry_snapshot_ptr& now) {
  calls_.on_services(now);
  names_.on_services(now);
}

void node_cluster::end(cluster_ending what) {
  if (std::exchange(ending_told_, true)) return;
  on_ending_(what);
}

void node_cluster::on_refused(const status& why) { end({cluster_ending::sort::refused, why.message()}); }

void node_cluster::on_split_brain(const split_brain_decision& what, split_brain_loss loss) {
  if (what.stays) return;
  if (loss == split_brain_loss::leave) end({cluster_ending::sort::leave, what.reason});
  if (loss == split_brain_loss::restart) end({cluster_ending::sort::restart, what.reason});
}

} // namespace troupe
