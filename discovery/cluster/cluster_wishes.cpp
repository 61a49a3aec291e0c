// What other threads want of a member: written down at once, under a lock that is held for an instant, and
// granted by the loop. However often they call, one post waits.
#include "discovery/cluster/cluster_core.hpp"

#include <algorithm>
#include <utility>

namespace troupe {

void cluster_member::core::wish(const std::unique_lock<std::mutex>&) {
  if (std::exchange(wishes_.posted, true)) return;
  loop_->post([this] { grant_wishes(); });
}

status cluster_member::core::publish(service_entry entry) {
  const std::unique_lock hold{wishes_mutex_};
  if (auto wrong = wishes_.services.publish(std::move(entry)); !wrong.ok()) return wrong;
  wish(hold);
  return {};
}

void cluster_member::core::withdraw(std::string_view service) {
  const std::unique_lock hold{wishes_mutex_};
  wishes_.services.withdraw(service);
  wish(hold);
}

void cluster_member::core::set_health(service_health health) {
  const std::unique_lock hold{wishes_mutex_};
  wishes_.services.set_health(health);
  wish(hold);
}

void cluster_member::core::set_load(std::string_view service, std::uint32_t calls) {
  const std::unique_lock hold{wishes_mutex_};
  if (wishes_.services.set_load(service, calls)) wish(hold);
}

status cluster_member::core::change_metadata(const std::function<void(member_metadata&)>& change) {
  const std::unique_lock hold{wishes_mutex_};
  auto next = self_;
  next.metadata = wishes_.metadata;
  change(next.metadata);
  // As large as it can ever get.
  next.incarnation = highest_incarnation;
  if (auto wrong = check_member_record(next); !wrong.ok()) return wrong;
  if (next.metadata == wishes_.metadata) return {};
  wishes_.metadata = std::move(next.metadata);
  wishes_.new_metadata = true;
  wish(hold);
  return {};
}

status cluster_member::core::add_seeds(std::vector<seed_entry> seeds) {
  const std::unique_lock hold{wishes_mutex_};
  auto all = wishes_.seeds;
  for (auto& each : seeds)
    if (std::find(all.begin(), all.end(), each) == all.end()) all.push_back(std::move(each));
  if (all.size() > max_seed_entries)
    return invalid_argument("{} places to look for other nodes; {} are allowed", all.size(),
                            max_seed_entries);
  wishes_.seeds = std::move(all);
  wishes_.new_seeds = true;
  wish(hold);
  return {};
}

void cluster_member::core::grant_wishes() {
  if (closed_) return;
  const auto now = world_.clock.now();
  std::optional<registry_delta> delta;
  std::optional<member_metadata> metadata;
  std::optional<std::vector<seed_entry>> seeds;
  {
    const std::lock_guard hold{wishes_mutex_};
    wishes_.posted = false;
    delta = wishes_.services.take_changes(registry_, now);
    load_due_ = wishes_.services.due();
    if (std::exchange(wishes_.new_metadata, false)) metadata = wishes_.metadata;
    if (std::exchange(wishes_.new_seeds, false)) seeds = wishes_.seeds;
  }
  if (delta) gossip_.spread(now, std::move(*delta));
  if (metadata) {
    if (auto refused = membership_.update_metadata(now, std::move(*metadata)); !refused.ok())
      log_.debug("the record stays as it is", {{"why", refused.message()}});
    members_changed_ = true;
    view_changed();
  }
  if (seeds) {
    if (auto refused = start_seeds(std::move(*seeds)); !refused.ok())
      log_.warning("no further seeds", {{"why", refused.message()}});
  }
  settle();
}

status cluster_member::core::change_keys(const gossip_keyring& ring) {
  status outcome;
  const auto change = [&] { outcome = transport_->change_keys(ring); };
  if (loop_->is_current())
    change();
  else
    loop_->run(change);
  return outcome;
}

} // namespace troupe
