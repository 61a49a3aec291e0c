#include "runtime/telemetry/log_output.hpp"

#include <spdlog/async.h>
#include <spdlog/async_logger.h>
#include <spdlog/sinks/base_sink.h>
#include <spdlog/sinks/rotating_file_sink.h>
#include <spdlog/sinks/stdout_sinks.h>

#include <condition_variable>
#include <cstdlib>
#include <mutex>
#include <unistd.h>

namespace troupe {
namespace {

// Lines arrive rendered; only the line break is missing.
class line_formatter final : public spdlog::formatter {
public:
  void format(const spdlog::details::log_msg& line, spdlog::memory_buf_t& out) override {
    out.append(line.payload.begin(), line.payload.end());
    out.push_back('\n');
  }
  std::unique_ptr<formatter> clone() const override { return std::make_unique<line_formatter>(); }
};

class function_sink final : public spdlog::sinks::base_sink<spdlog::details::null_mutex> {
public:
  explicit function_sink(std::function<void(std::string_view)> function) : function_(std::move(function)) {}

private:
  void sink_it_(const spdlog::details::log_msg& line) override {
    function_({line.payload.data(), line.payload.size()});
  }
  void flush_() override {}

  std::function<void(std::string_view)> function_;
};

// Passes lines on, one at a time, and counts them, so that flush() knows when it may return.
class counting_sink final : public spdlog::sinks::sink {
public:
  explicit counting_sink(std::shared_ptr<spdlog::sinks::sink> target) : target_(std::move(target)) {}

  void log(const spdlog::details::log_msg& line) override {
    std::lock_guard hold{mutex_};
    try {
      target_->log(line);
      target_->flush(); // the last lines before a crash are the ones that matter
      written_.fetch_add(1, std::memory_order_relaxed);
    } catch (const std::exception&) {
      // A log that cannot be written must not take the service down; the count tells.
      failed_.fetch_add(1, std::memory_order_relaxed);
    }
    handled_.notify_all();
  }
  void flush() override {
    std::lock_guard hold{mutex_};
    target_->flush();
  }
  void set_pattern(const std::string&) override {}
  void set_formatter(std::unique_ptr<spdlog::formatter>) override {}

  template <class Done>
  void wait(Done done) {
    std::unique_lock hold{mutex_};
    handled_.wait(hold, done);
    target_->flush();
  }
  std::uint64_t written() const noexcept { return written_.load(std::memory_order_relaxed); }
  std::uint64_t failed() const noexcept { return failed_.load(std::memory_order_relaxed); }

private:
  const std::shared_ptr<spdlog::sinks::sink> target_;
  std::mutex mutex_;
  std::condition_variable handled_;
  std::atomic<std::uint64_t> written_ = 0;
  std::atomic<std::uint64_t> failed_ = 0;
};

std::shared_ptr<spdlog::sinks::sink> make_target(const logging_options& options) {
  switch (options.target) {
  case log_target::standard_error:
    return std::make_shared<spdlog::sinks::stderr_sink_st>();
  case log_target::standard_output:
    return std::make_shared<spdlog::sinks::stdout_sink_st>();
  case log_target::file:
    return std::make_shared<spdlog::sinks::rotating_file_sink_st>(options.file, options.file_bytes,
                                                                  options.file_count);
  case log_target::function:
    return std::make_shared<function_sink>(options.function);
  }
  return nullptr;
}

} // namespace

struct log_output::state {
  std::shared_ptr<counting_sink> sink;
  std::shared_ptr<spdlog::details::thread_pool> queue; // null: synchronous
  std::shared_ptr<spdlog::logger> out;
  std::atomic<std::uint64_t> posted = 0;
};

log_output::log_output(std::unique_ptr<state> made) : state_(std::move(made)) {}

result<std::unique_ptr<log_output>> log_output::open(const logging_options& options) {
  if (options.target == log_target::file && options.file.empty()) {
    return invalid_argument("a log file needs a path");
  }
  if (options.target == log_target::file && options.file_bytes == 0) {
    return invalid_argument("a log file needs a size of at least 1 byte");
  }
  if (options.target == log_target::function && !options.function) {
    return invalid_argument("a log function is missing");
  }
  if (options.asynchronous && options.queue_lines == 0) {
    return invalid_argument("the queue of the log needs room for at least 1 line");
  }
  auto made = std::make_unique<state>();
  try {
    auto target = make_target(options);
    target->set_formatter(std::make_unique<line_formatter>());
    made->sink = std::make_shared<counting_sink>(std::move(target));
    if (options.asynchronous) {
      made->queue = std::make_shared<spdlog::details::thread_pool>(options.queue_lines, 1);
      made->out = std::make_shared<spdlog::async_logger>("troupe", made->sink, made->queue,
                                                         options.overflow == log_overflow::block
                                                           ? spdlog::async_overflow_policy::block
                                                           : spdlog::async_overflow_policy::overrun_oldest);
    } else {
      made->out = std::make_shared<spdlog::logger>("troupe", made->sink);
    }
  } catch (const spdlog::spdlog_ex& error) {
    return failed_precondition("cannot open the log: {}", error.what());
  }
  made->out->set_level(spdlog::level::trace); // levels were decided before
  return std::unique_ptr<log_output>{new log_output{std::move(made)}};
}

log_output::~log_output() {
  // The pool writes what waits before its thread ends; the logger that its lines name ends after it, so that
  // the thread never is the one to let go of it.
  state_->queue.reset();
  state_->out.reset();
  state_->sink->flush();
}

void log_output::write(std::string_view line) {
  state_->posted.fetch_add(1, std::memory_order_acq_rel);
  state_->out->log(spdlog::log_clock::time_point{}, spdlog::source_loc{}, spdlog::level::info,
                   spdlog::string_view_t{line.data(), line.size()});
}

void log_output::flush() {
  const std::uint64_t until = state_->posted.load(std::memory_order_acquire);
  // A line that was dropped was pushed out by a newer one, whose writing wakes the wait up.
  state_->sink->wait([&] { return written() + failed() + dropped() >= until; });
}

std::uint64_t log_output::written() const noexcept { return state_->sink->written(); }
std::uint64_t log_output::dropped() const noexcept {
  return state_->queue ? state_->queue->overrun_counter() : 0;
}
std::uint64_t log_output::failed() const noexcept { return state_->sink->failed(); }

bool log_output::wants_color(const logging_options& options) noexcept {
  if (options.format == log_format::json || options.color == log_color::never) return false;
  if (options.color == log_color::always) return true;
  // https://no-color.org: a variable of this name, whatever its value but empty, turns colours off.
  const char* no_color = std::getenv("NO_COLOR");
  if (no_color != nullptr && *no_color != '\0') return false;
  if (options.target == log_target::standard_error) return ::isatty(STDERR_FILENO) == 1;
  if (options.target == log_target::standard_output) return ::isatty(STDOUT_FILENO) == 1;
  return false;
}

} // namespace troupe
