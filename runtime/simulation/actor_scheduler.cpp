#include "runtime/simulation/actor_scheduler.hpp"

#include "runtime/simulation/message_summary.hpp"
#include "runtime/simulation/world_parts.hpp"

#include <caf/actor_cast.hpp>
#include <caf/actor_system.hpp>
#include <caf/mailbox_element.hpp>
#include <caf/message_handler.hpp>
#include <caf/monitorable_actor.hpp>
#include <caf/scheduled_actor.hpp>

#include <algorithm>
#include <utility>

namespace troupe {

namespace {

// More rounds than actors can reasonably beget while they are killed.
constexpr int most_kill_rounds = 1000;

// Where the text of caf::aout() goes: into the trace. CAF's own is a blocking actor with a thread.
class trace_printer final : public caf::monitorable_actor {
public:
  trace_printer(caf::actor_config& config, session_ptr session)
    : caf::monitorable_actor(config), session_(std::move(session)) {
    print_.assign([this](caf::add_atom, caf::actor_id, const std::string& text) {
      auto& here = session_->on;
      here.world.tracing.record({.at = here.world.elapsed(),
                                 .kind = trace_kind::log,
                                 .node = here.index,
                                 .name = "aout",
                                 .detail = text});
    });
  }

  void enqueue(caf::mailbox_element_ptr what, caf::execution_unit*) override { print_(what->content()); }

private:
  const session_ptr session_;
  caf::message_handler print_;
};

caf::scheduled_actor* actor_of(caf::resumable* job) {
  return job->subtype() == caf::resumable::scheduled_actor ? static_cast<caf::scheduled_actor*>(job)
                                                           : nullptr;
}

} // namespace

actor_scheduler::actor_scheduler(caf::actor_system& system, session_ptr session, std::uint32_t number)
  : caf::scheduler::abstract_coordinator(system), session_(std::move(session)),
    place_(static_cast<std::uint64_t>(number) << 48), timers_(session_), worker_(&system, *this) {
  session_->schedulers.push_back(this);
}

actor_scheduler::~actor_scheduler() { std::erase(session_->schedulers, this); }

void actor_scheduler::start() {
  caf::actor_config config{&worker_};
  auto& own = system();
  utility_actors_[printer_id] =
    caf::make_actor<trace_printer, caf::actor>(own.next_actor_id(), own.node(), &own, config, session_);
}

void actor_scheduler::stop() { kill(); }

void actor_scheduler::know(caf::scheduled_actor& actor) {
  const auto [place, fresh] = known_.try_emplace(actor.id());
  if (!fresh) return;
  place->second = caf::weak_actor_ptr{actor.ctrl(), true};
  if (known_.size() <= sweep_at_) return;
  std::erase_if(known_, [](const auto& each) { return each.second->strong_refs.load() == 0; });
  sweep_at_ = 2 * known_.size() + 64;
}

std::size_t actor_scheduler::living() const noexcept {
  return static_cast<std::size_t>(std::count_if(
    known_.begin(), known_.end(), [](const auto& each) { return each.second->strong_refs.load() != 0; }));
}

void actor_scheduler::ready(caf::resumable* job) {
  if (auto* actor = actor_of(job)) know(*actor);
  if (killed_ || !session_->alive)
    caf::intrusive_ptr_release(job);
  else
    session_->on.add_ready({.who = this, .actor = job});
}

void actor_scheduler::take_turn(caf::resumable* job) {
  if (auto* actor = actor_of(job)) record(*actor);
  switch (job->resume(&worker_, 1)) {
  case caf::resumable::resume_later:
    session_->on.add_ready({.who = this, .actor = job});
    break;
  case caf::resumable::awaiting_message:
  case caf::resumable::done:
    caf::intrusive_ptr_release(job);
    break;
  case caf::resumable::shutdown_execution_unit:
    break;
  }
}

void actor_scheduler::record(caf::scheduled_actor& actor) {
  auto& here = session_->on;
  auto& tracing = here.world.tracing;
  const auto to = place_ | actor.id();
  auto* element = actor.peek_at_next_mailbox_element();
  if (!element) {
    tracing.record(here.world.elapsed(), trace_kind::deliver, here.index, 0, to, 0, 0, 0, "start");
    return;
  }
  const auto summary = summarize(*element, tracing.options().hash_payloads);
  const auto from = element->sender ? place_ | element->sender->id() : 0;
  const auto id = element->mid.integer_value();
  if (!tracing.options().full) {
    tracing.record(here.world.elapsed(), trace_kind::deliver, here.index, from, to, id, summary.size,
                   summary.content, summary.name);
    return;
  }
  tracing.record({.at = here.world.elapsed(),
                  .kind = trace_kind::deliver,
                  .node = here.index,
                  .from = from,
                  .to = to,
                  .id = id,
                  .size = summary.size,
                  .content = summary.content,
                  .name = summary.name,
                  .detail = describe(*element)});
}

bool actor_scheduler::kill_round() {
  timers_.cancel_all();
  for (auto* job : session_->on.forget(*this))
    caf::intrusive_ptr_release(job);
  // By id, because the order in which actors end is seen by those that watch them.
  std::vector<caf::strong_actor_ptr> left;
  for (auto& [id, each] : std::exchange(known_, {}))
    if (auto alive = caf::actor_cast<caf::strong_actor_ptr>(each)) left.push_back(std::move(alive));
  std::sort(left.begin(), left.end(), [](const auto& a, const auto& b) { return a->id() < b->id(); });
  bool any = false;
  for (const auto& each : left) {
    auto* actor = dynamic_cast<caf::scheduled_actor*>(each->get());
    if (!actor || actor->getf(caf::abstract_actor::is_cleaned_up_flag)) continue;
    any = true;
    actor->context(&worker_);
    actor->quit(caf::exit_reason::kill);
    actor->finalize();
  }
  return any;
}

void actor_scheduler::kill() {
  killed_ = true;
  for (int round = 0; kill_round() && round < most_kill_rounds; ++round) {
  }
  timers_.cancel_all();
}

} // namespace troupe
