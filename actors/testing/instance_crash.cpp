#include "actors/testing/instance_crash.hpp"

#include <fmt/format.h>

#include <string>

namespace troupe {

namespace {

constexpr duration pause_between_looks = std::chrono::milliseconds{1};

// The actor of "shop.Orders/0" below "shop.Orders"; null while there is none.
const supervision_node* find_instance(const supervision_node& root, const service_info& service,
                                      const std::string& name) {
  for (const auto& module : root.children) {
    if (module.name != service.name) continue;
    for (const auto& each : module.children)
      if (each.name == name) return &each;
  }
  return nullptr;
}

} // namespace

task<> detail::crash_and_wait(node& of, visitor& self, const service_info& service, unsigned instance) {
  const auto name = fmt::format("{}/{}", service.name, instance);
  caf::actor_id victim = 0;
  for (;;) {
    auto tree = co_await of.look_at_tree(self);
    const auto* found = find_instance(tree, service, name);
    if (found == nullptr) co_await not_found("this node runs no {}", name);
    const auto now = found->state == child_state::running ? found->actor : 0;
    if (victim == 0 && now != 0) {
      victim = now;
      co_await of.kill_actor(self, victim);
    } else if (now != 0 && now != victim) {
      co_return;
    }
    co_await self.sleep_for(pause_between_looks);
  }
}

} // namespace troupe
