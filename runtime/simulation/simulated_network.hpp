// The network as one simulated machine sees it. Internal to the simulation.
#pragma once

#include "runtime/environment/network.hpp"
#include "runtime/simulation/machine.hpp"

namespace troupe {

class simulated_network final : public network {
public:
  explicit simulated_network(machine& at) noexcept : at_(at) {}

  result<std::unique_ptr<datagram_socket>> open_datagram(const endpoint& local,
                                                         datagram_handler on_datagram) override;
  // Precondition: the node has booted before.
  std::unique_ptr<event_loop> open_loop(std::string_view name) override;
  // Never reads files: whoever has credentials proves the name of its node.
  result<stream_credentials_ptr> load_credentials(const stream_security& files) override;
  status resolve(std::string_view host, addresses_handler then) override;
  status resolve_service(std::string_view name, service_records_handler then) override;

private:
  template <class Answer>
  status answer_later(result<Answer> answer, std::function<void(result<Answer>)> then);
  const std::shared_ptr<loop_core>& loop();

  machine& at_;
};

} // namespace troupe
