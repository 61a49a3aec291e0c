#include "actors/host/node.hpp"

#include "actors/host/node_cluster.hpp"
#include "actors/host/node_metrics.hpp"
#include "actors/service/ask.hpp"
#include "actors/service/service_actor.hpp"
#include "discovery/directory/cluster_directory.hpp"
#include "runtime/telemetry/log.hpp"
#include "troupe/options.pb.h"

#include <caf/all.hpp>
#include <google/protobuf/descriptor.h>

#include <algorithm>
#include <condition_variable>
#include <mutex>
#include <optional>
#include <set>
#include <span>
#include <thread>

namespace troupe {

namespace {

constexpr unsigned default_mailbox_limit = 1000;
constexpr unsigned default_max_concurrent = 1000;

status check(const std::vector<service_module>& modules) {
  std::set<std::string_view> seen;
  for (const auto& each : modules)
    if (!seen.insert(each.service().name).second)
      return invalid_argument("the service {} is installed twice; use instances(n) for several actors of it",
                              each.service().name);
  return {};
}

struct module_limits {
  unsigned mailbox_limit;
  unsigned max_concurrent;
};

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

namespace {

// Tells the directory of a peer, and then those who look for actors there.
class peer_news final : public peer_listener {
public:
  peer_news(cluster_directory& calls, actor_names& names) : calls_(calls), names_(names) {}

  void on_peer_up(const peer_end_ptr& peer, const greeting& theirs) override {
    calls_.on_peer_up(peer, theirs);
    names_.on_peers_changed();
  }
  void on_peer_draining(const peer_end_ptr& peer) override { calls_.on_peer_draining(peer); }
  void on_peer_down(const peer_end_ptr& peer, const status& why) override {
    calls_.on_peer_down(peer, why);
    names_.on_peers_changed();
  }

private:
  cluster_directory& calls_;
  actor_names& names_;
};

} // namespace

struct node::state {
  state(node_options given, environment world, logging* log, metrics* numbers,
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
    auto threads = options.scheduler_threads ? options.scheduler_threads
                                             : std::max(1u, std::thread::hardware_concurrency());
    config.set("scheduler.max-threads", static_cast<std::size_t>(threads));
    config.add_thread_hook<name_system>(make_node_id(options.name, world));
    if (options.message_types) options.message_types(config);
    if (configure) configure(config);
    system.emplace(config);
    if (driven) system->await_actors_before_shutdown(false);
  }

  status open_gate(environment world);
  status join_cluster(environment world);
  std::string link_address() const;
  void release_requests();

  supervisor_spec module_spec(service_module module);
  child_spec instance_spec(const std::shared_ptr<const service_module>& module, unsigned index,
                           module_limits limits);
  void ended(const supervisor_exit& why);
  void finished(const supervisor_exit& why);
  void on_ending(const cluster_ending& what);
  void wait_for_end();
  void remember(const caf::actor& visitor);
  void end_visitors();

  node_options options;
  const bool driven; // by a world that goes on only while nobody waits
  logging* logs;
  metrics* measured;
  random_source random;
  static_directory directory;
  actor_names names;
  cluster_directory cluster;
  peer_news news{cluster, names};
  node_services services;
  std::vector<const service_info*> contracts;
  std::unique_ptr<node_metrics> numbers;
  // Before the system, whose end waits for the last actors: they may be about to tell of theirs.
  std::mutex mutex;
  std::condition_variable changed;
  bool ready = false;
  std::optional<supervisor_exit> end;
  std::function<void(const supervisor_exit&)> on_end;
  std::optional<cluster_ending> ending;
  std::function<void(const cluster_ending&)> on_cluster_ending;
  std::vector<caf::weak_actor_ptr> visitors; // some have ended already
  std::size_t forget_visitors_at = 64;

  caf::actor_system_config config;
  std::optional<caf::actor_system> system;
  caf::actor root;
  std::unique_ptr<gate> link;
  std::unique_ptr<node_cluster> cluster_duty; // null before the node joins, and without discovery
};

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
    how.incarnation = static_cast<std::uint64_t>(
      std::chrono::duration_cast<std::chrono::nanoseconds>(world.clock.wall_now().time_since_epoch())
        .count());
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

result<std::unique_ptr<node>> node::start(node_options options, environment world, logging* logs,
                                          metrics* numbers, std::vector<service_module> modules) {
  auto begun = begin(std::move(options), world, logs, numbers, std::move(modules), nullptr);
  if (!begun) return begun.error();
  auto& inner = *(*begun)->state_;
  std::unique_lock lock{inner.mutex};
  inner.changed.wait(lock, [&inner] { return inner.ready || inner.end; });
  if (inner.end)
    return inner.end->cause.ok() ? internal("the node stopped while it started") : inner.end->cause;
  lock.unlock();
  return begun;
}

result<std::unique_ptr<node>> node::begin(node_options options, environment world, logging* logs,
                                          metrics* numbers, std::vector<service_module> modules,
                                          std::function<void(caf::actor_system_config&)> configure) {
  if (auto outcome = check(modules); !outcome.ok()) return outcome;
  auto made = std::make_unique<state>(std::move(options), world, logs, numbers, configure);
  auto& inner = *made;
  supervisor_spec root;
  root.name = inner.options.name;
  root.flags.intensity = inner.options.restart_intensity;
  root.flags.period = inner.options.restart_period;
  root.flags.backoff = inner.options.restart_backoff;
  for (auto& each : modules)
    root.children.push_back(supervisor_child(inner.module_spec(std::move(each))));
  if (numbers) inner.numbers = std::make_unique<node_metrics>(*numbers, inner.directory);

  supervisor_environment around;
  around.random = [stream = std::make_shared<random_source>(world.random.split("supervision")),
                   guard = std::make_shared<std::mutex>()] {
    std::lock_guard lock{*guard};
    return stream->next();
  };
  around.log = [log = logs ? logs->get("supervision") : logger{},
                counted = inner.numbers.get()](const supervision_event& event) {
    if (counted) counted->count(event);
    if (event.failure)
      log.warning(to_string(event));
    else
      log.debug(to_string(event));
  };
  around.on_ready = [&inner] {
    std::lock_guard lock{inner.mutex};
    inner.ready = true;
    inner.changed.notify_all();
  };
  around.on_exit = [&inner](const supervisor_exit& why) { inner.ended(why); };

  if (auto outcome = inner.open_gate(world); !outcome.ok()) return outcome;
  if (auto outcome = inner.join_cluster(world); !outcome.ok()) return outcome;
  auto spawned = spawn_supervisor(*inner.system, std::move(root), std::move(around));
  if (!spawned) return spawned.error();
  inner.root = std::move(*spawned);
  return std::unique_ptr<node>{new node{std::move(made)}};
}

node::node(std::unique_ptr<state> inner) : state_(std::move(inner)) {}

node::~node() {
  if (!state_->driven) {
    stop();
    return;
  }
  state_->release_requests();
  state_->cluster_duty.reset();
  if (state_->link) state_->link->close(duration::zero());
  state_->names.close();
}

void node::begin_stop() {
  drain(true);
  if (state_->link) state_->link->drain();
  stop_supervisor(state_->root);
}

void node::stop() {
  begin_stop();
  state_->wait_for_end();
  state_->cluster_duty.reset();
  if (state_->link) state_->link->close();
  state_->names.close();
  state_->end_visitors();
}

node_phase node::phase() const {
  std::lock_guard lock{state_->mutex};
  return state_->end ? node_phase::ended : state_->ready ? node_phase::ready : node_phase::starting;
}

void node::on_cluster_ending(std::function<void(const cluster_ending&)> callback) {
  std::unique_lock lock{state_->mutex};
  if (!state_->ending) {
    state_->on_cluster_ending = std::move(callback);
    return;
  }
  auto what = *state_->ending;
  lock.unlock();
  callback(what);
}

void node::drain(bool draining) {
  if (state_->cluster_duty) state_->cluster_duty->drain(draining);
}

bool node::draining() const { return state_->cluster_duty && state_->cluster_duty->draining(); }

cluster_member* node::cluster() noexcept {
  return state_->cluster_duty ? &state_->cluster_duty->member() : nullptr;
}

gate* node::link() noexcept { return state_->link.get(); }

void node::on_end(std::function<void(const supervisor_exit&)> callback) {
  std::unique_lock lock{state_->mutex};
  if (!state_->end) {
    state_->on_end = std::move(callback);
    return;
  }
  auto why = *state_->end;
  lock.unlock();
  callback(why);
}

caf::actor_system& node::system() noexcept { return *state_->system; }
directory& node::directory() noexcept { return state_->cluster; }
const node_services& node::services() const noexcept { return state_->services; }
const std::string& node::name() const noexcept { return state_->options.name; }
const std::vector<const service_info*>& node::contracts() const noexcept { return state_->contracts; }

task<supervision_node> node::look_at_tree(visitor& self) {
  tree_request request;
  co_return co_await ask<supervision_node>(self.self(), state_->root, std::chrono::seconds{3}, request);
}

namespace {

// The actor of an id below a supervisor; null when there is none.
task<caf::actor> find_actor(visitor& self, caf::actor supervisor, caf::actor_id id) {
  which_children_request request;
  auto reply = co_await ask<children_reply>(self.self(), supervisor, std::chrono::seconds{3}, request);
  for (auto& child : reply.children) {
    if (!child.actor) continue;
    if (child.actor.id() == id) co_return child.actor;
    if (child.info.policy.kind != child_kind::supervisor) continue;
    auto found = co_await find_actor(self, child.actor, id);
    if (found) co_return found;
  }
  co_return caf::actor{};
}

} // namespace

task<bool> node::kill_actor(visitor& self, caf::actor_id id) {
  auto found = co_await find_actor(self, state_->root, id);
  if (found) caf::anon_send_exit(found, caf::exit_reason::kill);
  co_return static_cast<bool>(found);
}

} // namespace troupe
