#include "runtime/environment/real_loop.hpp"

#include "runtime/environment/real_connection.hpp"
#include "runtime/environment/real_parts.hpp"

#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>

#include <future>
#include <pthread.h>

namespace troupe {
namespace {

namespace asio = boost::asio;

// How often connections proceed before other events get their chance: a stream that is written to from within
// on_drained() would otherwise keep the loop for itself.
constexpr int rounds_a_turn = 8;

class real_timer final : public loop_timer {
public:
  real_timer(real_loop& loop, duration delay, std::function<void()> then)
    : state_(std::make_shared<state>(loop, delay, std::move(then))) {
    state_->timer.async_wait([state = state_](const boost::system::error_code& error) {
      if (error || !state->then) return;
      real_loop::turn turn{state->loop};
      // Moved out, because it may destroy this timer, and what the function holds with it.
      const auto fire = std::exchange(state->then, nullptr);
      fire();
    });
  }
  ~real_timer() override {
    const auto dropped = std::exchange(state_->then, nullptr);
    state_->timer.cancel();
  }

private:
  struct state {
    state(real_loop& on, duration delay, std::function<void()> what)
      : loop(on), timer(on.context(), delay), then(std::move(what)) {}
    real_loop& loop;
    asio::steady_timer timer;
    std::function<void()> then;
  };
  std::shared_ptr<state> state_;
};

} // namespace

real_loop::real_loop(std::string_view name)
  : work_(asio::make_work_guard(context_)), thread_([this, name = std::string{name.substr(0, 15)}] {
      ::pthread_setname_np(::pthread_self(), name.c_str());
      context_.run();
    }) {}

real_loop::~real_loop() {
  context_.stop();
  thread_.join();
  {
    std::lock_guard hold{mutex_};
    stopped_ = true; // what the dropped work posts while it is destroyed is dropped as well
  }
  running_.clear();
  posted_.clear();
  to_proceed_.clear();
}

void real_loop::post(std::function<void()> work) {
  bool first = false;
  {
    std::lock_guard hold{mutex_};
    if (stopped_) return;
    first = posted_.empty();
    posted_.push_back(std::move(work));
  }
  // One way through Asio, and at most one waking of the thread, for all that is posted until then.
  if (first) asio::post(context_, [this] { run_posted(); });
}

void real_loop::run_posted() {
  turn turn{*this};
  {
    std::lock_guard hold{mutex_};
    running_.swap(posted_);
  }
  for (auto& work : running_) {
    if (context_.stopped()) return;
    work();
    work = nullptr; // what it holds goes before the next one runs
  }
  running_.clear();
}

void real_loop::run(std::function<void()> work) {
  // Shared, so that a run() that the loop's end overtakes returns instead of waiting for ever.
  auto done = std::make_shared<std::promise<void>>();
  auto finished = done->get_future();
  post([&work, done = std::move(done)] {
    work();
    done->set_value();
  });
  finished.wait();
}

bool real_loop::is_current() const noexcept {
  // The context says so of executors that are not const only.
  return const_cast<asio::io_context&>(context_).get_executor().running_in_this_thread();
}

std::unique_ptr<loop_timer> real_loop::after(duration delay, std::function<void()> then) {
  return std::make_unique<real_timer>(*this, delay, std::move(then));
}

result<std::unique_ptr<stream_listener>> real_loop::listen(const endpoint& local, listen_options options,
                                                           accept_handler on_accepted,
                                                           refusal_handler on_refused) {
  return listen_on(*this, local, std::move(options), std::move(on_accepted), std::move(on_refused));
}

std::unique_ptr<loop_timer> real_loop::connect(const endpoint& peer, stream_credentials_ptr credentials,
                                               duration timeout, connect_handler then) {
  return connect_to(*this, peer, std::move(credentials), timeout, std::move(then));
}

void real_loop::proceed_later(std::shared_ptr<real_connection> connection) {
  to_proceed_.push_back(std::move(connection));
}

void real_loop::end_turn() {
  for (int round = 0; round < rounds_a_turn && !to_proceed_.empty(); ++round) {
    proceeding_.swap(to_proceed_);
    for (auto& connection : proceeding_) {
      connection->proceed();
      connection.reset();
    }
    proceeding_.clear();
  }
  if (!to_proceed_.empty()) asio::post(context_, [this] { turn another{*this}; });
}

std::unique_ptr<event_loop> make_real_loop(std::string_view name) {
  return std::make_unique<real_loop>(name);
}

} // namespace troupe
