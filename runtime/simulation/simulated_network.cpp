#include "runtime/simulation/simulated_network.hpp"

#include "runtime/simulation/bound_datagrams.hpp"
#include "runtime/simulation/bound_listener.hpp"
#include "runtime/simulation/simulated_loop.hpp"
#include "runtime/simulation/world_parts.hpp"

#include <utility>

namespace troupe {

namespace {

class simulated_socket final : public datagram_socket {
public:
  explicit simulated_socket(std::shared_ptr<bound_datagrams> bound) : bound_(std::move(bound)) {}
  ~simulated_socket() override { bound_->close(); }

  endpoint local() const noexcept override { return bound_->local(); }
  status send(const endpoint& to, std::span<const std::byte> payload) noexcept override {
    return bound_->send(to, payload);
  }

private:
  const std::shared_ptr<bound_datagrams> bound_;
};

// A look-up that is under way; it takes what a name server in the same network takes.
class pending_lookup final : public timed_event {
public:
  pending_lookup(std::shared_ptr<loop_core> loop, std::function<void()> tell)
    : loop_(std::move(loop)), tell_(std::move(tell)) {}
  ~pending_lookup() override = default;

private:
  void fire() override { loop_->post(std::move(tell_), "resolve"); }

  const std::shared_ptr<loop_core> loop_;
  std::function<void()> tell_;
};

} // namespace

const std::shared_ptr<loop_core>& simulated_network::loop() {
  auto& session = *at_.session;
  if (!session.network_loop) session.network_loop = std::make_shared<loop_core>(at_.session, "network");
  return session.network_loop;
}

result<std::unique_ptr<datagram_socket>> simulated_network::open_datagram(const endpoint& local,
                                                                          datagram_handler on_datagram) {
  if (!on_datagram) return invalid_argument("a datagram socket needs a handler");
  if (!at_.up()) return unavailable("the node is off");
  auto bound = std::make_shared<bound_datagrams>(loop(), std::move(on_datagram));
  if (auto outcome = bound->bind(local); !outcome.ok()) return outcome;
  return std::unique_ptr<datagram_socket>{std::make_unique<simulated_socket>(std::move(bound))};
}

std::unique_ptr<event_loop> simulated_network::open_loop(std::string_view name) {
  auto session = at_.session;
  if (!session) {
    // A loop on which nothing ever runs: the node went off while it started.
    session = std::make_shared<boot_session>(at_, at_.boots, random_source{0});
    session->alive = false;
  }
  return std::make_unique<simulated_loop>(std::make_shared<loop_core>(std::move(session), name));
}

result<stream_credentials_ptr> simulated_network::load_credentials(const stream_security&) {
  // Credentials say nothing here but that there are some: the pointer is never followed.
  return stream_credentials_ptr{std::shared_ptr<void>{}, reinterpret_cast<const stream_credentials*>(this)};
}

template <class Answer>
status simulated_network::answer_later(result<Answer> answer, std::function<void(result<Answer>)> then) {
  if (!at_.up()) return unavailable("the node is off");
  auto& lookups = at_.session->lookups;
  std::erase_if(lookups, [](const auto& each) { return !each->waiting(); });
  if (lookups.size() >= max_pending_lookups)
    return resource_exhausted("{} look-ups are pending", lookups.size());
  auto& world = at_.world;
  lookups.push_back(std::make_unique<pending_lookup>(
    loop(), [answer = std::move(answer), then = std::move(then)] { then(answer); }));
  const auto takes = std::chrono::microseconds{500 + world.network.pieces.below(1000)};
  world.events.add(*lookups.back(), world.events.now() + takes);
  return {};
}

status simulated_network::resolve(std::string_view host, addresses_handler then) {
  using answer = result<std::vector<ip_address>>;
  if (const auto literal = ip_address::parse(host))
    return answer_later(answer{std::vector{*literal}}, std::move(then));
  const auto& world = at_.world;
  if (const auto known = world.network.hosts.find(host); known != world.network.hosts.end())
    return answer_later(answer{known->second}, std::move(then));
  if (host == "localhost") return answer_later(answer{std::vector{ip_address::loopback()}}, std::move(then));
  for (const auto& each : world.machines)
    if (each->name == host) return answer_later(answer{std::vector{each->address}}, std::move(then));
  return answer_later(answer{not_found("no host {}", host)}, std::move(then));
}

status simulated_network::resolve_service(std::string_view name, service_records_handler then) {
  using answer = result<std::vector<service_record>>;
  const auto& services = at_.world.network.services;
  const auto known = services.find(name);
  return answer_later(known != services.end() ? answer{known->second}
                                              : answer{not_found("no service {}", name)},
                      std::move(then));
}

} // namespace troupe
