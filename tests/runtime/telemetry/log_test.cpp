#include "runtime/environment/manual_clock.hpp"
#include "runtime/telemetry/log.hpp"

#include <catch2/catch.hpp>

#include <condition_variable>
#include <filesystem>
#include <fstream>
#include <mutex>
#include <thread>

using namespace troupe;
using namespace std::chrono_literals;

namespace {

// Collects lines; can hold the writing thread back, to fill the queue.
class collector {
public:
  std::function<void(std::string_view)> function() {
    return [this](std::string_view line) {
      std::unique_lock hold{mutex_};
      ++arrived_;
      changed_.notify_all();
      changed_.wait(hold, [&] { return open_; });
      lines_.emplace_back(line);
    };
  }
  void close() {
    std::lock_guard hold{mutex_};
    open_ = false;
  }
  void open() {
    std::lock_guard hold{mutex_};
    open_ = true;
    changed_.notify_all();
  }
  void wait_for_arrival() {
    std::unique_lock hold{mutex_};
    changed_.wait(hold, [&] { return arrived_ > 0; });
  }
  std::vector<std::string> lines() {
    std::lock_guard hold{mutex_};
    return lines_;
  }

private:
  std::mutex mutex_;
  std::condition_variable changed_;
  bool open_ = true;
  int arrived_ = 0;
  std::vector<std::string> lines_;
};

logging_options to(collector& out) {
  logging_options options;
  options.target = log_target::function;
  options.function = out.function();
  return options;
}

constexpr std::string_view head = "1970-01-01T00:00:01.000000Z ";

} // namespace

TEST_CASE("a line goes from the logger to the output, with the time of the node's clock") {
  collector out;
  manual_clock clock;
  auto log = std::move(logging::start(to(out), clock).value());
  const logger http = log->get("http");
  http.info("request done", {{"status", 200}});
  clock.advance(1500ms);
  http.warning("slow");
  log->flush();
  CHECK(out.lines()
        == std::vector<std::string>{std::string{head} + "INFO     http: request done status=200",
                                    "1970-01-01T00:00:02.500000Z WARNING  http: slow"});
  CHECK(log->written() == 2);
  CHECK(log->dropped() == 0);
  CHECK(log->failed() == 0);
}

TEST_CASE("levels are decided by component and can change at any time, also before the component exists") {
  collector out;
  manual_clock clock;
  auto options = to(out);
  options.asynchronous = false;
  options.level = log_level::warning;
  options.levels = {{"http", log_level::debug}};
  auto log = std::move(logging::start(options, clock).value());
  const logger http = log->get("http");
  const logger other = log->get("other");
  CHECK(http.enabled(log_level::debug));
  CHECK_FALSE(http.enabled(log_level::trace));
  CHECK_FALSE(other.enabled(log_level::info));
  CHECK(other.enabled(log_level::warning));

  log->set_level(log_level::error);
  CHECK(http.enabled(log_level::debug)); // its own level stays
  CHECK_FALSE(other.enabled(log_level::warning));
  log->set_level("other", log_level::trace);
  CHECK(other.enabled(log_level::trace));
  log->set_level("later", log_level::info);
  CHECK(log->get("later").enabled(log_level::info));
  log->reset_level("http");
  CHECK_FALSE(http.enabled(log_level::warning));
  log->reset_level("nobody");
  CHECK(log->level() == log_level::error);
  CHECK(log->levels()
        == std::map<std::string, log_level>{
          {"http", log_level::error}, {"later", log_level::info}, {"other", log_level::trace}});

  log->set_level("http", log_level::off);
  http.critical("not even this");
  other.trace("this");
  CHECK(out.lines() == std::vector<std::string>{std::string{head} + "TRACE    other: this"});
}

TEST_CASE("two nodes of one process do not share levels or output") {
  collector out1;
  collector out2;
  manual_clock clock;
  auto options1 = to(out1);
  options1.node = "n1";
  auto options2 = to(out2);
  options2.node = "n2";
  auto log1 = std::move(logging::start(options1, clock).value());
  auto log2 = std::move(logging::start(options2, clock).value());
  log1->set_level(log_level::error);
  log1->get("x").info("1");
  log2->get("x").info("2");
  log1->flush();
  log2->flush();
  CHECK(out1.lines().empty());
  CHECK(out2.lines() == std::vector<std::string>{std::string{head} + "INFO     n2 x: 2"});
}

TEST_CASE("a logger can carry fields and a trace") {
  collector out;
  manual_clock clock;
  auto options = to(out);
  options.asynchronous = false;
  options.format = log_format::json;
  auto log = std::move(logging::start(options, clock).value());
  const logger base = log->get("c");
  const logger bound = base.with({{"order", 7}}).with({{"shard", "s"}}).with(trace_context{0, 1, 2, true});
  bound.info("m", {{"x", true}});
  base.info("m");
  const std::string start =
    R"({"time":"1970-01-01T00:00:01.000000Z","level":"info","component":"c","message":"m")";
  CHECK(out.lines()
        == std::vector<std::string>{
          start + R"(,"order":7,"shard":"s","x":true,"trace_id":"00000000000000000000000000000001",)"
            + R"("span_id":"0000000000000002"})",
          start + "}"});
}

TEST_CASE("a logger of nobody discards") {
  const logger nobody;
  CHECK_FALSE(nobody.enabled(log_level::critical));
  nobody.critical("x", {{"y", 1}});
  nobody.with({{"y", 1}}).with(trace_context{1, 1, 1, true}).critical("x");
}

TEST_CASE("when the queue is full, drop_oldest loses the oldest lines and says how many") {
  collector out;
  manual_clock clock;
  auto options = to(out);
  options.queue_lines = 10;
  auto log = std::move(logging::start(options, clock).value());
  const logger c = log->get("c");
  out.close();
  c.info("first");
  out.wait_for_arrival(); // the output holds the first line; the queue is empty
  for (int i = 0; i < 99; ++i)
    c.info("line", {{"i", i}});
  CHECK(log->dropped() >= 89);
  out.open();
  log->flush();
  // Within 64 lines of a loss the log tells of it.
  for (int i = 0; i < 64; ++i) {
    c.info("after");
    log->flush();
  }
  const auto lines = out.lines();
  CHECK(lines.front() == std::string{head} + "INFO     c: first");
  CHECK(lines[10] == std::string{head} + "INFO     c: line i=98");
  int told = 0;
  for (const auto& line : lines)
    told += line.find("WARNING  logging: lines were dropped") != std::string::npos;
  CHECK(told >= 1);
  CHECK(log->written() + log->dropped() >= 1 + 99 + 64);
  CHECK(log->written() == lines.size());
}

TEST_CASE("when the queue is full, block loses nothing") {
  collector out;
  manual_clock clock;
  auto options = to(out);
  options.queue_lines = 4;
  options.overflow = log_overflow::block;
  auto log = std::move(logging::start(options, clock).value());
  const logger c = log->get("c");
  out.close();
  std::thread writer{[&] {
    for (int i = 0; i < 200; ++i)
      c.info("line");
  }};
  out.wait_for_arrival();
  out.open();
  writer.join();
  log->flush();
  CHECK(out.lines().size() == 200);
  CHECK(log->dropped() == 0);
}

TEST_CASE("threads may log and change levels at the same time; what waits is written before the end") {
  collector out;
  manual_clock clock;
  auto options = to(out);
  options.overflow = log_overflow::block;
  auto log = std::move(logging::start(options, clock).value());
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&log, t] {
      const logger mine = log->get("c" + std::to_string(t % 2));
      for (int i = 0; i < 250; ++i) {
        mine.info("line", {{"thread", t}, {"i", i}});
        if (i % 50 == 0) log->set_level("c0", log_level::debug);
        if (i % 100 == 0) log->flush();
      }
    });
  }
  for (auto& thread : threads)
    thread.join();
  log.reset();
  CHECK(out.lines().size() == 1000);
}

TEST_CASE("a file is written line by line and rotated at its size") {
  const auto folder = std::filesystem::temp_directory_path() / ("troupe_log_" + std::to_string(::getpid()));
  std::filesystem::create_directories(folder);
  manual_clock clock;
  logging_options options;
  options.target = log_target::file;
  options.file = (folder / "node.log").string();
  options.file_bytes = 200;
  options.file_count = 2;
  {
    auto log = std::move(logging::start(options, clock).value());
    for (int i = 0; i < 20; ++i)
      log->get("c").info("line", {{"i", i}});
  }
  std::ifstream last{options.file};
  std::string line;
  std::string newest;
  while (std::getline(last, line))
    newest = line;
  CHECK(newest == std::string{head} + "INFO     c: line i=19");
  CHECK(std::filesystem::exists(folder / "node.1.log"));
  CHECK(std::filesystem::exists(folder / "node.2.log"));
  CHECK_FALSE(std::filesystem::exists(folder / "node.3.log"));
  std::filesystem::remove_all(folder);
}

TEST_CASE("impossible options are refused with the reason") {
  manual_clock clock;
  const auto refused = [&](auto change) {
    logging_options options;
    change(options);
    return logging::start(options, clock).error();
  };
  CHECK(refused([](auto& o) { o.target = log_target::file; }) == invalid_argument("a log file needs a path"));
  CHECK(refused([](auto& o) { o.target = log_target::function; })
        == invalid_argument("a log function is missing"));
  CHECK(refused([](auto& o) { o.queue_lines = 0; })
        == invalid_argument("the queue of the log needs room for at least 1 line"));
  const auto unwritable = refused([](auto& o) {
    o.target = log_target::file;
    o.file = "/proc/nowhere/node.log";
  });
  CHECK(unwritable.code() == status_code::failed_precondition);
  CHECK(unwritable.message().find("/proc/nowhere") != std::string::npos);
}

TEST_CASE("an output that fails is counted and harms nobody") {
  manual_clock clock;
  logging_options options;
  options.target = log_target::function;
  options.function = [](std::string_view line) {
    if (line.find("bad") != std::string_view::npos) throw std::runtime_error{"disk full"};
  };
  auto log = std::move(logging::start(options, clock).value());
  log->get("c").info("bad");
  log->get("c").info("good");
  log->flush();
  CHECK(log->failed() == 1);
  CHECK(log->written() == 1);
}
