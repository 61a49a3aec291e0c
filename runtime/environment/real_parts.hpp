// How real_environment makes its parts. Internal to this component.
#pragma once

#include "runtime/environment/disk.hpp"
#include "runtime/environment/network.hpp"

#include <memory>
#include <optional>

namespace troupe {

std::unique_ptr<disk> make_real_disk();

std::unique_ptr<network> make_real_network(std::optional<endpoint> name_server);

// See network::open_loop() and network::load_credentials().
std::unique_ptr<event_loop> make_real_loop(std::string_view name);
result<stream_credentials_ptr> load_real_credentials(const stream_security& files);

// The look-ups of a real network, on one thread of their own because the system's functions block.
// Thread-safe. Destroying it tells what is pending CANCELLED; it does not wait for a name server.
class real_resolver {
public:
  explicit real_resolver(std::optional<endpoint> name_server);
  ~real_resolver();
  real_resolver(const real_resolver&) = delete;
  real_resolver& operator=(const real_resolver&) = delete;

  status resolve(std::string_view host, addresses_handler then);
  status resolve_service(std::string_view name, service_records_handler then);

private:
  struct shared;
  std::shared_ptr<shared> shared_;
};

} // namespace troupe
