#include "runtime/link/gate_core.hpp"

namespace troupe {

result<std::unique_ptr<gate>> gate::open(gate_options options, environment world, caf::actor_system& system,
                                         troupe::directory& local, std::vector<const service_info*> services,
                                         peer_listener& listener, logging* logs, metrics* numbers) {
  auto made = std::make_shared<core>(std::move(options), world, system, local, std::move(services), listener,
                                     logs, numbers);
  if (auto outcome = made->open(); !outcome.ok()) return outcome;
  return std::unique_ptr<gate>{new gate{std::move(made)}};
}

gate::gate(std::shared_ptr<core> inner) : core_(std::move(inner)) {}
gate::~gate() { close(); }

std::optional<endpoint> gate::local_address() const noexcept { return core_->local_address(); }

status gate::keep_connected(std::string address) {
  const auto colon = address.rfind(':');
  if (const auto literal = endpoint::parse(address)) {
    if (auto outcome = core_->check_address(*literal); !outcome.ok()) return outcome;
  } else if (colon == std::string::npos || colon == 0 || colon + 1 == address.size()
             || address.find_first_not_of("0123456789", colon + 1) != std::string::npos
             || address.size() - colon > 6 || std::stoul(address.substr(colon + 1)) > 65535
             || std::stoul(address.substr(colon + 1)) == 0) {
    return invalid_argument("'{}' is no address of a node; write host:port", address);
  }
  core_->loop().post([core = core_.get(), address = std::move(address)] { core->keep_connected(address); });
  return {};
}

void gate::forget(std::string_view address) {
  core_->loop().post([core = core_.get(), address = std::string{address}] { core->forget(address); });
}

void gate::drain() {
  core_->loop().post([core = core_.get()] { core->drain(); });
}

void gate::close(duration patience) { core_->close(patience); }

std::vector<peer_report> gate::peers() {
  std::vector<peer_report> out;
  core_->loop().run([&] { out = core_->peers(); });
  return out;
}

std::string gate::export_handle(const caf::actor& handle) { return core_->actors().export_handle(handle); }
result<caf::actor> gate::import_handle(std::string_view bytes) {
  return core_->actors().import_handle(bytes);
}

} // namespace troupe
