// A program of a simulated node that is one actor system.
#pragma once

#include "runtime/simulation/world.hpp"

#include <caf/all.hpp>

#include <functional>
#include <memory>

namespace troupe {

class actor_program final : public simulated_program {
public:
  explicit actor_program(simulated_node& node) : config_(configured(node)), system_(*config_) {}

  caf::actor_system& system() noexcept { return system_; }

  // A factory that makes the system and then calls `start`.
  static program_factory with(std::function<void(simulated_node&, caf::actor_system&)> start) {
    return [start = std::move(start)](simulated_node& node) {
      auto made = std::make_unique<actor_program>(node);
      start(node, made->system());
      return made;
    };
  }

private:
  static std::unique_ptr<caf::actor_system_config> configured(simulated_node& node) {
    auto out = std::make_unique<caf::actor_system_config>();
    node.configure(*out);
    return out;
  }

  const std::unique_ptr<caf::actor_system_config> config_;
  caf::actor_system system_;
};

inline caf::actor_system& system_of(simulated_node& node) {
  return static_cast<actor_program*>(node.program())->system();
}

} // namespace troupe
