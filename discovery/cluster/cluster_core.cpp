#include "discovery/cluster/cluster_core.hpp"

#include <algorithm>
#include <utility>

namespace troupe {

namespace {

// How long what waits on streams may take to go out when this node leaves.
constexpr duration last_words = std::chrono::seconds{1};

registry_gossip_settings gossip_settings(const cluster_member_options& options) {
  registry_gossip_settings out;
  out.retransmit = options.membership.retransmit;
  out.gossip_interval = options.membership.gossip_interval;
  out.gossip_fan_out = options.membership.gossip_fan_out;
  out.packet_bytes = options.membership.packet_bytes;
  out.sync_interval = options.registry_sync_interval;
  out.limits = options.limits;
  return out;
}

cluster_member_options completed(cluster_member_options from, const environment& world) {
  // A calendar before 1970 counts as the beginning: whoever was there before is outlived.
  if (from.process == 0)
    from.process = static_cast<std::uint64_t>(std::max<duration::rep>(
      1, std::chrono::duration_cast<duration>(world.clock.wall_now().time_since_epoch()).count()));
  from.transport.cluster = from.cluster;
  from.transport.node = from.node;
  from.membership.stream_bytes = std::min(from.membership.stream_bytes, from.transport.max_message_bytes);
  return from;
}

} // namespace

cluster_member::core::core(cluster_member_options options, const environment& world,
                           cluster_listener& listener, logging* logs, metrics* numbers)
  : options_(completed(std::move(options), world)), world_(world), listener_(listener), logs_(logs),
    numbers_(numbers), log_(logs != nullptr ? logs->get("cluster") : logger{}),
    loop_(world.network.open_loop("discovery")), wishes_(options_.limits),
    membership_(options_.membership, world.random),
    registry_(options_.node, options_.process, options_.limits),
    gossip_(gossip_settings(options_), registry_, world.random) {
  self_.name = options_.node;
  self_.process = options_.process;
  self_.link = options_.link;
  self_.application_version = options_.application_version;
  self_.metadata = options_.metadata;
  wishes_.metadata = options_.metadata;
  wishes_.seeds = options_.seeds.entries;
}

cluster_member::core::~core() {
  loop_->run([this] { close(); });
  // What is posted still finds this whole, and does nothing.
  loop_.reset();
}

void cluster_member::core::close() {
  closed_ = true;
  meter_.reset();
  timer_.reset();
  seeds_.reset();
  last_known_.reset();
  transport_.reset();
}

status cluster_member::core::open() {
  const auto& listen = options_.transport.listen;
  if (!options_.advertise && listen.address.is_any())
    return invalid_argument("the gossip listens at {}, which says nobody where this node is: set the address "
                            "that others reach it at (discovery.advertise)",
                            listen.to_string());
  if (options_.advertise && options_.advertise->address.is_any())
    return invalid_argument("others cannot reach this node at {}: set one of its own addresses "
                            "(discovery.advertise)",
                            options_.advertise->to_string());
  if (auto wrong = gossip_settings(options_).check(); !wrong.ok()) return wrong;
  if (options_.split_brain) {
    if (auto wrong = check(*options_.split_brain); !wrong.ok()) return wrong;
    resolver_.emplace(*options_.split_brain);
  }
  status outcome;
  loop_->run([&] { outcome = open_on_loop(); });
  return outcome;
}

status cluster_member::core::open_on_loop() {
  auto opened = gossip_transport::open(
    options_.transport, world_, *loop_,
    [this](gossip_topic topic, gossip_channel channel, const endpoint& from,
           std::span<const std::byte> payload) { on_gossip(topic, channel, from, payload); },
    [this](gossip_topic topic, gossip_channel channel, const endpoint& to, const status&) {
      if (topic != gossip_topic::membership || closed_) return;
      membership_.on_send_failed(world_.clock.now(), to, channel);
      settle();
    },
    logs_, numbers_);
  if (!opened) return opened.error();
  transport_ = std::move(*opened);
  local_ = transport_->local();
  self_.gossip = options_.advertise.value_or(local_);
  if (self_.gossip.port == 0) self_.gossip.port = local_.port;
  transport_->advertise(self_.gossip);

  if (auto wrong = membership_.start(world_.clock.now(), self_, {}); !wrong.ok()) return wrong;
  if (options_.measure_load) next_measure_ = world_.clock.now() + load_interval;
  if (!options_.state_file.empty()) {
    auto known = last_known_members::open(
      {.path = options_.state_file, .limit = options_.state_limit, .own = {self_.gossip, local_}}, world_,
      *loop_, logs_);
    if (!known) return known.error();
    last_known_ = std::move(*known);
    before_ = last_known_->read();
  }
  if (auto wrong = start_seeds(options_.seeds.entries); !wrong.ok()) return wrong;
  if (numbers_ != nullptr) meter_.emplace(*numbers_);
  log_.info("this node looks for its cluster", {{"cluster", options_.cluster},
                                                {"gossip", self_.gossip.to_string()},
                                                {"process", self_.process},
                                                {"seeds", options_.seeds.entries.size()},
                                                {"known_from_before", before_.size()}});
  publish_view();
  settle();
  return {};
}

status cluster_member::core::start_seeds(std::vector<seed_entry> entries) {
  seeds_.reset();
  seed_source_options how{options_.seeds, {self_.gossip, local_}, before_};
  how.settings.entries = std::move(entries);
  auto started = seed_source::start(
    std::move(how), world_, *loop_,
    [this](const seed_list& now) {
      seeds_known_ = now.endpoints.size();
      membership_.update_seeds(world_.clock.now(), now.endpoints);
      view_changed();
      settle();
    },
    logs_, numbers_);
  if (!started) return started.error();
  seeds_ = std::move(*started);
  return {};
}

// -- the loop's turns

void cluster_member::core::on_gossip(gossip_topic topic, gossip_channel channel, const endpoint& from,
                                     std::span<const std::byte> payload) {
  if (closed_) return;
  const auto now = world_.clock.now();
  status outcome;
  if (topic == gossip_topic::membership)
    outcome = membership_.on_message(now, from, channel, payload);
  else if (topic == gossip_topic::registry && talks())
    outcome = gossip_.on_message(now, from, channel, payload);
  if (!outcome.ok())
    log_.debug("gossip was refused", {{"from", from.to_string()}, {"why", outcome.message()}});
  settle();
}

void cluster_member::core::on_timer() {
  timer_due_ = monotonic_time::max();
  const auto now = world_.clock.now();
  if (now >= membership_.next_tick()) membership_.tick(now);
  // What has happened to members comes before what the registry tells them.
  take_membership();
  if (talks() && now >= gossip_.next_tick()) gossip_.tick(now);
  judge_split();
  if (now >= next_measure_) {
    next_measure_ = now + load_interval;
    for (const auto& [service, calls] : options_.measure_load())
      set_load(service, calls);
  }
  if (now >= load_due_) return grant_wishes();
  settle();
}

void cluster_member::core::take_membership() {
  auto effects = membership_.take_effects();
  send(gossip_topic::membership, effects.sends);
  for (auto& each : effects.events)
    on_event(std::move(each));
}

void cluster_member::core::settle() {
  take_membership();
  send(gossip_topic::registry, gossip_.take_sends());
  auto more = registry_.take_changes();
  if (!more.empty()) {
    std::move(more.begin(), more.end(), std::back_inserter(changes_));
    view_changed();
  }
  if (membership_.local_health_score() != told_health_) view_changed();
  if (meter_)
    meter_->update([this](cluster_figures& now) {
      now.membership = membership_.counters();
      now.gossip = gossip_.counters();
      now.registry = registry_.figures();
      now.local_health = membership_.local_health_score();
      now.rumors = gossip_.rumors();
    });
  if (phase_ == cluster_phase::leaving && membership_.phase() == membership_phase::stopped) finish_leaving();
  arm();
}

void cluster_member::core::send(gossip_topic topic, const std::vector<gossip_send>& sends) {
  for (const auto& each : sends)
    transport_->send(topic, each.channel, each.to, each.bytes);
}

bool cluster_member::core::talks() const noexcept {
  return phase_ == cluster_phase::joining || phase_ == cluster_phase::member;
}

void cluster_member::core::arm() {
  auto due = std::min({membership_.next_tick(), load_due_, next_measure_});
  if (talks()) due = std::min(due, gossip_.next_tick());
  // As judge_split(): what is not going to be judged is not waited for.
  if (resolver_ && talks()) due = std::min(due, resolver_->due().value_or(monotonic_time::max()));
  // A timer that fires too early costs less than one for each packet.
  if (due >= timer_due_) return;
  timer_due_ = due;
  const auto now = world_.clock.now();
  timer_ = loop_->after(due > now ? duration{due - now} : duration::zero(), [this] { on_timer(); });
}

// -- the end

void cluster_member::core::leave(std::function<void()> then) {
  loop_->post([this, then = std::move(then)]() mutable {
    if (!closed_) begin_leaving(std::move(then));
  });
}

void cluster_member::core::begin_leaving(std::function<void()> then) {
  if (!talks()) {
    then();
    return;
  }
  when_left_ = std::move(then);
  enter_phase(cluster_phase::leaving);
  membership_.leave(world_.clock.now());
  settle();
}

void cluster_member::core::finish_leaving() {
  if (std::exchange(finishing_, true)) return;
  if (last_known_) {
    if (auto failed = last_known_->flush(); !failed.ok())
      log_.warning("the members were not written down", {{"why", failed.message()}});
  }
  transport_->finish(last_words, [this] {
    enter_phase(cluster_phase::left);
    publish_view();
    if (const auto then = std::exchange(when_left_, nullptr)) then();
  });
}

} // namespace troupe
