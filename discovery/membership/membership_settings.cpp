#include "discovery/membership/membership_settings.hpp"

namespace troupe {

namespace {

using namespace std::chrono_literals;

template <class Number>
status within(const char* name, Number value, Number low, Number high) {
  // Written so that a NaN is out of every range.
  if (value >= low && value <= high) return {};
  return invalid_argument("membership: {} is {}; choose {} to {}", name, value, low, high);
}

status time_within(const char* name, duration value, duration low, duration high) {
  if (value >= low && value <= high) return {};
  const auto ms = [](duration d) { return std::chrono::duration_cast<std::chrono::milliseconds>(d).count(); };
  return invalid_argument("membership: {} is {} ms; choose {} ms to {} ms", name, ms(value), ms(low),
                          ms(high));
}

} // namespace

status membership_settings::check() const {
  const status all[] = {
    time_within("protocol_period", protocol_period, 10ms, 10min),
    time_within("probe_timeout", probe_timeout, 1ms, protocol_period - 1ms),
    within<std::size_t>("indirect_probes", indirect_probes, 0, 32),
    within("suspicion_alpha", suspicion_alpha, 0.1, 100.0),
    within("suspicion_beta", suspicion_beta, 1.0, 100.0),
    within<std::size_t>("suspicion_confirmations", suspicion_confirmations, 0, 32),
    within<std::size_t>("max_local_health", max_local_health, 0, 64),
    within("nack_after", nack_after, 0.1, 1.0),
    within<std::size_t>("retransmit", retransmit, 1, 64),
    time_within("gossip_interval", gossip_interval, 1ms, 1min),
    within<std::size_t>("gossip_fan_out", gossip_fan_out, 1, 64),
    time_within("push_pull_interval", push_pull_interval, 100ms, 24h),
    time_within("reconnect_first", reconnect_first, 10ms, 1h),
    time_within("reconnect_last", reconnect_last, 10ms, 1h),
    within<std::size_t>("reconnect_burst", reconnect_burst, 1, 1'000),
    time_within("reclaim_after", reclaim_after, 1s, 24h * 365),
    within<std::size_t>("most_dead_kept", most_dead_kept, 0, 1'000'000),
    time_within("leave_linger", leave_linger, 0ms, 10min),
    within<std::size_t>("packet_bytes", packet_bytes, 1'400, 65'000),
    within<std::size_t>("stream_bytes", stream_bytes, 65'536, 1u << 30),
    within<std::size_t>("most_members", most_members, 2, 1'000'000),
    within<std::size_t>("most_relayed_probes", most_relayed_probes, 1, 1'000'000),
  };
  for (const auto& one : all) {
    if (!one.ok()) return one;
  }
  return {};
}

} // namespace troupe
