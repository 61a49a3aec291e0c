// A timed event that calls a member function of the object it is a member of. Internal to the simulation.
#pragma once

#include "runtime/simulation/event_queue.hpp"

namespace troupe {

template <class Owner, void (Owner::*Method)()>
class member_event final : public timed_event {
public:
  explicit member_event(Owner& owner) noexcept : owner_(owner) {}

private:
  void fire() override { (owner_.*Method)(); }

  Owner& owner_;
};

} // namespace troupe
