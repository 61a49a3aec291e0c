#include "runtime/supervision/supervisor.hpp"

#include "runtime/supervision/supervisor_actor.hpp"

#include <caf/actor_system.hpp>
#include <caf/exit_reason.hpp>
#include <caf/send.hpp>
#include <fmt/chrono.h>

#include <unordered_set>

namespace troupe {

status check(const child_spec& child, const supervisor_flags& flags) {
  if (auto wrong = check(child.policy(), flags); !wrong.ok()) return wrong;
  if (!child.start) return invalid_argument("child {} has no start function", child.name);
  return child.supervisor ? check(*child.supervisor) : status{};
}

status check(const supervisor_spec& spec) {
  if (spec.name.empty()) return invalid_argument("a supervisor must have a name");
  auto within = [&](const status& wrong) {
    return invalid_argument("supervisor {}: {}", spec.name, wrong.message());
  };
  if (auto wrong = check(spec.flags); !wrong.ok()) return within(wrong);
  if (spec.flags.strategy == restart_strategy::simple_one_for_one && !spec.children.empty())
    return within(
      invalid_argument("the children of a simple_one_for_one supervisor are added by start_child only"));
  if (spec.children.size() > spec.flags.max_children)
    return within(invalid_argument("it has {} children, more than max_children", spec.children.size()));
  std::unordered_set<std::string_view> names;
  for (const auto& child : spec.children) {
    if (auto wrong = check(child, spec.flags); !wrong.ok()) return within(wrong);
    if (!names.insert(child.name).second)
      return within(invalid_argument("there are two children named {}", child.name));
  }
  return {};
}

result<caf::actor> spawn_supervisor(caf::actor_system& system, supervisor_spec spec,
                                    supervisor_environment environment) {
  if (auto wrong = check(spec); !wrong.ok()) return wrong;
  auto path = spec.name;
  return caf::actor{
    system.spawn<supervisor_actor>(std::move(spec), std::move(environment), std::move(path), caf::actor{})};
}

child_spec supervisor_child(supervisor_spec spec, restart_policy restart) {
  auto shared = std::make_shared<const supervisor_spec>(std::move(spec));
  child_spec out;
  out.name = shared->name;
  out.restart = restart;
  out.shutdown = shutdown_policy::infinity();
  out.mode = start_mode::when_ready_without_limit();
  out.kind = child_kind::supervisor;
  out.supervisor = shared;
  out.start = [shared](child_context& context) -> result<caf::actor> {
    return caf::actor{
      context.system.spawn<supervisor_actor>(*shared, context.environment, context.path, context.supervisor)};
  };
  return out;
}

void stop_supervisor(const caf::actor& supervisor) {
  caf::anon_send_exit(supervisor, caf::exit_reason::user_shutdown);
}

std::string_view to_string(supervision_event_kind value) noexcept {
  switch (value) {
  case supervision_event_kind::supervisor_ready:
    return "is ready";
  case supervision_event_kind::supervisor_stopping:
    return "is stopping";
  case supervision_event_kind::supervisor_ended:
    return "has ended";
  case supervision_event_kind::child_started:
    return "started";
  case supervision_event_kind::child_ended:
    return "ended";
  case supervision_event_kind::child_stopped:
    return "was stopped";
  case supervision_event_kind::child_start_failed:
    return "did not start";
  case supervision_event_kind::child_killed:
    return "is killed";
  case supervision_event_kind::child_given_up:
    return "was given up";
  case supervision_event_kind::hook_failed:
    return "has a hook that threw";
  }
  return "?";
}

std::string to_string(const supervision_event& event) {
  auto out = fmt::format("{} {}", event.path, to_string(event.kind));
  if (!event.reason.empty()) out += fmt::format(" ({})", event.reason);
  if (event.restart_in && *event.restart_in == duration::zero())
    out += "; it restarts at once";
  else if (event.restart_in)
    out += fmt::format("; it restarts in {} ms",
                       std::chrono::duration_cast<std::chrono::milliseconds>(*event.restart_in).count());
  return out;
}

} // namespace troupe
