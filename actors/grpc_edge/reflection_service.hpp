// grpc.reflection.v1.ServerReflection and its predecessor v1alpha, played by the edge.
#pragma once

#include "actors/grpc_edge/builtin_service.hpp"
#include "actors/grpc_edge/reflection_index.hpp"

#include <mutex>
#include <unordered_map>

namespace troupe::grpc_detail {

extern const service_info reflection_service_info;
extern const service_info reflection_alpha_service_info;

class reflection_service final : public builtin_service {
public:
  explicit reflection_service(reflection_index index) : index_(std::move(index)) {}

  void deliver(frame what) noexcept override;

  // Ends the open streams with UNAVAILABLE, and refuses new ones: a client that keeps one open and asks
  // nothing must not hold up a drain.
  void close();

private:
  // One request at a time: the next may come when its predecessor was answered.
  struct stream {
    call_ptr call;
    std::uint32_t credit = 0;
    message_ptr waiting; // an answer that the client gave no credit for yet
  };
  void open(const call_ptr& what);
  void answer(const call_ptr& what, const message_ptr& request);
  void send_waiting(const call_ptr& what, std::uint32_t more_credit);
  void end(const call_ptr& what);

  const reflection_index index_;
  std::mutex mutex_;
  std::unordered_map<const call*, stream> streams_;
  bool closed_ = false;
};

} // namespace troupe::grpc_detail
