#include "actors/host/node_state.hpp"

#include "actors/service/service_actor.hpp"
#include "runtime/telemetry/log.hpp"
#include "troupe/options.pb.h"

#include <caf/all.hpp>
#include <google/protobuf/descriptor.h>

#include <algorithm>
#include <span>
#include <thread>

namespace troupe {

namespace {

constexpr unsigned default_mailbox_limit = 1000;
constexpr unsigned default_max_concurrent = 1000;

// What the module says, else what the contract says, else the default.
module_limits limits_of(const service_module& module) {
  const auto& said = module.service().descriptor().options().GetExtension(troupe::service);
  auto concurrent = said.one_at_a_time() ? 1 : said.max_concurrent();
  return {
    .mailbox_limit =
      module.mailbox_limit().value_or(said.mailbox_limit() ? said.mailbox_limit() : default_mailbox_limit),
    .max_concurrent = module.max_concurrent().value_or(concurrent ? concurrent : default_max_concurrent)};
}

// Names the actor system to others: CAF gives an id of its own only to systems with its middleman. Runs
// before the first actor is made.
class name_system final : public caf::thread_hook {
public:
  explicit name_system(caf::node_id id) : id_(std::move(id)) {}
  void init(caf::actor_system& system) override { const_cast<caf::node_id&>(system.node()) = id_; }
  void thread_started() override {}
  void thread_terminates() override {}

private:
  caf::node_id id_;
};

// Of the node's name, its start and chance: another one for each start of each node, also where all nodes
// have one seed.
caf::node_id make_node_id(const std::string& name, const environment& world) {
  caf::node_id::default_data::host_id_type host{};
  const auto start = static_cast<std::uint64_t>(world.clock.wall_now().time_since_epoch().count());
  auto bytes = world.random.split("node_id").split(name, start);
  bytes.fill(std::as_writable_bytes(std::span{host}));
  return caf::make_node_id(static_cast<std::uint32_t>(bytes.below(0x7FFFFFFF)) + 1, host);
}

} // namespace

node::state::state(node_options given, environment world, logging* log, metrics* numbers,
                   const std::function<void(caf::actor_system_config&)>& configure)
  : options(std::move(given)), driven(configure != nullptr), logs(log), measured(numbers),
    random(world.random.split("services")), names(options.name),
    cluster(directory, options.name, &world.clock) {
  services.directory = &cluster;
  services.random = &random;
  services.clock = &world.clock;
  services.names = &names;
  services.logs = log;
  services.default_call_timeout = options.default_call_timeout;
  services.on_visitor = [this](const caf::actor& visitor) { remember(visitor); };
  // Policy `sharing`: idle workers wait on one queue instead of sleeping in ever longer turns, which halves
  // the latency of a message that wakes an actor (docs/performance.md).
  config.set("scheduler.policy", caf::atom("sharing"));
  auto threads =
    options.scheduler_threads ? options.scheduler_threads : std::max(1u, std::thread::hardware_concurrency());
  config.set("scheduler.max-threads", static_cast<std::size_t>(threads));
  config.add_thread_hook<name_system>(make_node_id(options.name, world));
  if (options.message_types) options.message_types(config);
  if (configure) configure(config);
  system.emplace(config);
  if (driven) system->await_actors_before_shutdown(false);
}

node::state::~state() = default;

child_spec node::state::instance_spec(const std::shared_ptr<const service_module>& module, unsigned index,
                                      module_limits limits) {
  auto name = std::string{module->service().name} + "/" + std::to_string(index);
  auto reference = actor_reference_ptr{new actor_reference(name, limits.mailbox_limit)};
  if (module->is_compute_heavy()) reference->keep_off_edges();
  directory.add(module->service().name, reference);
  child_spec spec;
  spec.name = name;
  spec.start = [this, name, module, limits](child_context& context) -> result<caf::actor> {
    return spawn_service(context.system,
                         {.name = name,
                          .make = module->make(),
                          .node = &services,
                          .supervisor = context.supervisor,
                          .max_concurrent = limits.max_concurrent,
                          .on_ready = [supervisor = context.supervisor](
                                        caf::event_based_actor* self) { report_ready(self, supervisor); },
                          .on_failed_start = [supervisor = context.supervisor](
                                               caf::event_based_actor* self,
                                               const status& why) { report_failed(self, supervisor, why); }});
  };
  spec.shutdown = shutdown_policy::within(module->stop_timeout());
  spec.mode = start_mode::when_ready(module->start_timeout());
  spec.on_attached = [this, reference, service = module->service().name, index](const caf::actor& actor) {
    reference->attach(caf::actor_cast<caf::strong_actor_ptr>(actor));
    if (cluster_duty) cluster_duty->on_up(service, index);
  };
  // What is back soon is not away: requests wait for it.
  spec.on_down = [this, reference, service = module->service().name, index](bool soon,
                                                                            const std::string& why) {
    reference->suspend(soon, why);
    if (!soon && cluster_duty) cluster_duty->on_away(service, index);
  };
  return spec;
}

supervisor_spec node::state::module_spec(service_module module) {
  auto shared = std::make_shared<const service_module>(std::move(module));
  auto limits = limits_of(*shared);
  supervisor_spec spec;
  spec.name = std::string{shared->service().name};
  spec.flags.intensity = options.restart_intensity;
  spec.flags.period = options.restart_period;
  spec.flags.backoff = options.restart_backoff;
  for (unsigned i = 0; i < shared->instances(); ++i)
    spec.children.push_back(instance_spec(shared, i, limits));
  contracts.push_back(&shared->service());
  return spec;
}

// Requests may still wait for an actor that never came; and each holds its reference, which holds it.
void node::state::release_requests() {
  for (const auto& [service, instances] : directory.instances())
    for (const auto& each : instances)
      each->suspend(false, "the node has stopped");
}

// Before the modules start, because what they do then may need services of other nodes. Calls that come
// before an instance is up wait for it.
status node::state::open_gate(environment world) {
  if (!options.link) {
    if (!options.peers.empty())
      return invalid_argument("peers are named, but the node has no link to talk to them");
    return {};
  }
  auto how = *options.link;
  how.node = options.name;
  if (how.incarnation == 0)
    how.incarnation = static_cast<std::uint64_t>(std::max<std::int64_t>(
      1, std::chrono::duration_cast<std::chrono::nanoseconds>(world.clock.wall_now().time_since_epoch())
           .count())); // a calendar before 1970 counts as its beginning
  options.link->incarnation = how.incarnation;
  if (driven) how.run_actors_inline = false;
  auto opened = gate::open(std::move(how), world, *system, directory, contracts, news, logs, measured);
  if (!opened) return opened.error();
  link = std::move(*opened);
  for (const auto& peer : options.peers)
    if (auto outcome = link->keep_connected(peer); !outcome.ok()) return outcome;
  return {};
}

std::string node::state::link_address() const {
  const auto local = link->local_address();
  if (!local) return {};
  const auto& given = options.link_advertise;
  if (given.empty()) return local->to_string();
  if (const auto address = ip_address::parse(given)) return endpoint{*address, local->port}.to_string();
  const auto bracket = given.rfind(']');
  const auto colon = given.rfind(':');
  const bool has_port = colon != std::string::npos && (bracket == std::string::npos || bracket < colon);
  return has_port ? given : given + ":" + std::to_string(local->port);
}

status node::state::join_cluster(environment world) {
  if (!options.discovery) return {};
  if (!link) return invalid_argument("a node that discovers others needs a link to talk to them");
  auto how = *options.discovery;
  how.cluster = options.link->cluster;
  how.node = options.name;
  how.process = options.link->incarnation;
  how.application_version = options.link->application_version;
  how.link = link_address();
  how.measure_load = [this] {
    std::vector<std::pair<std::string, std::uint32_t>> out;
    for (const auto& [service, instances] : directory.instances()) {
      auto& waiting = out.emplace_back(service, 0).second;
      for (const auto& each : instances)
        waiting += each->depth();
    }
    return out;
  };
  if (!how.link.empty() && link->local_address()->address.is_any() && options.link_advertise.empty())
    return invalid_argument("the link listens on all addresses of this machine ({}), and others must be told "
                            "one of them: set link.advertise",
                            link->local_address()->to_string());
  auto joined = node_cluster::start(std::move(how), world, *link, cluster, names, logs, measured,
                                    [this](const cluster_ending& what) { on_ending(what); });
  if (!joined) return joined.error();
  cluster_duty = std::move(*joined);
  for (const auto* each : contracts)
    cluster_duty->add_service(each->name, options.link->application_version,
                              static_cast<unsigned>(directory.instances()[std::string{each->name}].size()));
  return {};
}

void node::state::on_ending(const cluster_ending& what) {
  std::function<void(const cluster_ending&)> tell;
  {
    std::lock_guard lock{mutex};
    ending = what;
    tell = on_cluster_ending;
  }
  if (tell) tell(what);
}

// The others learn at once that the node has not died.
void node::state::ended(const supervisor_exit& why) {
  release_requests();
  if (cluster_duty)
    cluster_duty->member().leave([this, why] { finished(why); });
  else
    finished(why);
}

void node::state::finished(const supervisor_exit& why) {
  std::function<void(const supervisor_exit&)> tell;
  {
    std::lock_guard lock{mutex};
    end = why;
    tell = on_end;
  }
  if (tell) tell(why);
  changed.notify_all();
}

void node::state::wait_for_end() {
  std::unique_lock lock{mutex};
  changed.wait(lock, [this] { return end.has_value(); });
}

void node::state::remember(const caf::actor& visitor) {
  std::lock_guard lock{mutex};
  if (visitors.size() >= forget_visitors_at) {
    std::erase_if(visitors, [](const caf::weak_actor_ptr& each) { return each.lock() == nullptr; });
    forget_visitors_at = 2 * visitors.size() + 64;
  }
  visitors.push_back(caf::actor_cast<caf::weak_actor_ptr>(visitor));
}

// The actor system waits for them before it ends; one that waits for something that never comes would hold
// it.
void node::state::end_visitors() {
  std::vector<caf::weak_actor_ptr> left;
  {
    std::lock_guard lock{mutex};
    left.swap(visitors);
  }
  for (auto& each : left)
    if (auto visitor = each.lock())
      caf::anon_send_exit(caf::actor_cast<caf::actor>(visitor), caf::exit_reason::kill);
}

} // namespace troupe
