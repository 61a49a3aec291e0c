// What callers are told when nobody takes calls for a service.
#include "discovery/directory/cluster_route.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>

namespace troupe {

namespace {

constexpr std::size_t most_named = 5;
constexpr std::size_t most_reason_bytes = 120;

std::string age(duration since) {
  const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(since).count();
  if (seconds < 1) return " just now";
  if (seconds < 120) return fmt::format(" {} s ago", seconds);
  if (seconds < 7200) return fmt::format(" {} min ago", seconds / 60);
  return fmt::format(" {} h ago", seconds / 3600);
}

} // namespace

std::string cluster_directory::cluster_route::say(const service_place& place) const {
  const auto& node = place.node;
  const auto* offer = offer_of(node);
  if (offer != nullptr && offer->stopping) return node + " is stopping";
  const auto health = place.entry.health;
  if (health == service_health::starting || health == service_health::unhealthy)
    return fmt::format("{} plays it but is {}", node, to_string(health));
  if (offer != nullptr && offer->end->incarnation() > place.incarnation)
    return node + " has restarted and has not yet said what it plays";
  const auto lost = find_loss(node);
  return fmt::format("{} is {} {} not connected{}", node, to_string(health),
                     health == service_health::ready ? "but" : "and",
                     lost != losses_.end() ? in_brackets(lost->why) : "");
}

std::string cluster_directory::cluster_route::say(const offer& made) const {
  return made.end->node()
         + (made.stopping ? " is stopping" : " is connected but has not said that it plays it");
}

std::string cluster_directory::cluster_route::say(const loss& lost) const {
  const auto ago = [this](monotonic_time when) {
    return owner_.time_ ? age(owner_.time_->now() - when) : std::string{};
  };
  const auto* member = owner_.known_->find_member(lost.node);
  if (member != nullptr && member->state == member_state::dead)
    return fmt::format("{} died{}{}", lost.node, ago(member->since), in_brackets(lost.why));
  if (member != nullptr && member->state == member_state::left)
    return fmt::format("{} left{}", lost.node, ago(member->since));
  if (lost.why.empty()) return fmt::format("{} gave it up{}", lost.node, ago(lost.when));
  return fmt::format("the connection to {} ended{}{}", lost.node, ago(lost.when), in_brackets(lost.why));
}

// What comes from a status or another node may be long.
std::string cluster_directory::cluster_route::in_brackets(const std::string& why) {
  if (why.empty()) return {};
  return why.size() <= most_reason_bytes ? " (" + why + ")"
                                         : " (" + why.substr(0, most_reason_bytes) + "...)";
}

status cluster_directory::cluster_route::refusal() const {
  std::vector<std::string> known;
  std::size_t more = 0;
  const auto tell = [&](const auto& what) {
    if (known.size() < most_named)
      known.push_back(say(what));
    else
      ++more;
  };
  if (places_)
    for (const auto& each : *places_)
      if (each.node != owner_.own_node_) tell(each);
  for (const auto& each : offers_)
    if (place_of(each.end->node()) == nullptr && &each == offer_of(each.end->node())) tell(each);
  for (auto each = losses_.rbegin(); each != losses_.rend(); ++each)
    if (place_of(each->node) == nullptr && offer_of(each->node) == nullptr) tell(*each);

  auto why =
    known.empty() ? unavailable(
      "no instance of {} is known: no module on this node plays it, and no connected peer does", service_)
                  : unavailable("no instance of {} takes calls: {}{}", service_, fmt::join(known, ", "),
                                more > 0 ? fmt::format(", and {} more", more) : "");
  return with_retry_hint(std::move(why), retry_hint::not_executed);
}

} // namespace troupe
