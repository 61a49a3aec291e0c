// The tree as the console shows it: each supervisor describes itself and asks the supervisors below it.
#include "runtime/supervision/supervisor_actor.hpp"

#include <memory>

namespace troupe {

supervision_node
supervisor_actor::describe(std::vector<std::pair<std::size_t, caf::actor>>& supervisors_below) {
  supervision_node self;
  self.name = spec_.name;
  self.kind = child_kind::supervisor;
  self.state = core_.stopping() ? child_state::stopping
               : core_.booted() ? child_state::running
                                : child_state::starting;
  self.actor = id();
  self.answered = true;
  self.strategy = core_.flags().strategy;
  self.recent_restarts = core_.recent_restarts(now());
  self.counts = core_.count_children();
  for (auto& each : core_.which_children()) {
    if (self.children.size() == supervision_node::max_listed) break;
    const auto actor = actor_of(each.instance);
    supervision_node child;
    child.name = std::move(each.policy.name);
    child.kind = each.policy.kind;
    child.state = each.state;
    child.restart = each.policy.restart;
    child.actor = actor ? actor.id() : 0;
    child.restarts = each.restarts;
    child.last_exit = std::move(each.last_exit);
    if (actor && child.kind == child_kind::supervisor)
      supervisors_below.emplace_back(self.children.size(), actor);
    self.children.push_back(std::move(child));
  }
  return self;
}

caf::result<supervision_node> supervisor_actor::answer_tree(const tree_request& asked) {
  struct gathering {
    supervision_node node;
    std::size_t missing = 0;
    caf::typed_response_promise<supervision_node> promise;

    void one_less() {
      if (--missing == 0) promise.deliver(std::move(node));
    }
  };
  std::vector<std::pair<std::size_t, caf::actor>> below;
  auto self = describe(below);
  if (below.empty()) return self;
  auto all = std::make_shared<gathering>();
  all->node = std::move(self);
  all->missing = below.size();
  all->promise = make_response_promise<supervision_node>();
  // Less time for each floor down, so that a slow one is cut off where it is and not at the top.
  const auto within = asked.within - asked.within / 4;
  for (const auto& [index, actor] : below) {
    request(actor, std::chrono::duration_cast<std::chrono::microseconds>(within), tree_request{within})
      .then(
        [all, index = index](supervision_node& found) {
          // What this supervisor knows of its child stands; the child adds what it knows of itself.
          auto& node = all->node.children[index];
          node.answered = true;
          node.strategy = found.strategy;
          node.recent_restarts = found.recent_restarts;
          node.counts = found.counts;
          node.children = std::move(found.children);
          all->one_less();
        },
        [all](caf::error&) { all->one_less(); });
  }
  return all->promise;
}

} // namespace troupe
