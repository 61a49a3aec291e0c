#include "runtime/simulation/loop_core.hpp"

#include "runtime/simulation/world_parts.hpp"

#include <utility>

namespace troupe {

namespace {

class posted_work final : public loop_work {
public:
  posted_work(std::function<void()> work, std::string_view label) : work_(std::move(work)), label_(label) {}
  ~posted_work() = default;

private:
  void run() override {
    const std::unique_ptr<posted_work> self{this};
    work_();
  }
  std::string_view label() const noexcept override { return label_; }
  void dropped() noexcept override { delete this; }

  std::function<void()> work_;
  std::string_view label_;
};

// Says which loop's work runs, and whose it was before, also when work throws.
class running_scope {
public:
  running_scope(world_parts& world, const loop_core& loop) noexcept
    : world_(world), before_(std::exchange(world.running, &loop)) {}
  ~running_scope() { world_.running = before_; }
  running_scope(const running_scope&) = delete;
  running_scope& operator=(const running_scope&) = delete;

private:
  world_parts& world_;
  const loop_core* before_;
};

} // namespace

loop_core::loop_core(session_ptr session, std::string_view name)
  : session_(std::move(session)), id_(++session_->loops), name_(name) {}

loop_core::~loop_core() { close(); }

void loop_core::add(loop_work& work) {
  if (work.waiting() || !alive()) return;
  queue_.push_back(work);
  if (has_turn_) return;
  has_turn_ = true;
  on().add_ready({.who = this});
}

void loop_core::post(std::function<void()> work, std::string_view label) {
  if (!alive()) return;
  add(*new posted_work{std::move(work), label});
}

void loop_core::run_now(const std::function<void()>& work) {
  const running_scope running{on().world, *this};
  work();
}

void loop_core::close() noexcept {
  closed_ = true;
  if (std::exchange(has_turn_, false)) on().forget(*this);
  while (!queue_.empty()) {
    auto& next = queue_.front();
    queue_.pop_front();
    next.dropped();
  }
}

bool loop_core::is_current() const noexcept { return on().world.running == this; }

void loop_core::take_turn(caf::resumable*) {
  has_turn_ = false;
  if (queue_.empty()) return; // withdrawn meanwhile
  auto& world = on().world;
  auto& work = queue_.front();
  queue_.pop_front();
  if (!queue_.empty()) {
    has_turn_ = true;
    on().add_ready({.who = this});
  }
  if (const auto label = work.label(); !label.empty())
    world.tracing.record(world.elapsed(), trace_kind::run, on().index, 0, id_, 0, 0, 0, label);
  const running_scope running{world, *this};
  work.run();
}

} // namespace troupe
