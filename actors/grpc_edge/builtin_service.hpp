// A service that the edge plays itself: it is called as any other service is, by frames, and so shares flow
// control, deadlines and limits with them.
#pragma once

#include "runtime/call/directory.hpp"

namespace troupe::grpc_detail {

class builtin_service : public call_end {
public:
  // Always this service. Valid as long as the service.
  service_route& route() noexcept { return route_; }

private:
  class own_route final : public service_route {
  public:
    explicit own_route(builtin_service& owner) : owner_(owner) {}
    result<call_end_ptr> choose(const call&) noexcept override { return call_end_ptr{&owner_}; }

  private:
    builtin_service& owner_;
  };
  own_route route_{*this};
};

} // namespace troupe::grpc_detail
