#include "actors/service/visitor.hpp"

#include "actors/service/service_actor.hpp"

namespace troupe {

namespace {

constexpr service_info no_service{.name = "troupe.Visitor"};

task<> work_then_quit(visitor& self, task<> work) {
  co_await std::move(work);
  self.self()->quit(caf::exit_reason::user_shutdown);
}

} // namespace

visitor::visitor(std::function<task<>(visitor&)> work) : work_(std::move(work)) {}

const service_info& visitor::info() const noexcept { return no_service; }
void visitor::start(handler_run&) {}

task<> visitor::on_start() {
  run_in_background(work_then_quit(*this, std::exchange(work_, nullptr)(*this)));
  return {};
}

void detail::spawn_visitor(caf::actor_system& system, const node_services& services,
                           std::function<task<>(visitor&)> work) {
  auto spawned = spawn_service(
    system,
    {.name = "visitor",
     .make = [work = std::move(work)]() mutable { return std::make_unique<visitor>(std::move(work)); },
     .node = &services});
  if (services.on_visitor) services.on_visitor(spawned);
}

} // namespace troupe
