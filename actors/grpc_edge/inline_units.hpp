// Gives each of gRPC's callback threads an inline_execution of its own, so that an actor handles a request on
// the thread that read it. gRPC owns the threads and shares them between all servers of the process; the
// units belong to one edge and end with it.
#pragma once

#include "runtime/call/inline_execution.hpp"

#include <memory>
#include <mutex>
#include <vector>

namespace troupe::grpc_detail {

class inline_units {
public:
  explicit inline_units(caf::actor_system& system) : system_(system) {}

  // The unit of the calling thread. Valid while the edge serves; the edge outlives every callback.
  inline_execution& here();

private:
  caf::actor_system& system_;
  std::mutex mutex_;
  std::vector<std::shared_ptr<inline_execution>> units_; // one a thread that ever served this edge
};

} // namespace troupe::grpc_detail
