// The clock of a simulated actor system: receive time-outs, request time-outs and delayed messages in virtual
// time. Internal to the simulation.
#pragma once

#include "runtime/simulation/machine.hpp"
#include "runtime/simulation/member_event.hpp"

#include <caf/detail/simple_actor_clock.hpp>

namespace troupe {

// Keeps CAF's own list of timers, and one event of the world for the first of them. Shows the machine's
// clock, so that timers run fast and slow with it.
class actor_timers final : public caf::detail::simple_actor_clock {
public:
  using super = caf::detail::simple_actor_clock;

  explicit actor_timers(session_ptr session) : session_(std::move(session)) {}

  time_point now() const noexcept override;
  duration_type difference(caf::atom_value measurement, long units, time_point from,
                           time_point to) const noexcept override;
  void set_ordinary_timeout(time_point when, caf::abstract_actor* self, caf::atom_value type,
                            std::uint64_t id) override;
  void set_multi_timeout(time_point when, caf::abstract_actor* self, caf::atom_value type,
                         std::uint64_t id) override;
  void set_request_timeout(time_point when, caf::abstract_actor* self, caf::message_id id) override;
  void schedule_message(time_point when, caf::strong_actor_ptr receiver,
                        caf::mailbox_element_ptr content) override;
  void schedule_message(time_point when, caf::group target, caf::strong_actor_ptr sender,
                        caf::message content) override;

  // What a dropped timer carries may want to set further ones when it is destroyed; they are dropped as well.
  void cancel_all() override;

private:
  void arm();
  void due();

  const session_ptr session_;
  time_point armed_ = time_point::max();
  member_event<actor_timers, &actor_timers::due> due_{*this};
};

} // namespace troupe
