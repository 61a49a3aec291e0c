#include "actors/host/node.hpp"

#include "actors/host/node_state.hpp"
#include "actors/service/ask.hpp"
#include "runtime/telemetry/log.hpp"

#include <caf/all.hpp>

#include <set>

namespace troupe {

namespace {

status check(const std::vector<service_module>& modules) {
  std::set<std::string_view> seen;
  for (const auto& each : modules)
    if (!seen.insert(each.service().name).second)
      return invalid_argument("the service {} is installed twice; use instances(n) for several actors of it",
                              each.service().name);
  return {};
}

} // namespace

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
