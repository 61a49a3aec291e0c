#include "runtime/simulation/simulated_node.hpp"

#include "runtime/simulation/actor_scheduler.hpp"
#include "runtime/simulation/world_parts.hpp"
#include "runtime/simulation_disk/simulated_disk.hpp"

#include <caf/actor_system.hpp>
#include <caf/actor_system_config.hpp>
#include <caf/atom.hpp>
#include <caf/node_id.hpp>

#include <utility>

namespace troupe {

namespace {

// CAF numbers the systems of a process with 8 bits, by one counter for all worlds. Ours follows from the
// node's name, its boot and the system's place in it, so that handles name the same actor in every run.
caf::node_id make_id(const machine& of, std::uint64_t boot, std::uint32_t number) {
  caf::node_id::default_data::host_id_type host{};
  random_source{0}.split(of.name, boot).fill(std::as_writable_bytes(std::span{host}));
  return caf::make_node_id(number, host);
}

} // namespace

simulated_node::simulated_node(std::unique_ptr<network> net, std::unique_ptr<simulated_disk> store,
                               machine& inner, program_factory make)
  : inner_(inner), make_(std::move(make)), network_(std::move(net)), disk_(std::move(store)), random_(0) {}

simulated_node::~simulated_node() = default;

const std::string& simulated_node::name() const noexcept { return inner_.name; }
ip_address simulated_node::address() const noexcept { return inner_.address; }
std::uint32_t simulated_node::index() const noexcept { return inner_.index; }
std::uint64_t simulated_node::boots() const noexcept { return inner_.boots; }
bool simulated_node::up() const noexcept { return inner_.up(); }
bool simulated_node::paused() const noexcept { return inner_.pauses > 0; }

environment simulated_node::surroundings() noexcept {
  return {.clock = inner_.time, .random = random_, .disk = *disk_, .network = *network_};
}

void simulated_node::configure(caf::actor_system_config& config) {
  config.set("logger.verbosity", caf::atom("quiet"));
  auto session = inner_.session;
  config.module_factories.emplace_back([session](caf::actor_system& system) -> caf::actor_system::module* {
    const auto number = ++session->systems;
    // The member behind this reference is not const: there is no other way to it without CAF's middleman.
    const_cast<caf::node_id&>(system.node()) = make_id(session->on, session->number, number);
    system.await_actors_before_shutdown(false);
    return new actor_scheduler(system, session, number);
  });
}

void simulated_node::log(std::string_view text) {
  auto& world = inner_.world;
  world.tracing.record({.at = world.elapsed(),
                        .kind = trace_kind::log,
                        .node = inner_.index,
                        .name = "log",
                        .detail = std::string{text}});
}

} // namespace troupe
