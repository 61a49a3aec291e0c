// Doing something in an actor from outside of any: how a main program or a test calls services.
#pragma once

#include "actors/service/service.hpp"

#include <caf/fwd.hpp>

#include <functional>
#include <future>
#include <memory>

namespace troupe {

// What a visiting task may use of its actor.
class visitor final : public service_handler {
public:
  using service_handler::client;
  using service_handler::log;
  using service_handler::names;
  using service_handler::now;
  using service_handler::self;
  using service_handler::sleep_for;

  explicit visitor(std::function<task<>(visitor&)> work);

  const service_info& info() const noexcept override;
  void start(handler_run& run) override;
  task<> on_start() override;

private:
  std::function<task<>(visitor&)> work_;
};

namespace detail {

void spawn_visitor(caf::actor_system& system, const node_services& services,
                   std::function<task<>(visitor&)> work);

template <class T, class F>
task<> visit_and_tell(visitor& self, std::shared_ptr<F> work, std::shared_ptr<std::promise<result<T>>> told) {
  try {
    told->set_value(co_await (*work)(self).as_result());
  } catch (...) {
    told->set_exception(std::current_exception());
  }
}

} // namespace detail

// Runs `work`, a callable `task<T>(visitor&)`, in an actor of its own that ends with it. The future yields
// its outcome; an exception that left the task is rethrown by get(). A task that was ended by the actor
// system's end breaks the promise.
template <class F>
auto visit(caf::actor_system& system, const node_services& services, F work) {
  using T = typename std::invoke_result_t<F&, visitor&>::value_type;
  auto told = std::make_shared<std::promise<result<T>>>();
  auto future = told->get_future();
  detail::spawn_visitor(
    system, services,
    [kept = std::make_shared<F>(std::move(work)), told = std::move(told)](visitor& self) mutable {
      return detail::visit_and_tell<T, F>(self, kept, std::exchange(told, nullptr));
    });
  return future;
}

} // namespace troupe
