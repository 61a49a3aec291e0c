// The directory of one node: a table of the instances that run on it. Instances are added when a module is
// installed and stay, because an actor_reference outlives the crashes of the actor behind it.
#pragma once

#include "runtime/call/actor_reference.hpp"
#include "runtime/call/directory.hpp"

#include <map>
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <vector>

namespace troupe {

// The route to the instances of one service on this node.
class instance_route : public service_route {
public:
  // Whether an actor stands behind at least one instance. Never locks.
  virtual bool available() const noexcept = 0;
  // Whether there are instances at all.
  virtual bool known() const noexcept = 0;
  // An instance that is up and none of `failed`; null when there is none.
  virtual call_end_ptr find_other(std::span<const call_end_ptr> failed) noexcept = 0;
};

// Thread-safe. Chooses among the instances of a service by power of two choices on the depth of their
// mailboxes (Mitzenmacher, "The Power of Two Choices in Randomized Load Balancing"), and leaves out those
// whose actor is down while another is up.
class static_directory final : public directory {
public:
  static_directory();
  ~static_directory() override;

  instance_route& route(std::string_view service) override;

  // Adds an instance of a service.
  void add(std::string_view service, actor_reference_ptr instance);

  // The instances of each service, for metrics and the console.
  std::map<std::string, std::vector<actor_reference_ptr>, std::less<>> instances() const;

private:
  class local_route;

  mutable std::mutex mutex_;
  std::map<std::string, std::unique_ptr<local_route>, std::less<>> routes_;
};

} // namespace troupe
