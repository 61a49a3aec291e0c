// Who serves, and who wants to know: the state behind grpc.health.v1. Pure; not thread-safe.
#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

namespace troupe::grpc_detail {

// grpc.health.v1.HealthCheckResponse.ServingStatus.
enum class serving_state : std::uint8_t { unknown = 0, serving = 1, not_serving = 2, service_unknown = 3 };

class health_book {
public:
  // Stands for one Watch call; the book never looks behind it.
  using watcher = const void*;
  struct update {
    watcher who;
    serving_state state;
  };

  // No effect once closed.
  void set(std::string_view service, bool serving);

  // Everything becomes not_serving, for good.
  void close();
  bool closed() const noexcept { return closed_; }

  // Nothing for a name that was never set.
  std::optional<serving_state> state(std::string_view service) const;

  // `credit` is how many updates the watcher may be given. An unknown service is watched too: it may come.
  void watch(watcher who, std::string_view service, std::uint32_t credit);
  void add_credit(watcher who, std::uint32_t credit);
  void forget(watcher who);

  // The next update that a watcher with credit is owed; uses up the credit. States that passed while a
  // watcher had no credit are skipped: it is told the present.
  std::optional<update> take_update();

private:
  struct watch_entry {
    std::string service;
    std::uint32_t credit = 0;
    std::optional<serving_state> told;
    bool queued = false;
  };
  void enqueue(watcher who, watch_entry& entry);
  serving_state watched_state(const std::string& service) const;

  std::unordered_map<std::string, bool> serving_;
  std::unordered_map<watcher, watch_entry> watches_;
  std::deque<watcher> queue_; // watchers that may be owed an update, each at most once
  bool closed_ = false;
};

} // namespace troupe::grpc_detail
