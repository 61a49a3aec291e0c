// The inside of a simulation. Internal to testing.
#pragma once

#include "actors/testing/cluster_log.hpp"
#include "actors/testing/service_program.hpp"
#include "actors/testing/simulation.hpp"

#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace troupe {

struct simulation::state {
  explicit state(simulation_options given);
  ~state();

  struct member {
    simulated_node* on = nullptr;
    std::vector<service_module> modules;
    bool client = false;
    // By the test itself.
    bool slowed = false;
    bool drifts = false;
  };

  // -- nodes
  void add_member(std::string name, bool client);
  std::unique_ptr<simulated_program> make_program(std::uint32_t number);
  void ended(std::uint32_t number, const supervisor_exit& why);
  void cluster_ending_of(std::uint32_t number, const cluster_ending& what);
  void discover(node_options& options, const member& own) const;
  // As its process does: not before all of it has stopped.
  void end_once_stopped(std::uint32_t number);
  void start_again_later(simulated_node* on);
  detail::service_program* program_of(std::uint32_t number) noexcept;
  member& at(std::uint32_t number);
  // What is missing until all nodes are ready and connected; empty: nothing.
  std::string missing() const;

  // -- faults
  void note(std::string what);
  void begin_faults(const fault_plan& what);
  // "node-0, node-2"
  std::string names(const node_set& of) const;

  // Throws simulation_failed when a property that must always hold did not.
  void check_probes() const;

  const simulation_options options;
  detail::cluster_log log;
  // Before the world, whose end may pass probes.
  std::optional<probe_book> book;
  std::optional<scoped_probe_listener> listener;
  std::optional<troupe::world> inner;
  std::vector<member> members;
  bool started = false;
  std::vector<detail::work_progress_ptr> work; // in the order of spawn()
  std::vector<std::pair<duration, std::string>> timeline;
  fault_plan faults;                   // times since chaos_began
  std::optional<duration> chaos_began; // the first call of chaos()
  std::uint64_t chaos_count = 0;
  duration faults_end{};
  std::string violation;

  class time_of_world final : public clock {
  public:
    explicit time_of_world(const state& of) noexcept : of_(of) {}
    monotonic_time now() const noexcept override { return of_.inner->now(); }
    wall_time wall_now() const noexcept override {
      return of_.inner->options().calendar
             + std::chrono::duration_cast<wall_time::duration>(now().time_since_epoch());
    }

  private:
    const state& of_;
  };
  const time_of_world time{*this};
};

} // namespace troupe
