#include "actors/service/ask.hpp"

#include <caf/all.hpp>

namespace troupe {

status status_of(const caf::error& error) {
  if (!error) return {};
  if (error == caf::sec::request_timeout) return deadline_exceeded("the actor did not answer in time");
  if (error == caf::sec::request_receiver_down || error == caf::exit_reason::kill
      || error == caf::exit_reason::user_shutdown || error == caf::exit_reason::unreachable)
    return unavailable("the actor is down");
  if (error == caf::sec::unexpected_message) return unimplemented("the actor does not handle this message");
  return unknown("{}", caf::to_string(error));
}

} // namespace troupe
