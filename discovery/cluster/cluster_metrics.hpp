// A cluster's member in numbers, for Prometheus. Internal to this component.
#pragma once

#include "discovery/cluster/registry_gossip.hpp"
#include "discovery/membership/membership_output.hpp"
#include "discovery/registry/registry.hpp"
#include "runtime/telemetry/metrics.hpp"

#include <array>
#include <cstddef>
#include <mutex>
#include <vector>

namespace troupe {

struct cluster_figures {
  membership_counters membership;
  registry_gossip_counters gossip;
  registry_figures registry;
  std::array<std::size_t, 4> members{}; // by member_state, this node included
  std::size_t local_health = 0;
  std::size_t services = 0; // of the snapshot
  std::size_t places = 0;
  std::size_t rumors = 0; // of the registry, that wait
  std::uint64_t snapshot = 0;
};

// Keeps figures for whoever reads the metrics, on another thread.
class cluster_metrics {
public:
  // `numbers` outlives it.
  explicit cluster_metrics(metrics& numbers);

  // On the loop; cheap.
  template <class Change>
  void update(Change change) {
    const std::lock_guard hold{mutex_};
    change(figures_);
  }

private:
  void count(metrics& to, std::string_view name, std::string_view help,
             std::uint64_t membership_counters::*what);
  void count(metrics& to, std::string_view name, std::string_view help,
             std::uint64_t registry_gossip_counters::*what);
  template <class Read>
  void observe(metrics& to, std::string_view name, std::string_view help, sample_kind kind, Read read);

  mutable std::mutex mutex_; // held for an instant: guards figures_
  cluster_figures figures_;
  std::vector<metrics_callback> callbacks_; // gone before the figures are
};

} // namespace troupe
