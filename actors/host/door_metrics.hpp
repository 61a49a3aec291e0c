// What the doors count.
#pragma once

#include "actors/grpc_edge/grpc_edge.hpp"
#include "actors/http_edge/http_server.hpp"
#include "runtime/telemetry/metrics.hpp"

#include <array>
#include <bitset>
#include <unordered_map>

namespace troupe {

class http_door_metrics final : public http_metrics {
public:
  explicit http_door_metrics(metrics& numbers);

  void connection_opened() override { connections_.add(); }
  void connection_closed() override { connections_.subtract(); }
  void connection_refused() override { refused_.add(); }
  void connection_timed_out() override { timed_out_.add(); }
  void request_rejected(int status) override;
  void request_answered(const http_access_record& seen) override;

private:
  static constexpr int first_status = 100;
  static constexpr std::size_t statuses = 500;
  gauge connections_;
  counter refused_;
  counter timed_out_;
  counter aborted_;
  counter_family rejected_;
  histogram seconds_;
  std::array<counter, statuses> answered_; // of the statuses that the door gives; the others share `other_`
  std::bitset<statuses> listed_;
  counter other_;
};

class grpc_door_metrics {
public:
  grpc_door_metrics(metrics& numbers, const std::vector<const service_info*>& services);
  void count(const grpc_call_record& ended) const;

private:
  struct of_method {
    std::array<counter, status_code_count> codes;
    histogram seconds;
  };
  std::unordered_map<const method_info*, of_method> methods_; // not changed after construction
};

} // namespace troupe
