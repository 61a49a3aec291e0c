// Finds the first other nodes: asks the names and reads the files of the settings again and again, and tells
// when the list of seeds has changed. What is broken is said in the log, once a minute an entry; the rest is
// served.
//
//   last_known_members members{...};
//   auto seeds = seed_source::start({settings, {own}, members.read()}, world, loop, [](const seed_list& now)
//   {...},
//                                   &logs, &numbers);
#pragma once

#include "discovery/seeds/seed_core.hpp"
#include "discovery/seeds/seed_settings.hpp"
#include "runtime/environment/environment.hpp"
#include "runtime/telemetry/log.hpp"
#include "runtime/telemetry/metrics.hpp"

#include <functional>
#include <memory>
#include <vector>

namespace troupe {

struct seed_source_options {
  seed_settings settings;
  // Where this node is reached: not a seed for itself. Known by the caller, who has bound the sockets; an own
  // address 0.0.0.0 or :: stands for the loopback addresses.
  std::vector<endpoint> own;
  // The members of before the restart, tried besides what the settings say. More than max_seeds are left out.
  std::vector<endpoint> last_known;
};

// Called on the loop, first soon after the start with what is known without asking. It must not destroy the
// source.
using seed_listener = std::function<void(const seed_list& seeds)>;

// Everything on the loop, its destructor too. Files are read on the loop, so it should not be one that
// carries calls.
class seed_source {
public:
  // Everything given must outlive it; `logs` and `numbers` may be null. INVALID_ARGUMENT: settings out of
  // range, or no listener.
  static result<std::unique_ptr<seed_source>> start(seed_source_options options, const environment& world,
                                                    event_loop& loop, seed_listener listener, logging* logs,
                                                    metrics* numbers);
  ~seed_source();
  seed_source(const seed_source&) = delete;
  seed_source& operator=(const seed_source&) = delete;

  const seed_list& list() const noexcept { return core_.list(); }

  // Asks everything anew, soon: for a node that has lost all others. Harmless when called often.
  void hurry();

private:
  class way_back;

  seed_source(seed_source_options options, const environment& world, event_loop& loop, seed_listener listener,
              logging* logs, metrics* numbers);
  void run();
  void ask(const seed_query& query);
  void tell();
  void arm();
  void write_down(const seed_notice& notice) const;
  void count(seed_kind kind, const status& outcome) const;

  const environment world_;
  event_loop& loop_;
  const seed_listener listener_;
  const logger log_;
  seed_core core_;
  const std::shared_ptr<way_back> way_back_; // for answers, which come on other threads and may come late
  std::unique_ptr<loop_timer> timer_;
  bool counting_ = false;
  gauge known_;
  counter_family queries_;
};

} // namespace troupe
