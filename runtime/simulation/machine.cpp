#include "runtime/simulation/machine.hpp"

#include "runtime/simulation/loop_core.hpp"
#include "runtime/simulation/port_table.hpp"
#include "runtime/simulation/world_parts.hpp"

#include <algorithm>

namespace troupe {

namespace {

// 10.0.0.1 is the first.
ip_address address_of(std::uint32_t index) {
  const auto host = index + 1;
  return ip_address::v4(10, static_cast<std::uint8_t>(host >> 16), static_cast<std::uint8_t>(host >> 8),
                        static_cast<std::uint8_t>(host));
}

} // namespace

boot_session::boot_session(machine& machine, std::uint64_t count, random_source source)
  : on(machine), number(count), random(std::move(source)), ports(std::make_unique<port_table>()) {}

boot_session::~boot_session() = default;

machine::machine(world_parts& parts, std::string called, std::uint32_t number)
  : world(parts), name(std::move(called)), index(number), address(address_of(number)),
    time(parts.events, shown) {}

void machine::add_ready(ready_turn turn) {
  ready_.push_back(turn);
  if (ready_place == no_place) world.update_ready(*this);
}

std::vector<caf::resumable*> machine::forget(turn_taker& who) {
  std::vector<caf::resumable*> actors;
  std::vector<ready_turn> others;
  for (auto i = next_; i < ready_.size(); ++i) {
    if (ready_[i].who != &who)
      others.push_back(ready_[i]);
    else if (ready_[i].actor)
      actors.push_back(ready_[i].actor);
  }
  ready_ = std::move(others);
  next_ = 0;
  world.update_ready(*this);
  return actors;
}

ready_turn machine::choose(random_source* order) {
  ready_turn out;
  if (order) {
    const auto place = ready_.size() == 1 ? 0 : order->below(ready_.size());
    out = ready_[place];
    ready_[place] = ready_.back();
    ready_.pop_back();
  } else {
    out = ready_[next_++];
    if (next_ == ready_.size()) {
      ready_.clear();
      next_ = 0;
    } else if (next_ >= 1024) {
      ready_.erase(ready_.begin(), ready_.begin() + static_cast<std::ptrdiff_t>(next_));
      next_ = 0;
    }
  }
  if (turn_cost > duration::zero()) stand_still(turn_cost);
  if (!is_ready()) world.update_ready(*this);
  return out;
}

void machine::stand_still(duration span) {
  if (span <= duration::zero()) return;
  still_until_ = std::max(still_until_, world.events.now()) + span;
  world.events.add(waking_, still_until_);
  world.update_ready(*this);
}

void machine::wake() { world.update_ready(*this); }

void machine::pause() {
  ++pauses;
  world.update_ready(*this);
}

void machine::resume() {
  if (pauses > 0) --pauses;
  world.update_ready(*this);
}

} // namespace troupe
