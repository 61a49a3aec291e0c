// What a node counts of its actors: mailboxes and restarts.
#pragma once

#include "runtime/supervision/supervisor.hpp"
#include "runtime/telemetry/metrics.hpp"

#include <vector>

namespace troupe {

class static_directory;

class node_metrics {
public:
  // The directory must outlive the object.
  node_metrics(metrics& numbers, const static_directory& directory);

  // Thread-safe.
  void count(const supervision_event& event) const;

private:
  counter_family events_;
  std::vector<metrics_callback> callbacks_;
};

} // namespace troupe
