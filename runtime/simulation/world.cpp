#include "runtime/simulation/world.hpp"

#include "runtime/simulation/actor_scheduler.hpp"
#include "runtime/simulation/loop_core.hpp"
#include "runtime/simulation/port_table.hpp"
#include "runtime/simulation/simulated_network.hpp"
#include "runtime/simulation/world_parts.hpp"

#include <fmt/format.h>

#include <utility>

namespace troupe {

// -- world_parts

world_parts::world_parts(const world_options& given)
  : options(given), random(given.seed), order(random.split("order of turns")), tracing(given.trace),
    network(*this) {
  faults.on_change([this] { network.release_held(); });
}

void world_parts::update_ready(machine& of) {
  const bool is_listed = of.ready_place != machine::no_place;
  if (of.is_ready() == is_listed) return;
  if (!is_listed) {
    of.ready_place = ready.size();
    ready.push_back(&of);
    return;
  }
  ready.back()->ready_place = of.ready_place;
  ready[of.ready_place] = ready.back();
  ready.pop_back();
  of.ready_place = machine::no_place;
}

// -- world

std::unique_ptr<simulated_disk> make_disk(world_parts& parts, machine& at) {
  auto options = parts.options.disk;
  options.on_stall = [&at](duration span) { at.stand_still(span); };
  options.on_fault = [&parts, &at](disk_fault fault, std::string_view path) {
    parts.tracing.record({.at = parts.elapsed(),
                          .kind = trace_kind::fault,
                          .node = at.index,
                          .name = to_string(fault),
                          .detail = std::string{path}});
  };
  return std::make_unique<simulated_disk>(parts.random.split("disk " + at.name), std::move(options));
}

// Work for a later moment, between turns.
class world::errand final : public timed_event {
public:
  explicit errand(std::function<void()> work) : work_(std::move(work)) {}
  ~errand() override = default;

private:
  void fire() override {
    const auto work = std::exchange(work_, {});
    work();
  }

  std::function<void()> work_;
};

// Says that time passes, also when what runs throws.
class world::running_scope {
public:
  explicit running_scope(bool& flag) : flag_(flag) {
    if (flag_) throw std::logic_error{"run_for(), run_until() and step() cannot be called by what they run"};
    flag_ = true;
  }
  ~running_scope() { flag_ = false; }
  running_scope(const running_scope&) = delete;
  running_scope& operator=(const running_scope&) = delete;

private:
  bool& flag_;
};

void world::not_in_a_turn(std::string_view what) const {
  if (in_turn_)
    throw std::logic_error{fmt::format("{} by what runs on a node, which it may destroy: use after()", what)};
}

world::world(const world_options& options) : parts_(std::make_unique<world_parts>(options)) {}

world::~world() {
  for (const auto& each : nodes_)
    crash(*each);
}

// -- nodes

simulated_node& world::add_node(std::string name, program_factory make) {
  auto& parts = *parts_;
  const auto index = static_cast<std::uint32_t>(parts.machines.size());
  parts.tracing.add_node(name);
  parts.machines.push_back(std::make_unique<machine>(parts, std::move(name), index));
  auto& inner = *parts.machines.back();
  const auto spread = parts.options.calendar_spread.count();
  const auto skew = duration{parts.random.split("calendar", index).between(-spread, spread)};
  inner.shown.set_wall(now(), parts.options.calendar + (now().time_since_epoch() + skew));
  nodes_.push_back(std::unique_ptr<simulated_node>{new simulated_node{
    std::make_unique<simulated_network>(inner), make_disk(parts, inner), inner, std::move(make)}});
  return *nodes_.back();
}

simulated_node* world::find(std::string_view name) noexcept {
  for (const auto& each : nodes_)
    if (each->name() == name) return each.get();
  return nullptr;
}

void world::boot(simulated_node& which) {
  not_in_a_turn("boot()");
  auto& inner = which.inner_;
  if (inner.up()) return;
  ++inner.boots;
  which.random_ = parts_->random.split("node " + inner.name, inner.boots);
  inner.session = std::make_shared<boot_session>(inner, inner.boots, which.random_);
  inner.powered = true;
  which.disk_->power_on();
  // A machine counts from its own boot; what one shows says nothing to another.
  auto chance = which.random_.split("boot");
  inner.shown.boot(
    now(), monotonic_time{std::chrono::seconds{1} + duration{chance.between(0, 1'000'000'000'000'000)}});
  tell(trace_kind::boot, which, {});
  if (!which.make_) return;
  try {
    which.program_ = which.make_(which);
  } catch (...) {
    crash(which);
    throw;
  }
}

void world::crash(simulated_node& which) {
  not_in_a_turn("crash()");
  auto& inner = which.inner_;
  if (!inner.powered) return;
  inner.powered = false;
  // Before the program is destroyed: nothing that it does then is to reach a peer or the disk.
  if (inner.up()) inner.session->alive = false;
  parts_->network.power_lost(inner);
  which.disk_->crash();
  const auto counted = which.disk_->counters();
  tell(trace_kind::crash, which,
       fmt::format("power lost; of writes not synced so far {} are kept, {} torn, {} lost",
                   counted.writes_kept, counted.writes_torn, counted.writes_lost));
  end_process(which);
}

void world::kill(simulated_node& which) {
  not_in_a_turn("kill()");
  auto& inner = which.inner_;
  if (!inner.up()) return;
  tell(trace_kind::crash, which, "process killed");
  parts_->network.process_ended(inner);
  inner.session->alive = false;
  end_process(which);
}

void world::end_process(simulated_node& which) {
  auto& inner = which.inner_;
  if (!inner.up()) return;
  const auto session = std::exchange(inner.session, nullptr);
  for (auto* each : std::vector{session->schedulers})
    each->kill();
  which.program_.reset();
  session->lookups.clear();
  session->network_loop.reset();
}

void world::pause(simulated_node& which) {
  tell(trace_kind::pause, which, {});
  which.inner_.pause();
}

void world::resume(simulated_node& which) {
  tell(trace_kind::resume, which, {});
  which.inner_.resume();
}

void world::stall(simulated_node& which, duration span) { which.inner_.stand_still(span); }

void world::slow_down(simulated_node& which, duration cost) {
  tell(trace_kind::fault, which, fmt::format("each turn takes {} ns", cost.count()));
  which.inner_.turn_cost = cost;
}

void world::jump_clock(simulated_node& which, duration by) {
  tell(trace_kind::fault, which, fmt::format("the calendar jumps by {} ns", by.count()));
  auto& shown = which.inner_.shown;
  shown.set_wall(now(), shown.wall(now()) + std::chrono::duration_cast<wall_time::duration>(by));
}

void world::set_clock_rate(simulated_node& which, std::int32_t ppm) {
  tell(trace_kind::fault, which, fmt::format("the clock gains {} us a second", ppm));
  which.inner_.shown.set_rate(now(), ppm);
}

// -- the network

network_faults& world::links() noexcept { return parts_->faults; }

void world::set_host(std::string name, std::vector<ip_address> addresses) {
  parts_->network.hosts[std::move(name)] = std::move(addresses);
}

void world::set_service(std::string name, std::vector<service_record> records) {
  parts_->network.services[std::move(name)] = std::move(records);
}

// -- time

monotonic_time world::now() const noexcept { return parts_->events.now(); }

void world::take_turn() {
  auto& parts = *parts_;
  ++turns_;
  if (++turns_at_once_ > parts.options.max_turns_at_once)
    throw world_stuck{fmt::format("{} turns at one moment, and no end in sight; the last of them:\n{}",
                                  turns_at_once_, parts.tracing.last_text(20))};
  auto* order = parts.options.random_order ? &parts.order : nullptr;
  auto& ready = parts.ready;
  const auto place = ready.size() == 1 ? 0 : order ? order->below(ready.size()) : turns_ % ready.size();
  const auto turn = ready[place]->choose(order);
  const running_scope scope{in_turn_};
  turn.who->take_turn(turn.actor);
}

bool world::turn_or_advance(monotonic_time limit) {
  auto& parts = *parts_;
  if (!parts.ready.empty()) {
    take_turn();
    return true;
  }
  if (parts.events.next() > limit || parts.events.empty()) return false;
  if (parts.events.next() > now()) turns_at_once_ = 0;
  parts.events.advance();
  return true;
}

void world::run_for(duration span) {
  const running_scope scope{time_passes_};
  const auto end = now() + span;
  while (turn_or_advance(end)) {
  }
  parts_->events.skip_to(end);
}

bool world::run_until(const std::function<bool()>& condition, duration limit) {
  const running_scope scope{time_passes_};
  const auto end = now() + limit;
  while (!condition())
    if (!turn_or_advance(end)) {
      parts_->events.skip_to(end);
      return condition();
    }
  return true;
}

bool world::step() {
  const running_scope scope{time_passes_};
  return turn_or_advance(monotonic_time::max());
}

void world::after(duration delay, std::function<void()> work) {
  if (errands_.size() >= forget_errands_at_) {
    std::erase_if(errands_, [](const auto& each) { return !each->waiting(); });
    forget_errands_at_ = 2 * errands_.size() + 64;
  }
  errands_.push_back(std::make_unique<errand>(std::move(work)));
  parts_->events.add(*errands_.back(), now() + delay);
}

// -- what happened

trace& world::tracing() noexcept { return parts_->tracing; }
std::uint64_t world::trace_hash() const noexcept { return parts_->tracing.hash(); }
const world_options& world::options() const noexcept { return parts_->options; }

random_source world::split(std::string_view name, std::uint64_t index) const noexcept {
  return parts_->random.split("world").split(name, index);
}

void world::tell(trace_kind kind, const simulated_node& which, std::string detail) {
  parts_->tracing.record({.at = parts_->elapsed(),
                          .kind = kind,
                          .node = which.index(),
                          .id = which.boots(),
                          .name = {},
                          .detail = std::move(detail)});
}

} // namespace troupe
