// A simulated node that looks for seeds and remembers members.
#pragma once

#include "discovery/seeds/last_known_members.hpp"
#include "discovery/seeds/seed_source.hpp"
#include "runtime/simulation/world.hpp"
#include "tests/discovery/seeds/seed_answers.hpp"

#include <memory>
#include <string>
#include <vector>

namespace troupe {

class seeds_program final : public simulated_program {
public:
  struct options {
    seed_settings settings;
    std::vector<endpoint> own;
    std::vector<std::string>* lines = nullptr; // of the log, over all boots
    duration interval = std::chrono::seconds{30};
  };

  seeds_program(simulated_node& node, const options& how) : around(node.surroundings()) {
    logging_options log;
    log.target = log_target::function;
    log.function = [to = how.lines](std::string_view line) {
      if (to != nullptr) to->emplace_back(line);
    };
    log.asynchronous = false;
    logs = std::move(logging::start(log, around.clock).value());
    loop = around.network.open_loop("seeds");
    loop->run([&] {
      known =
        std::move(last_known_members::open({.path = "data/members", .interval = how.interval, .own = how.own},
                                           around, *loop, logs.get())
                    .value());
      before = known->read();
      source =
        std::move(seed_source::start(
                    {how.settings, how.own, before}, around, *loop,
                    [this](const seed_list& now) { lists.push_back(text_of(now)); }, logs.get(), &numbers)
                    .value());
    });
  }
  ~seeds_program() override {
    loop->run([&] {
      source.reset();
      known.reset();
    });
  }

  static program_factory make(options how) {
    return [how](simulated_node& node) { return std::make_unique<seeds_program>(node, how); };
  }

  void remember(std::vector<std::string> addresses) {
    std::vector<known_member> members;
    for (const auto& each : addresses)
      members.push_back({at(each), ""});
    loop->run([&] { known->remember(members); });
  }

  const environment around;
  metrics numbers;
  std::unique_ptr<logging> logs;
  std::unique_ptr<event_loop> loop;
  std::unique_ptr<last_known_members> known;
  std::unique_ptr<seed_source> source;
  std::vector<endpoint> before;
  std::vector<std::string> lists; // as the listener was told
};

inline seeds_program& program_of(simulated_node& node) {
  return static_cast<seeds_program&>(*node.program());
}

} // namespace troupe
