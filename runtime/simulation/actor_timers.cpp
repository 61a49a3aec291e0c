#include "runtime/simulation/actor_timers.hpp"

#include "runtime/simulation/world_parts.hpp"

#include <caf/actor_control_block.hpp>
#include <caf/group.hpp>
#include <caf/mailbox_element.hpp>
#include <caf/message.hpp>

#include <utility>

namespace troupe {

actor_timers::time_point actor_timers::now() const noexcept { return session_->on.time.now(); }

// CAF measures how long handlers took; in virtual time that is nothing, and nothing is not a measurement.
actor_timers::duration_type actor_timers::difference(caf::atom_value, long, time_point from,
                                                     time_point to) const noexcept {
  return from == to ? duration_type{1} : to - from;
}

void actor_timers::set_ordinary_timeout(time_point when, caf::abstract_actor* self, caf::atom_value type,
                                        std::uint64_t id) {
  if (!session_->alive) return;
  super::set_ordinary_timeout(when, self, type, id);
  arm();
}

void actor_timers::set_multi_timeout(time_point when, caf::abstract_actor* self, caf::atom_value type,
                                     std::uint64_t id) {
  if (!session_->alive) return;
  super::set_multi_timeout(when, self, type, id);
  arm();
}

void actor_timers::set_request_timeout(time_point when, caf::abstract_actor* self, caf::message_id id) {
  if (!session_->alive) return;
  super::set_request_timeout(when, self, id);
  arm();
}

void actor_timers::schedule_message(time_point when, caf::strong_actor_ptr receiver,
                                    caf::mailbox_element_ptr content) {
  if (!session_->alive) return;
  super::schedule_message(when, std::move(receiver), std::move(content));
  arm();
}

void actor_timers::schedule_message(time_point when, caf::group target, caf::strong_actor_ptr sender,
                                    caf::message content) {
  if (!session_->alive) return;
  super::schedule_message(when, std::move(target), std::move(sender), std::move(content));
  arm();
}

void actor_timers::cancel_all() {
  actor_lookup_.clear();
  const auto dropped = std::exchange(schedule_, {});
}

void actor_timers::arm() {
  const auto first = schedule_.begin()->first;
  if (due_.waiting() && first >= armed_) return;
  armed_ = first;
  auto& here = session_->on;
  if (const auto when = here.shown.world_of(first); when != monotonic_time::max())
    here.world.events.add(due_, when);
}

void actor_timers::due() {
  if (!session_->alive) return;
  trigger_expired_timeouts();
  if (!schedule_.empty()) arm();
}

} // namespace troupe
