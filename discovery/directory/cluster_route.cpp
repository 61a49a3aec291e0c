#include "discovery/directory/cluster_route.hpp"

#include <algorithm>

namespace troupe {

cluster_directory::cluster_route::cluster_route(std::string service, instance_route& local,
                                                const cluster_directory& owner)
  : service_(std::move(service)), local_(local), owner_(owner), choices_(std::make_unique<const choices>()) {}

// -- readers

namespace {

// An actor runs on one thread at a time.
std::uint64_t reader(const call& what) noexcept { return what.caller() ? what.caller()->lane() : 0; }

} // namespace

result<call_end_ptr> cluster_directory::cluster_route::choose(const call& what) noexcept {
  const auto flags = flags_.load(std::memory_order_acquire);
  // Most services run on this node or on others, not on both: one of the two tests costs nothing.
  const bool rather_elsewhere = (flags & own_draining) != 0 && (flags & any_ready) != 0;
  if (!rather_elsewhere && local_.available()) return local_.choose(what);
  if ((flags & (any_ready | any_draining)) != 0)
    if (auto found = choices_.read(reader(what), [&](const choices& now) { return pick(now); })) return found;
  if (local_.known()) return local_.choose(what);
  std::lock_guard lock{owner_.mutex_};
  if (auto found = pick(choices_.latest())) return found;
  return refusal();
}

result<call_end_ptr>
cluster_directory::cluster_route::choose_other(const call& what,
                                               std::span<const call_end_ptr> failed) noexcept {
  const bool leaving = (flags_.load(std::memory_order_acquire) & own_draining) != 0;
  auto local = local_.find_other(failed);
  if (local && !leaving) return local;
  auto found = choices_.read(reader(what), [&](const choices& now) -> call_end_ptr {
    if (auto ready = pick_other(now.ready, failed)) return ready;
    return local ? local : pick_other(now.draining, failed);
  });
  return found ? found : choose(what);
}

call_end_ptr cluster_directory::cluster_route::pick(const choices& of) noexcept {
  if (!of.ready.empty()) return pick(of.ready);
  if (!of.draining.empty()) return pick(of.draining);
  return nullptr;
}

const peer_end_ptr& cluster_directory::cluster_route::pick(const candidates& of) noexcept {
  const auto count = of.size();
  if (count == 1) return of.front().end;
  // As static_directory does: consecutive turns of a Weyl sequence go over all pairs.
  // Not counted as one step: two threads that take the same pair do no harm.
  const auto number = turn_.load(std::memory_order_relaxed);
  turn_.store(number + 1, std::memory_order_relaxed);
  const auto turn = number * 0x9E3779B97F4A7C15ull;
  const auto first = static_cast<std::size_t>((turn >> 32) % count);
  const auto second = (first + 1 + static_cast<std::size_t>((turn & 0xFFFFFFFF) % (count - 1))) % count;
  const auto& a = of[first];
  const auto& b = of[second];
  // Calls an instance, without a division.
  const auto load_of_a = std::uint64_t{a.end->open_calls()} * b.instances;
  const auto load_of_b = std::uint64_t{b.end->open_calls()} * a.instances;
  return load_of_b < load_of_a ? b.end : a.end;
}

// The least busy one, from a place that turns: this is for the few calls that failed.
call_end_ptr cluster_directory::cluster_route::pick_other(const candidates& of,
                                                          std::span<const call_end_ptr> failed) noexcept {
  if (of.empty()) return nullptr;
  const auto begin = turn_.fetch_add(1, std::memory_order_relaxed) % of.size();
  const candidate* best = nullptr;
  for (std::size_t i = 0; i < of.size(); ++i) {
    const auto& each = of[(begin + i) % of.size()];
    if (std::find(failed.begin(), failed.end(), each.end) != failed.end()) continue;
    if (best == nullptr
        || std::uint64_t{each.end->open_calls()} * best->instances
             < std::uint64_t{best->end->open_calls()} * each.instances)
      best = &each;
  }
  return best ? call_end_ptr{best->end} : nullptr;
}

std::vector<std::string> cluster_directory::cluster_route::peers() const {
  std::vector<std::string> out;
  const auto& now = choices_.latest();
  for (const auto* each : {&now.ready, &now.draining}) {
    const auto begin = static_cast<std::ptrdiff_t>(out.size());
    for (const auto& peer : *each)
      out.push_back(peer.end->node());
    std::sort(out.begin() + begin, out.end());
  }
  return out;
}

// -- what changes

void cluster_directory::cluster_route::add(const peer_end_ptr& peer) {
  offers_.push_back({peer, false});
  std::erase_if(losses_, [&](const loss& each) { return each.node == peer->node(); });
  update();
}

void cluster_directory::cluster_route::stopping(const peer_end_ptr& peer) {
  for (auto& each : offers_)
    if (each.end == peer) each.stopping = true;
  update();
}

void cluster_directory::cluster_route::remove(const peer_end_ptr& peer, const std::string& why,
                                              monotonic_time when) {
  if (std::erase_if(offers_, [&](const offer& each) { return each.end == peer; }) == 0) return;
  // A peer that connected anew is up before its old end is down.
  if (offer_of(peer->node()) == nullptr) lose(peer->node(), why, when);
  update();
}

void cluster_directory::cluster_route::set_places(std::shared_ptr<const service_places> now,
                                                  monotonic_time when) {
  const auto before = std::exchange(places_, std::move(now));
  if (before)
    for (const auto& each : *before)
      if (each.node != owner_.own_node_ && place_of(each.node) == nullptr) lose(each.node, {}, when);
  update();
}

void cluster_directory::cluster_route::update() {
  auto next = std::make_unique<choices>();
  for (const auto& each : offers_) {
    if (each.stopping) continue;
    const auto* place = place_of(each.end->node());
    if (owner_.known_->find_member(each.end->node()) == nullptr) {
      next->ready.push_back({each.end, 1});
    } else if (place != nullptr && place->incarnation >= each.end->incarnation()) {
      const candidate found{each.end, std::max(place->entry.instances, 1u)};
      if (place->entry.health == service_health::ready) next->ready.push_back(found);
      if (place->entry.health == service_health::draining) next->draining.push_back(found);
    }
  }
  const auto* own = place_of(owner_.own_node_);
  const bool leaving = own != nullptr && own->entry.health == service_health::draining;
  const auto flags = (next->ready.empty() ? 0 : any_ready) | (next->draining.empty() ? 0 : any_draining)
                     | (leaving ? own_draining : 0);
  if (*next != choices_.latest()) choices_.replace(std::move(next));
  flags_.store(static_cast<std::uint8_t>(flags), std::memory_order_release);
}

void cluster_directory::cluster_route::lose(std::string_view node, const std::string& why,
                                            monotonic_time when) {
  // The end of the connection and that of the membership are one loss, whichever comes first.
  const auto known = find_loss(node);
  const auto reason = why.empty() && known != losses_.end() ? known->why : why;
  if (known != losses_.end()) losses_.erase(known);
  if (losses_.size() == most_losses) losses_.erase(losses_.begin());
  losses_.push_back({std::string{node}, reason, when});
}

std::vector<cluster_directory::cluster_route::loss>::const_iterator
cluster_directory::cluster_route::find_loss(std::string_view node) const noexcept {
  return std::find_if(losses_.begin(), losses_.end(), [&](const loss& each) { return each.node == node; });
}

const service_place* cluster_directory::cluster_route::place_of(std::string_view node) const noexcept {
  if (!places_) return nullptr;
  const auto at =
    std::lower_bound(places_->begin(), places_->end(), node,
                     [](const service_place& each, std::string_view name) { return each.node < name; });
  return at != places_->end() && at->node == node ? &*at : nullptr;
}

const cluster_directory::cluster_route::offer*
cluster_directory::cluster_route::offer_of(std::string_view node) const noexcept {
  // The last one is the connection that stands.
  const auto at = std::find_if(offers_.rbegin(), offers_.rend(),
                               [&](const offer& each) { return each.end->node() == node; });
  return at == offers_.rend() ? nullptr : &*at;
}

} // namespace troupe
