#include "runtime/supervision/messages.hpp"

#include <caf/atom.hpp>
#include <caf/event_based_actor.hpp>
#include <caf/exit_reason.hpp>
#include <caf/message.hpp>

namespace troupe {

namespace {

constexpr auto category = caf::atom("supervisor");
constexpr std::uint8_t code_shutdown = 1;
constexpr std::uint8_t code_failure = 2;

std::string text_of(const caf::error& reason) {
  if (reason.context().match_elements<std::string>()) return reason.context().get_as<std::string>(0);
  return to_string(reason);
}

} // namespace

void report_ready(caf::event_based_actor* self, const caf::actor& supervisor) {
  self->send(supervisor, child_is_ready{});
}

void report_failed(caf::event_based_actor* self, const caf::actor& supervisor, status why) {
  self->send(supervisor, child_cannot_start{std::move(why)});
}

caf::error shutdown_exit(std::string why) {
  return {code_shutdown, category, caf::make_message(std::move(why))};
}

caf::error failure_exit(std::string why) {
  return {code_failure, category, caf::make_message(std::move(why))};
}

caf::error exception_exit(const std::exception_ptr& what) {
  try {
    std::rethrow_exception(what);
  } catch (const std::exception& e) {
    return failure_exit(std::string{"an exception escaped: "} + e.what());
  } catch (...) {
    return failure_exit("an exception escaped that is no std::exception");
  }
}

child_exit exit_of(const caf::error& reason) {
  if (!reason) return {exit_kind::normal, ""};
  if (reason == caf::exit_reason::user_shutdown) return {exit_kind::shutdown, ""};
  if (reason == caf::exit_reason::kill) return {exit_kind::killed, ""};
  const bool ours = reason.category() == category;
  return {ours && reason.code() == code_shutdown ? exit_kind::shutdown : exit_kind::abnormal,
          text_of(reason)};
}

} // namespace troupe
