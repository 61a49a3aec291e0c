// The link's numbers, by peer. Internal to this component.
#pragma once

#include "runtime/link/link_session.hpp"
#include "runtime/telemetry/metrics.hpp"

#include <string_view>

namespace troupe {

// Of one peer; counts nothing until its name is known.
struct peer_metrics {
  counter frames_sent;
  counter frames_received;
  counter bytes_sent;
  counter bytes_received;
  counter window_stalls;
  counter calls_sent;
  counter calls_served;
  counter calls_lost;
  counter calls_refused;
  gauge queued_bytes;

  // Adds what came since `before`.
  void count(const link_session_figures& before, const link_session_figures& now) const noexcept;
};

class gate_metrics {
public:
  // `numbers` may be null: then nothing is counted.
  explicit gate_metrics(metrics* numbers);

  peer_metrics of_peer(std::string_view node) const;
  // `reason`: a short word, such as "certificate", "cluster", "version", "limit".
  void connection_refused(std::string_view reason) const;
  void connection_opened() const { opened_.add(); }
  void connection_broken(std::string_view node) const;
  void dial_failed() const { dial_failures_.add(); }

private:
  bool counting_ = false;
  counter_family frames_, bytes_, stalls_, calls_, refused_, broken_;
  gauge_family queued_;
  counter opened_, dial_failures_;
};

} // namespace troupe
