#include "discovery/directory/cluster_directory.hpp"

#include "discovery/directory/cluster_route.hpp"

#include <algorithm>

namespace troupe {

cluster_directory::cluster_directory(static_directory& local, std::string own_node, const clock* time)
  : local_(local), own_node_(std::move(own_node)), time_(time), known_(std::make_unique<knowledge>()) {}

cluster_directory::~cluster_directory() = default;

monotonic_time cluster_directory::now() const noexcept { return time_ ? time_->now() : monotonic_time{}; }

cluster_directory::cluster_route& cluster_directory::find_route(std::string_view service) {
  const auto known = routes_.find(service);
  if (known != routes_.end()) return *known->second;
  auto made = std::make_unique<cluster_route>(std::string{service}, local_.route(service), *this);
  const auto places = known_->services->services().find(service);
  if (places != known_->services->services().end()) made->set_places(places->second, now());
  return *routes_.emplace(std::string{service}, std::move(made)).first->second;
}

service_route& cluster_directory::route(std::string_view service) {
  std::lock_guard lock{mutex_};
  return find_route(service);
}

void cluster_directory::on_peer_up(const peer_end_ptr& peer, const greeting& theirs) {
  std::lock_guard lock{mutex_};
  auto& known = known_->peers.emplace_back();
  known.end = peer;
  for (const auto& service : theirs.services) {
    known.services.push_back(service.name);
    find_route(service.name).add(peer);
  }
}

void cluster_directory::on_peer_draining(const peer_end_ptr& peer) {
  std::lock_guard lock{mutex_};
  for (const auto& each : known_->peers)
    if (each.end == peer)
      for (const auto& service : each.services)
        find_route(service).stopping(peer);
}

void cluster_directory::on_peer_down(const peer_end_ptr& peer, const status& why) {
  std::lock_guard lock{mutex_};
  const auto gone = std::find_if(known_->peers.begin(), known_->peers.end(),
                                 [&](const auto& each) { return each.end == peer; });
  if (gone == known_->peers.end()) return;
  const auto services = std::move(gone->services);
  known_->peers.erase(gone);
  for (const auto& service : services)
    find_route(service).remove(peer, why.message(), now());
}

void cluster_directory::on_member(const member_record& member) {
  if (member.name == own_node_) return;
  std::lock_guard lock{mutex_};
  const bool living = member.state == member_state::alive || member.state == member_state::suspect;
  auto [known, is_new] = known_->members.try_emplace(member.name);
  if (is_new || known->second.state != member.state) known->second.since = now();
  known->second.state = member.state;
  if (!living) known_->forget_the_longest_gone();
  if (!is_new) return;
  // From now on the registry says what it plays.
  for (const auto& peer : known_->peers)
    if (peer.end->node() == member.name)
      for (const auto& service : peer.services)
        find_route(service).update();
}

void cluster_directory::on_services(const registry_snapshot_ptr& now_played) {
  std::lock_guard lock{mutex_};
  known_->services = now_played;
  for (auto& [service, route] : routes_) {
    const auto places = now_played->services().find(service);
    auto next = places == now_played->services().end() ? nullptr : places->second;
    if (next != route->places()) route->set_places(std::move(next), now());
  }
}

std::map<std::string, std::vector<std::string>> cluster_directory::remote_services() const {
  std::map<std::string, std::vector<std::string>> out;
  std::lock_guard lock{mutex_};
  for (const auto& [service, route] : routes_)
    if (auto peers = route->peers(); !peers.empty()) out.emplace(service, std::move(peers));
  return out;
}

void cluster_directory::knowledge::forget_the_longest_gone() {
  const auto gone = [](const auto& each) {
    return each.second.state == member_state::dead || each.second.state == member_state::left;
  };
  if (members.size() <= most_gone) return;
  if (static_cast<std::size_t>(std::count_if(members.begin(), members.end(), gone)) <= most_gone) return;
  auto oldest = members.end();
  for (auto each = members.begin(); each != members.end(); ++each)
    if (gone(*each) && (oldest == members.end() || each->second.since < oldest->second.since)) oldest = each;
  members.erase(oldest);
}

} // namespace troupe
