// The doors of a node: the HTTP and gRPC edges over its services, and the operators' door.
#pragma once

#include "actors/host/node.hpp"
#include "runtime/configuration/settings.hpp"
#include "runtime/environment/environment.hpp"
#include "runtime/telemetry/health.hpp"
#include "runtime/telemetry/log.hpp"
#include "runtime/telemetry/metrics.hpp"

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace troupe {

// What the doors need; all of it must outlive them.
struct doors_dependencies {
  node& of;
  // What the HTTP and gRPC doors offer, whichever node plays it.
  std::vector<const service_info*> contracts;
  environment world;
  health_registry& health;
  metrics& numbers;
  logging& logs;
  std::function<void()> leave; // has the process drain and stop; from any thread
};

// The ports that were bound; 0 for a door that is not enabled.
struct door_ports {
  std::uint16_t http = 0;
  std::uint16_t grpc = 0;
  std::uint16_t admin = 0;
  std::uint16_t link = 0; // the gate's, which is no door but is asked for alike

  std::uint16_t gossip = 0;

  // {"http":8080,"grpc":9090,"admin":9901,"link":7400,"gossip":7401}
  std::string to_json() const;
};

class doors {
public:
  // Opens the doors that the settings enable. INVALID_ARGUMENT for settings that make no sense together,
  // FAILED_PRECONDITION or UNAVAILABLE when an address cannot be bound; the message names the door.
  static result<std::unique_ptr<doors>> open(const settings& from, doors_dependencies dependencies);

  // Cuts what is left.
  ~doors();
  doors(const doors&) = delete;
  doors& operator=(const doors&) = delete;

  const door_ports& ports() const noexcept;

  // The HTTP and gRPC doors stop accepting and finish what is in flight, both at the same time; after `limit`
  // the rest is cut. The operators' door stays open. Blocks; not to be called by an actor.
  void drain(duration limit);

  // Reads the HTTP door's certificates again; nothing when it has none.
  status reload_certificates();

private:
  struct state;
  explicit doors(std::unique_ptr<state> inner);
  std::unique_ptr<state> state_;
};

} // namespace troupe
