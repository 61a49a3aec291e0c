// What a member makes known of its cluster: snapshots, events, log lines, and what the split-brain policy
// decides.
#include "discovery/cluster/cluster_core.hpp"

#include <utility>

namespace troupe {

namespace {

std::string joined(const std::vector<std::string>& names) {
  std::string out;
  for (const auto& each : names)
    out += (out.empty() ? "" : ", ") + each;
  return out;
}

} // namespace

cluster_view_ptr cluster_member::core::view() const {
  const std::lock_guard hold{view_mutex_};
  return view_;
}

void cluster_member::core::enter_phase(cluster_phase phase) {
  if (phase == phase_) return;
  log_.info("the phase of this node has changed",
            {{"cluster", options_.cluster}, {"from", to_string(phase_)}, {"to", to_string(phase)}});
  phase_ = phase;
  view_changed();
}

void cluster_member::core::on_event(member_event what) {
  const auto now = world_.clock.now();
  const auto& record = what.record;
  tell_of(what);
  switch (what.kind) {
  case member_event_kind::joined:
  case member_event_kind::restarted:
  case member_event_kind::changed:
    gossip_.member_up(now, record.name, record.process, record.gossip);
    if (phase_ == cluster_phase::joining) enter_phase(cluster_phase::member);
    break;
  case member_event_kind::died:
  case member_event_kind::left:
    gossip_.member_down(record.name, record.process);
    break;
  case member_event_kind::suspected:
  case member_event_kind::refuted:
    break;
  case member_event_kind::name_conflict:
    enter_phase(cluster_phase::refused);
    to_tell_.emplace_back(
      [this, why = already_exists("an older process of the node {} is alive in the cluster {}", options_.node,
                                  options_.cluster)] { listener_.on_refused(why); });
    return;
  case member_event_kind::alone:
    if (seeds_) seeds_->hurry();
    return;
  case member_event_kind::renumbered: {
    const std::lock_guard hold{wishes_mutex_}; // change_metadata() reads it
    self_.process = record.process;
  }
    if (auto all = registry_.renumber(record.process)) gossip_.spread(now, std::move(*all));
    members_changed_ = true;
    return view_changed();
  }
  members_changed_ = true;
  to_tell_.emplace_back([this, what = std::move(what)] { listener_.on_member(what); });
  view_changed();
}

void cluster_member::core::tell_of(const member_event& what) const {
  const auto& record = what.record;
  const auto tell = [&](std::string_view message) {
    log_.info(message, {{"member", record.name},
                        {"gossip", record.gossip.to_string()},
                        {"process", record.process},
                        {"version", record.application_version}});
  };
  switch (what.kind) {
  case member_event_kind::joined:
    return tell("a member has joined");
  case member_event_kind::restarted:
    return tell("a member was restarted");
  case member_event_kind::died:
    return tell("a member is held for dead");
  case member_event_kind::left:
    return tell("a member has left");
  case member_event_kind::suspected:
  case member_event_kind::refuted:
  case member_event_kind::changed:
    log_.debug("a member", {{"member", record.name}, {"is", to_string(what.kind)}});
    return;
  case member_event_kind::name_conflict:
    log_.warning("an older process of this node's name is alive: this one gives way",
                 {{"node", options_.node}, {"cluster", options_.cluster}});
    return;
  case member_event_kind::renumbered:
    log_.info("an earlier process of this node had a larger number: this one outlives it",
              {{"process", record.process}});
    return;
  case member_event_kind::alone:
    log_.warning("this node is alone: no seed answers; trying on",
                 {{"cluster", options_.cluster}, {"seeds", seeds_known_}});
    return;
  }
}

// -- split brain

void cluster_member::core::look_at_members(const std::vector<member_record>& members) {
  if (last_known_) remember_members(members);
  if (resolver_) show_to_policy(members);
}

// The deaths of a lost side become known one after the other, and a node that is cut off probes slowly,
// because it doubts itself: those whom it has not found dead yet may be lost as well. So while somebody is
// dead, those are doubted who are suspected, or of whom nothing was heard since; but in a cluster that is so
// large that a member does not hear of all others in time only if this one has reason to doubt itself.
void cluster_member::core::show_to_policy(const std::vector<member_record>& members) {
  const auto now = world_.clock.now();
  std::vector<split_brain_member> seen;
  std::set<std::pair<std::string, std::uint64_t>> still_gone;
  bool torn = false;
  for (const auto& each : members) {
    if (each.state == member_state::left) continue;
    const auto reachable = each.state != member_state::dead;
    const std::pair key{each.name, each.process};
    // Who was given up and is there again counts as before.
    if (reachable) {
      given_up_.erase(key);
    } else if (given_up_.contains(key)) {
      still_gone.insert(key);
      continue;
    }
    torn = torn || !reachable;
    const auto& roles = each.metadata.roles;
    seen.push_back({each.name,
                    each.process,
                    {roles.begin(), roles.end()},
                    reachable,
                    each.state == member_state::suspect && each.name != options_.node});
  }
  if (!torn)
    torn_since_.reset();
  else if (!torn_since_)
    torn_since_ = now;
  const auto probed = options_.split_brain->stable_after / options_.membership.protocol_period;
  const bool wary = static_cast<duration::rep>(membership_.living()) <= probed
                    || 2 * membership_.local_health_score() > options_.membership.max_local_health;
  if (torn_since_ && wary) {
    for (auto& each : seen)
      if (each.reachable && each.name != options_.node)
        each.doubted = each.doubted || membership_.last_heard(each.name) < *torn_since_;
  }
  // Those of whom nothing is known any more need not be remembered.
  std::erase_if(given_up_, [&](const auto& key) { return !still_gone.contains(key); });
  resolver_->on_view(now, std::move(seen));
}

void cluster_member::core::judge_split() {
  if (!resolver_ || resolver_->has_lost() || !talks()) return;
  // Somebody may have been heard.
  if (torn_since_) show_to_policy(membership_.members());
  auto decision = resolver_->decide(world_.clock.now());
  if (!decision) return;
  log_.warning(decision->stays ? "the cluster is split: this side stays"
                               : "the cluster is split: this side does not stay",
               {{"why", decision->reason}, {"lost", joined(decision->lost)}});
  for (const auto& name : decision->lost) {
    if (const auto* gone = membership_.find(name); gone != nullptr) given_up_.emplace(name, gone->process);
  }
  members_changed_ = true;
  decision_ = decision;
  to_tell_.emplace_back(
    [this, what = std::move(*decision)] { listener_.on_split_brain(what, options_.split_brain->loss); });
  view_changed();
}

// -- the view

void cluster_member::core::view_changed() {
  if (std::exchange(view_outdated_, true) || closed_) return;
  loop_->post([this] {
    if (!closed_ && view_outdated_) publish_view();
  });
}

void cluster_member::core::publish_view() {
  view_outdated_ = false;
  auto next = std::make_shared<cluster_view>();
  next->number = ++views_;
  next->phase = phase_;
  next->self = membership_.self();
  next->members = membership_.members();
  next->services = registry_.snapshot();
  next->local_health_score = told_health_ = membership_.local_health_score();
  next->decision = decision_;
  next->seeds = seeds_known_;
  if (meter_)
    meter_->update([&next](cluster_figures& now) {
      now.snapshot = next->number;
      now.members = {};
      for (const auto& each : next->members)
        ++now.members[static_cast<std::size_t>(each.state)];
      now.services = next->services->services().size();
      now.places = 0;
      for (const auto& [service, places] : next->services->services())
        now.places += places->size();
    });
  const cluster_view_ptr now = std::move(next);
  {
    const std::lock_guard hold{view_mutex_};
    view_ = now;
  }
  if (std::exchange(members_changed_, false)) look_at_members(now->members);
  arm();
  // The listener may wish for something, which waits for another turn.
  for (const auto& each : std::exchange(to_tell_, {}))
    each();
  if (const auto changes = std::exchange(changes_, {}); !changes.empty())
    listener_.on_services(changes, now->services);
}

void cluster_member::core::remember_members(const std::vector<member_record>& members) {
  std::vector<known_member> known;
  for (const auto& each : members)
    if (each.state <= member_state::suspect && each.name != options_.node)
      known.push_back({each.gossip, each.metadata.zone});
  last_known_->remember(std::move(known));
}

} // namespace troupe
