#include "discovery/cluster/cluster_member.hpp"

#include "discovery/cluster/cluster_core.hpp"

#include <utility>

namespace troupe {

cluster_member::cluster_member(std::unique_ptr<core> inner) : core_(std::move(inner)) {}

cluster_member::~cluster_member() = default;

result<std::unique_ptr<cluster_member>> cluster_member::start(cluster_member_options options,
                                                              const environment& world,
                                                              cluster_listener& listener, logging* logs,
                                                              metrics* numbers) {
  auto inner = std::make_unique<core>(std::move(options), world, listener, logs, numbers);
  if (auto wrong = inner->open(); !wrong.ok()) return wrong;
  return std::unique_ptr<cluster_member>{new cluster_member{std::move(inner)}};
}

const std::string& cluster_member::name() const noexcept { return core_->name(); }
const endpoint& cluster_member::address() const noexcept { return core_->address(); }
const endpoint& cluster_member::local() const noexcept { return core_->local(); }
cluster_view_ptr cluster_member::view() const { return core_->view(); }

status cluster_member::publish(service_entry entry) { return core_->publish(std::move(entry)); }
void cluster_member::withdraw(std::string service) { core_->withdraw(service); }
void cluster_member::set_health(service_health health) { core_->set_health(health); }
void cluster_member::set_load(std::string service, std::uint32_t calls) { core_->set_load(service, calls); }

status cluster_member::set_metadata(member_metadata metadata) {
  return core_->change_metadata([&metadata](member_metadata& now) { now = std::move(metadata); });
}

status cluster_member::set_metadata_value(std::string key, std::string value) {
  return core_->change_metadata([&](member_metadata& now) { now.values[std::move(key)] = std::move(value); });
}

status cluster_member::add_seeds(std::vector<seed_entry> seeds) { return core_->add_seeds(std::move(seeds)); }
status cluster_member::change_keys(gossip_keyring ring) { return core_->change_keys(ring); }
void cluster_member::leave(std::function<void()> then) { core_->leave(std::move(then)); }

} // namespace troupe
