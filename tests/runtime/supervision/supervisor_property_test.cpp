// Whatever happens, in whatever order: the supervisor's promises hold.
#include "runtime/supervision/supervisor_core.hpp"

#include <catch2/catch.hpp>

#include <algorithm>
#include <deque>
#include <map>
#include <set>
#include <vector>

using namespace troupe;
using namespace std::chrono_literals;

namespace {

// A world that does anything that is possible at any time, and checks every action against what it knows.
class hostile_world {
public:
  explicit hostile_world(std::uint64_t seed)
    : random_{seed * 2 + 1}, core_{make_flags(), [this] { return next(); }} {
    const auto& flags = core_.flags();
    const auto children = flags.strategy == restart_strategy::simple_one_for_one ? 0 : below(6);
    for (std::uint64_t i = 0; i < children; ++i) {
      auto added = core_.add_child(make_child(std::string(1, static_cast<char>('a' + i))));
      REQUIRE(added);
      specs_.insert(*added);
    }
  }

  void run(unsigned steps) {
    perform(core_.boot(now_));
    for (unsigned i = 0; i < steps && !ended_; ++i)
      step();
    perform(core_.shutdown(now_));
    // From here on children obey, late; the supervisor must come to its end.
    for (int i = 0; i < 10'000 && !ended_; ++i) {
      if (!asked_.empty() && chance(50))
        end(*asked_.begin());
      else
        pass_to_next_deadline();
    }
    REQUIRE(ended_);
    CHECK(live_.empty());
    CHECK(unanswered_.empty());
    CHECK(core_.next_wakeup() == monotonic_time::max());
    after_the_end();
  }

private:
  struct living {
    child_id child;
    bool ready = false;
    bool stopped = false;
  };

  // -- chance

  std::uint64_t next() {
    random_ += 0x9e3779b97f4a7c15U;
    auto z = random_;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9U;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebU;
    return z ^ (z >> 31);
  }
  std::uint64_t below(std::uint64_t bound) { return next() % bound; }
  bool chance(unsigned percent) { return below(100) < percent; }
  template <class Container>
  auto& any_of(Container& from) {
    return *std::next(from.begin(), static_cast<std::ptrdiff_t>(below(from.size())));
  }

  supervisor_flags make_flags() {
    supervisor_flags out;
    out.strategy = static_cast<restart_strategy>(below(4));
    out.intensity = static_cast<unsigned>(below(12));
    out.period = 1s * (1 + below(60));
    out.shutdown = static_cast<auto_shutdown>(below(3));
    out.backoff = chance(30) ? backoff_policy::none() : backoff_policy{100ms, 5s, 20, 10s};
    out.give_up_killed_after = 2s;
    out.max_children = 8;
    out.max_waiting_requests = 2;
    return out;
  }

  child_policy make_child(std::string name) {
    child_policy out;
    out.name = std::move(name);
    out.restart = static_cast<restart_policy>(below(3));
    out.shutdown = chance(20)   ? shutdown_policy::brutal_kill()
                   : chance(20) ? shutdown_policy::infinity()
                                : shutdown_policy::within(1s);
    out.start = chance(50) ? start_mode::at_once() : start_mode::when_ready(3s);
    out.significant =
      out.restart != restart_policy::permanent && core_flags_allow_significant() && chance(30);
    return out;
  }
  bool core_flags_allow_significant() const { return core_.flags().shutdown != auto_shutdown::never; }

  child_exit any_exit() { return {static_cast<exit_kind>(below(4)), "why"}; }
  std::string any_name() { return std::string(1, static_cast<char>('a' + below(8))); }

  // -- what may happen

  void step() {
    switch (below(12)) {
    case 0:
    case 1:
    case 2:
      if (!live_.empty()) end(any_of(live_).first);
      break;
    case 3:
    case 4:
      if (!live_.empty()) perform(core_.ready(now_, any_of(live_).first));
      break;
    case 5:
      if (!live_.empty()) perform(core_.start_failed(now_, any_of(live_).first, unavailable("no paper")));
      break;
    case 6:
      perform(core_.start_child(now_, token(), make_child(any_name())));
      break;
    case 7:
      if (chance(50) || specs_.empty())
        perform(core_.terminate_child(now_, token(), any_name()));
      else
        perform(core_.terminate_child(now_, token(), any_of(specs_)));
      break;
    case 8:
      perform(core_.restart_child(now_, token(), any_name()));
      break;
    case 9:
      perform(core_.delete_child(now_, token(), any_name()));
      break;
    case 10:
      pass_to_next_deadline();
      break;
    case 11:
      now_ += 1ms * below(2000);
      perform(core_.tick(now_));
      break;
    }
    if (chance(1)) perform(core_.shutdown(now_));
    check_views();
  }

  void pass_to_next_deadline() {
    if (core_.next_wakeup() == monotonic_time::max()) {
      // Only a child that may take for ever can be waited for now.
      if (!live_.empty()) end(any_of(live_).first);
      return;
    }
    now_ = std::max(now_, core_.next_wakeup());
    perform(core_.tick(now_));
  }

  void end(instance_id instance) {
    live_.erase(instance);
    asked_.erase(instance);
    perform(core_.down(now_, instance, any_exit()));
  }

  request_token token() {
    last_token_ = last_token_.next();
    unanswered_.insert(last_token_);
    return last_token_;
  }

  // Nothing that could still happen makes an ended supervisor do anything but refuse.
  void after_the_end() {
    CHECK(core_.boot(now_).empty());
    CHECK(core_.shutdown(now_).empty());
    CHECK(core_.tick(now_ + 1h).empty());
    for (std::uint64_t i = 1; i < 50; ++i) {
      CHECK(core_.down(now_, instance_id{i}, any_exit()).empty());
      CHECK(core_.ready(now_, instance_id{i}).empty());
      CHECK(core_.start_failed(now_, instance_id{i}, unavailable("late")).empty());
    }
    const auto refused = core_.start_child(now_, token(), make_child("a"));
    REQUIRE(refused.size() == 1);
    CHECK(std::get<request_answered>(refused[0]).outcome.code() == status_code::unavailable);
  }

  // -- what must hold

  void perform(supervisor_actions actions) {
    for (auto& each : actions)
      pending_.push_back(std::move(each));
    if (performing_) return;
    performing_ = true;
    while (!pending_.empty()) {
      CHECK_FALSE(ended_);
      auto what = std::move(pending_.front());
      pending_.pop_front();
      std::visit([this](auto& each) { act(each); }, what);
    }
    performing_ = false;
  }

  bool in_order() const {
    return core_.flags().strategy == restart_strategy::one_for_all
           || core_.flags().strategy == restart_strategy::rest_for_one;
  }

  void act(const start_instance& what) {
    CHECK_FALSE(stopping_);
    CHECK(specs_.contains(what.child));
    // At most one living instance a child; and never one twice.
    for (const auto& [instance, one] : live_)
      CHECK(one.child != what.child);
    CHECK(what.instance > last_instance_);
    last_instance_ = what.instance;
    if (in_order())
      for (const auto& [instance, one] : live_) {
        // Those before it are ready, or on their way out for good.
        if (one.child < what.child && !one.stopped) CHECK(one.ready);
      }
    const auto outcome = below(10);
    if (outcome < 2) never_lived_.insert(what.instance);
    if (outcome == 0) return perform(core_.launch_failed(now_, what.instance, unavailable("no paper")));
    if (outcome == 1) return perform(core_.ignored(now_, what.instance));
    live_[what.instance] = {what.child};
    perform(core_.launched(now_, what.instance));
  }
  void act(const stop_instance& what) {
    if (never_lived_.contains(what.instance)) return;
    REQUIRE(live_.contains(what.instance));
    CHECK_FALSE(live_[what.instance].stopped);
    check_stop_order(what.instance);
    live_[what.instance].stopped = true;
    asked_.insert(what.instance);
  }
  void act(const kill_instance& what) {
    if (never_lived_.contains(what.instance)) return;
    REQUIRE(live_.contains(what.instance));
    live_[what.instance].stopped = true;
    asked_.insert(what.instance);
  }
  // When the supervisor ends, the reverse of the start order is the order of the stops, one at a time.
  void check_stop_order(instance_id instance) {
    if (!stopping_ || core_.flags().strategy == restart_strategy::simple_one_for_one) return;
    for (const auto& [other, one] : live_)
      CHECK(one.child <= live_[instance].child);
  }
  void act(const abandon_instance& what) {
    CHECK(live_.at(what.instance).stopped);
    live_.erase(what.instance);
    asked_.erase(what.instance);
  }
  void act(const child_added& what) { CHECK(specs_.insert(what.child).second); }
  void act(const child_ready& what) {
    REQUIRE(live_.contains(what.instance));
    CHECK_FALSE(live_[what.instance].ready);
    live_[what.instance].ready = true;
  }
  void act(const child_down& what) {
    CHECK(specs_.contains(what.child));
    CHECK_FALSE(live_.contains(what.instance));
    if (stopping_) CHECK_FALSE(what.restart_in);
    if (what.restart_in) CHECK(*what.restart_in >= 0ns);
    if (what.restart_in) CHECK(*what.restart_in <= 6s);
  }
  void act(const child_start_failed& what) {
    CHECK(specs_.contains(what.child));
    CHECK_FALSE(live_.contains(what.instance));
  }
  void act(const child_forgotten& what) { CHECK(specs_.erase(what.child) == 1); }
  void act(const request_answered& what) { CHECK(unanswered_.erase(what.token) == 1); }
  void act(const supervisor_ready&) {
    CHECK_FALSE(ready_);
    ready_ = true;
  }
  void act(const supervisor_stopping&) {
    CHECK_FALSE(stopping_);
    stopping_ = true;
  }
  void act(const supervisor_ended& what) {
    CHECK(stopping_);
    CHECK(live_.empty());
    CHECK(pending_.empty());
    if (what.why.kind == supervisor_exit_kind::intensity_exceeded) CHECK_FALSE(what.why.cause.ok());
    ended_ = true;
  }

  // What the core says of itself agrees with what was seen from outside.
  void check_views() {
    const auto counts = core_.count_children();
    CHECK(counts.specs == specs_.size());
    CHECK(counts.active == live_.size());
    CHECK(counts.specs <= core_.flags().max_children);
    CHECK(core_.recent_restarts(now_) <= core_.flags().intensity + 1);
    if (!core_.stopping()) CHECK(core_.recent_restarts(now_) <= core_.flags().intensity);
    bool something_moves = false;
    for (const auto& each : core_.which_children()) {
      CHECK(specs_.contains(each.id));
      const auto found = live_.find(each.instance);
      CHECK((found != live_.end()) == (each.instance != instance_id{}));
      if (each.state == child_state::running) CHECK(found->second.ready);
      if (each.state == child_state::stopped || each.state == child_state::waiting)
        CHECK(found == live_.end());
      if (each.state == child_state::stopping || each.state == child_state::starting) something_moves = true;
      if (each.state == child_state::waiting) CHECK((waiting_is_justified()));
    }
    if (core_.stopping() && !ended_) CHECK(something_moves);
  }

  // No child waits for ever: a deadline is due, or another child is on its way.
  bool waiting_is_justified() {
    if (core_.next_wakeup() != monotonic_time::max()) return true;
    return std::any_of(live_.begin(), live_.end(),
                       [](const auto& each) { return !each.second.ready || each.second.stopped; });
  }

  std::uint64_t random_;
  supervisor_core core_;
  monotonic_time now_{1h};
  std::set<child_id> specs_;
  std::map<instance_id, living> live_;
  std::set<instance_id> asked_;
  std::set<instance_id> never_lived_;
  std::set<request_token> unanswered_;
  request_token last_token_;
  instance_id last_instance_;
  std::deque<supervisor_action> pending_;
  bool performing_ = false;
  bool ready_ = false;
  bool stopping_ = false;
  bool ended_ = false;
};

} // namespace

TEST_CASE("Whatever happens, a supervisor keeps its promises") {
  for (std::uint64_t seed = 0; seed < 3000; ++seed) {
    INFO("seed " << seed);
    hostile_world{seed}.run(120);
  }
}
