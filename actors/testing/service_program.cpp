#include "actors/testing/service_program.hpp"

#include "actors/testing/simulation_options.hpp"

#include <fmt/format.h>

namespace troupe::detail {

namespace {

logging_options log_of(service_process& what) {
  logging_options out;
  out.level = what.level;
  out.color = log_color::never;
  out.target = log_target::function;
  out.function = std::move(what.on_log);
  out.asynchronous = false;
  return out;
}

} // namespace

service_program::service_program(simulated_node& on, service_process what) {
  auto world = on.surroundings();
  auto logs = logging::start(log_of(what), world.clock);
  if (!logs) throw simulation_failed{fmt::format("{} has no log: {}", on.name(), logs.error().to_string())};
  logs_ = std::move(*logs);
  auto begun = node::begin(std::move(what.options), world, logs_.get(), nullptr, std::move(what.modules),
                           [&on](caf::actor_system_config& config) { on.configure(config); });
  if (!begun)
    throw simulation_failed{fmt::format("{} did not start: {}", on.name(), begun.error().to_string())};
  node_ = std::move(*begun);
  // The end of a tree that is ended with its machine is no news.
  node_->on_end([&on, tell = std::move(what.on_end)](const supervisor_exit& why) {
    if (on.up()) tell(why);
  });
  if (what.on_cluster_ending) node_->on_cluster_ending(std::move(what.on_cluster_ending));
}

service_program::~service_program() = default;

} // namespace troupe::detail
