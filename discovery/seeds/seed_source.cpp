#include "discovery/seeds/seed_source.hpp"

#include <algorithm>
#include <mutex>
#include <string_view>
#include <utility>

namespace troupe {
namespace {

std::string_view word_of(seed_kind kind) noexcept {
  switch (kind) {
  case seed_kind::host:
    return "host";
  case seed_kind::service:
    return "service";
  case seed_kind::file:
    return "file";
  case seed_kind::address:
    break;
  }
  return "address";
}

} // namespace

// Look-ups cannot be called off, so an answer may come when the source and even its loop are gone.
class seed_source::way_back {
public:
  explicit way_back(seed_source& to) noexcept : to_(&to) {}

  // On any thread: runs `then` with the source on its loop, unless it is gone by then.
  static void post(const std::shared_ptr<way_back>& self, std::function<void(seed_source&)> then) {
    std::lock_guard hold{self->mutex_};
    if (self->to_ == nullptr) return;
    self->to_->loop_.post([self, then = std::move(then)] {
      // On the loop, where alone the source goes away.
      if (self->to_ != nullptr) then(*self->to_);
    });
  }

  void cut() {
    std::lock_guard hold{mutex_};
    to_ = nullptr;
  }

private:
  std::mutex
    mutex_; // guards the writing of to_ against other threads' reading; the loop's own reads need none
  seed_source* to_;
};

result<std::unique_ptr<seed_source>> seed_source::start(seed_source_options options, const environment& world,
                                                        event_loop& loop, seed_listener listener,
                                                        logging* logs, metrics* numbers) {
  if (auto s = options.settings.validate(); !s.ok()) return s;
  if (!listener) return invalid_argument("seeds: somebody must listen");
  return std::unique_ptr<seed_source>{
    new seed_source{std::move(options), world, loop, std::move(listener), logs, numbers}};
}

seed_source::seed_source(seed_source_options options, const environment& world, event_loop& loop,
                         seed_listener listener, logging* logs, metrics* numbers)
  : world_(world), loop_(loop), listener_(std::move(listener)),
    log_(logs != nullptr ? logs->get("seeds") : logger{}),
    core_(std::move(options.settings), std::move(options.own), std::move(options.last_known),
          world.random.split("seeds"), world.clock.now()),
    way_back_(std::make_shared<way_back>(*this)), counting_(numbers != nullptr) {
  if (counting_) {
    known_ = numbers->make_gauge("troupe_seeds", "Addresses where other nodes may be found.");
    queries_ = numbers->counters("troupe_seed_queries_total",
                                 "Look-ups and readings of files for seeds, by kind and status code.",
                                 {"kind", "code"});
  }
  timer_ = loop_.after(duration::zero(), [this] { run(); });
}

seed_source::~seed_source() { way_back_->cut(); }

void seed_source::hurry() {
  core_.hurry(world_.clock.now());
  arm();
}

void seed_source::run() {
  // An answer that is there at once (a file, a refused look-up) may bring further questions.
  while (true) {
    const auto queries = core_.take_due(world_.clock.now());
    if (queries.empty()) break;
    for (const auto& query : queries)
      ask(query);
  }
  tell();
  arm();
}

void seed_source::ask(const seed_query& query) {
  const auto number = query.number;
  if (query.kind == seed_kind::file) {
    const auto content = read_file(world_.disk, query.name, max_seed_file_bytes);
    count(query.kind, status_of(content));
    core_.on_file(number, content, world_.clock.now());
  } else if (query.kind == seed_kind::host) {
    const auto take = [number](seed_source& self, const result<std::vector<ip_address>>& answer) {
      self.count(seed_kind::host, status_of(answer));
      self.core_.on_addresses(number, answer, self.world_.clock.now());
    };
    auto refused =
      world_.network.resolve(query.name, [back = way_back_, take](result<std::vector<ip_address>> answer) {
        way_back::post(back, [take, answer = std::move(answer)](seed_source& self) {
          take(self, answer);
          self.run();
        });
      });
    if (!refused.ok()) take(*this, refused);
  } else {
    const auto take = [number](seed_source& self, const result<std::vector<service_record>>& answer) {
      self.count(seed_kind::service, status_of(answer));
      self.core_.on_services(number, answer, self.world_.clock.now());
    };
    auto refused = world_.network.resolve_service(
      query.name, [back = way_back_, take](result<std::vector<service_record>> answer) {
        way_back::post(back, [take, answer = std::move(answer)](seed_source& self) {
          take(self, answer);
          self.run();
        });
      });
    if (!refused.ok()) take(*this, refused);
  }
}

void seed_source::tell() {
  for (const auto& notice : core_.take_notices())
    write_down(notice);
  if (!core_.take_change()) return;
  const auto& now = core_.list();
  known_.set(static_cast<double>(now.endpoints.size()));
  log_.debug("the seeds have changed", {{"count", now.endpoints.size()}, {"settled", now.settled}});
  listener_(now);
}

void seed_source::arm() {
  const auto due = core_.next_due();
  timer_.reset();
  if (due == monotonic_time::max()) return;
  timer_ = loop_.after(std::max(duration::zero(), duration{due - world_.clock.now()}), [this] { run(); });
}

void seed_source::write_down(const seed_notice& notice) const {
  const std::string_view where = notice.where.empty() ? "the settings" : std::string_view{notice.where};
  if (notice.what == seed_notice::sort::recovered)
    log_.info("a seed is well again", {{"seed", notice.entry}, {"from", where}});
  else if (notice.entry.empty())
    log_.info(notice.message);
  else
    log_.warning("a seed does not work; trying on, and the others are served",
                 {{"seed", notice.entry},
                  {"from", where},
                  {"why", notice.message},
                  {"alike_not_logged", notice.withheld}});
}

void seed_source::count(seed_kind kind, const status& outcome) const {
  if (counting_) queries_.with({word_of(kind), to_string(outcome.code())}).add();
}

} // namespace troupe
