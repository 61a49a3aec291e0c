// What actors say to a supervisor and what it answers. All stay within one process.
//
// Send a request with CAF's request(): each is answered once. A plain send() gets the answer as an ordinary
// message; use anon_send() when nobody wants it.
#pragma once

#include "runtime/supervision/child_spec.hpp"
#include "runtime/supervision/types.hpp"

#include <caf/actor.hpp>
#include <caf/allowed_unsafe_message_type.hpp>
#include <caf/error.hpp>
#include <caf/fwd.hpp>

#include <exception>
#include <optional>
#include <string>
#include <vector>

namespace troupe {

// -- from a child whose start mode is when_ready

struct child_is_ready {};
struct child_cannot_start {
  status why;
};

// The calling child is ready to work; without effect unless the supervisor waits for it. Call it inside
// `self`.
void report_ready(caf::event_based_actor* self, const caf::actor& supervisor);

// The calling child cannot become ready. The supervisor stops it, and its start has failed with `why` (not
// ok).
void report_failed(caf::event_based_actor* self, const caf::actor& supervisor, status why);

// -- exit reasons of children

// OTP's {shutdown, Term}: an exit that is not a failure (a transient child is not restarted), and why.
caf::error shutdown_exit(std::string why);

// A failure, with a reason that shows up in logs and in the console. (Any other CAF error is a failure as
// well.)
caf::error failure_exit(std::string why);

// The exit reason for an exception that escaped a handler:
// `self->set_exception_handler([](std::exception_ptr& what) { return exception_exit(what); })`.
caf::error exception_exit(const std::exception_ptr& what);

// What a CAF exit reason means to a supervisor.
child_exit exit_of(const caf::error& reason);

// -- requests

// Outcome of the four requests below, with the status codes that supervisor_core.hpp documents.
struct child_reply {
  status outcome;
  child_id id;      // 0 when no child is concerned
  caf::actor actor; // the child's instance, if it has one
};

// OTP's start_child: adds a child and starts it; answered with child_reply when it runs. This is also how a
// service spawns helpers under its supervisor. Under simple_one_for_one the spec's start function carries
// what OTP passes as extra arguments.
struct start_child_request {
  child_spec spec;
};

// OTP's terminate_child, restart_child and delete_child -> child_reply. A child is terminated by its id, or
// by its name when the id is 0; under simple_one_for_one by id only.
struct terminate_child_request {
  std::string name;
  child_id id = {};
};
struct restart_child_request {
  std::string name;
};
struct delete_child_request {
  std::string name;
};

// OTP's which_children -> children_reply, and count_children -> child_counts.
struct which_children_request {};
struct child_listing {
  child_info info;
  caf::actor actor; // null while there is no instance
};
struct children_reply {
  std::vector<child_listing> children; // in start order
};
struct count_children_request {};

// The tree from this supervisor down -> supervision_node. A child supervisor that does not answer in time is
// shown without its children.
struct tree_request {
  duration within = std::chrono::seconds{1};
};

// One supervisor or worker of a tree.
struct supervision_node {
  // More children of one supervisor than this are counted but not listed.
  static constexpr std::size_t max_listed = 1000;

  std::string name;
  child_kind kind = child_kind::worker;
  child_state state = child_state::stopped;
  restart_policy restart = restart_policy::permanent;
  caf::actor_id actor = 0; // 0 while there is no instance
  std::uint64_t restarts = 0;
  std::optional<child_exit> last_exit;

  // Of supervisors that answered:
  bool answered = false;
  restart_strategy strategy = restart_strategy::one_for_one;
  unsigned recent_restarts = 0; // of its children, within the period of its intensity
  child_counts counts;
  std::vector<supervision_node> children; // in start order
};

} // namespace troupe

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::child_is_ready)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::child_cannot_start)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::child_reply)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::start_child_request)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::terminate_child_request)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::restart_child_request)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::delete_child_request)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::which_children_request)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::children_reply)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::count_children_request)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::child_counts)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::tree_request)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::supervision_node)
