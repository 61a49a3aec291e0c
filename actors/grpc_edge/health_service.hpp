// grpc.health.v1.Health, played by the edge.
#pragma once

#include "actors/grpc_edge/builtin_service.hpp"
#include "actors/grpc_edge/health_book.hpp"

#include <mutex>
#include <unordered_map>

namespace troupe::grpc_detail {

extern const service_info health_service_info;

class health_service final : public builtin_service {
public:
  void deliver(frame what) noexcept override;

  // Thread-safe.
  void set_serving(std::string_view service, bool serving);

  // Tells every watcher NOT_SERVING and ends its stream with UNAVAILABLE; further watches are refused.
  void close();

private:
  void check(const call_ptr& what);
  void watch(const call_ptr& what);
  void send_updates();

  std::mutex mutex_;
  health_book book_;
  std::unordered_map<health_book::watcher, call_ptr> watchers_;
  bool sending_ = false; // one thread sends at a time, so that updates keep their order
};

} // namespace troupe::grpc_detail
