#include "actors/http_edge/io_thread.hpp"

#include "actors/http_edge/connection.hpp"

#include <boost/asio/post.hpp>

namespace troupe {

namespace {

thread_local io_thread* current_thread = nullptr;

// Rounds of settling before other connections get their turn, when answers keep making new requests possible.
constexpr int settling_rounds = 16;

// The wall clock moves on without us noticing at most this long; a Date of the same second may be this late.
constexpr auto date_refresh = std::chrono::milliseconds{250};

} // namespace

io_thread::io_thread(std::shared_ptr<http_server_shared> shared) : shared_(std::move(shared)) {
  if (shared_->hooks.system) unit_.emplace(*shared_->hooks.system);
}

io_thread::~io_thread() = default;

void io_thread::start() {
  thread_ = std::thread([this] {
    current_thread = this;
    context_.run();
    current_thread = nullptr;
  });
}

void io_thread::stop() {
  if (!thread_.joinable()) return;
  post([this] {
    auto all = connections_;
    for (auto& each : all)
      each->cut();
    // Posted behind whatever the cancelled operations still bring.
    boost::asio::post(context_, [this] {
      work_.reset();
      timer_.cancel();
      context_.stop();
    });
  });
  thread_.join();
  std::vector<std::function<void()>> dropped;
  {
    std::lock_guard lock{mutex_};
    closed_ = true;
    dropped.swap(posted_);
  }
  unit_.reset(); // before the actor system, which may end as soon as the server has
}

void io_thread::post(std::function<void()> what) {
  bool first = false;
  {
    std::lock_guard lock{mutex_};
    if (closed_) return;
    first = posted_.empty();
    posted_.push_back(std::move(what));
  }
  if (first) boost::asio::post(context_, [this] { run_posted(); });
}

bool io_thread::is_current() const noexcept { return current_thread == this; }

void io_thread::run_posted() {
  turn now{*this};
  std::vector<std::function<void()>> tasks;
  {
    std::lock_guard lock{mutex_};
    tasks.swap(posted_);
  }
  for (auto& task : tasks)
    task();
}

void io_thread::begin_turn() {
  now_ = std::chrono::steady_clock::now();
  if (unit_) scope_.emplace(*unit_);
}

void io_thread::end_turn() {
  scope_.reset(); // the actors that were woken run here
  for (int round = 0; !touched_.empty() && round < settling_rounds; ++round) {
    settling_.swap(touched_);
    if (unit_) scope_.emplace(*unit_);
    for (auto& each : settling_)
      each->settle();
    settling_.clear();
    scope_.reset();
  }
  if (!touched_.empty()) boost::asio::post(context_, [this] { turn again{*this}; });
  arm_timer();
}

void io_thread::touch(connection& which) {
  if (which.touched) return;
  which.touched = true;
  touched_.emplace_back(&which);
}

void io_thread::add(connection_ptr which) {
  which->place = connections_.size();
  connections_.push_back(std::move(which));
}

void io_thread::remove(connection& which) {
  heap_.remove(which.appointment);
  if (which.place == connection::nowhere) return;
  auto last = connections_.size() - 1;
  std::swap(connections_[which.place], connections_[last]);
  connections_[which.place]->place = which.place;
  which.place = connection::nowhere;
  load_.fetch_sub(1, std::memory_order_relaxed);
  connections_.pop_back();
}

void io_thread::remind(connection& which, monotonic_time due) {
  if (due < which.appointment.due) heap_.set(which.appointment, due);
}

void io_thread::arm_timer() {
  if (heap_.empty() || heap_.first().due >= armed_) return;
  armed_ = heap_.first().due;
  timer_.expires_at(armed_);
  timer_.async_wait([this](boost::system::error_code ec) {
    if (!ec) on_timer();
  });
}

void io_thread::on_timer() {
  armed_ = monotonic_time::max();
  turn now{*this};
  while (!heap_.empty() && heap_.first().due <= now_) {
    auto& entry = heap_.first();
    heap_.remove(entry);
    entry.due = monotonic_time::max();
    connection_ptr which{static_cast<connection*>(entry.owner)};
    which->on_due();
  }
}

std::string_view io_thread::date_line() {
  if (now_ >= date_until_) {
    auto seconds = shared_->hooks.wall_clock ? shared_->hooks.wall_clock()
                                             : std::chrono::duration_cast<std::chrono::seconds>(
                                                 std::chrono::system_clock::now().time_since_epoch())
                                                 .count();
    date_line_ = "Date: " + http_date(seconds) + "\r\n";
    date_until_ = now_ + date_refresh;
  }
  return date_line_;
}

} // namespace troupe
