#include "runtime/link/remote_actors.hpp"

#include "runtime/link/message_screen.hpp"
#include "runtime/link/peer_connection.hpp"

#include <caf/actor_proxy.hpp>
#include <caf/all.hpp>
#include <caf/binary_deserializer.hpp>
#include <caf/binary_serializer.hpp>
#include <caf/detail/sync_request_bouncer.hpp>

namespace troupe {

namespace {

constexpr std::size_t most_handles_in_bytes = 4096;
// Lines about messages that cannot be read, from each peer and in all.
constexpr duration quota_period = std::chrono::seconds{10};
constexpr std::uint64_t messages_between_tidying = 1000;

// CAF throws when the alternative of a variant is out of range, which is a peer's doing and no bug of ours.
template <class T>
caf::error read(caf::binary_deserializer& source, T& into) {
  try {
    return source(into);
  } catch (const std::exception& problem) {
    return caf::make_error(caf::sec::unknown_type, problem.what());
  }
}

void bounce_request(const caf::strong_actor_ptr& sender, caf::message_id id) {
  caf::detail::sync_request_bouncer tell{caf::make_error(caf::sec::request_receiver_down)};
  tell(sender, id);
}

} // namespace

// The connections by node, which proxies of any thread look up. Outlives the gate as long as proxies do.
struct remote_actors::shared {
  std::mutex mutex;
  std::map<caf::node_id, std::weak_ptr<peer_connection>> connections;
  // Nodes that were not connected when one of their actors was named.
  std::set<caf::node_id> strangers;

  std::shared_ptr<peer_connection> find(const caf::node_id& node) {
    std::lock_guard lock{mutex};
    auto found = connections.find(node);
    return found == connections.end() ? nullptr : found->second.lock();
  }
};

// Tells a peer of the end of one of our actors.
class remote_actors::watcher final : public caf::attachable {
public:
  // Of one connection, for detach().
  struct token {
    static constexpr std::size_t token_type = 0x74726F757065; // none of CAF's
    const peer_connection* connection;
  };

  watcher(peer_connection& of, caf::actor_id actor)
    : token_{&of}, connection_(of.weak_from_this()), actor_(actor) {}

  void actor_exited(const caf::error& reason, caf::execution_unit*) override {
    if (auto open = connection_.lock()) open->send(watch_order{watch_order::what::ended, actor_, reason});
  }
  bool matches(const caf::attachable::token& what) override {
    return what.subtype == token::token_type
           && static_cast<const token*>(what.ptr)->connection == token_.connection;
  }

private:
  token token_;
  std::weak_ptr<peer_connection> connection_;
  caf::actor_id actor_;
};

class remote_actors::proxy final : public caf::actor_proxy {
public:
  proxy(caf::actor_config& config, std::shared_ptr<shared> connections)
    : caf::actor_proxy(config), connections_(std::move(connections)) {}

  void enqueue(caf::mailbox_element_ptr what, caf::execution_unit*) override {
    auto connection = connections_->find(node());
    auto sender = std::move(what->sender);
    const auto message_id = what->mid;
    outbox::actor_entry entry = actor_message{sender, id(), message_id, what->move_content_to_message()};
    if (!connection || !connection->send(std::move(entry))) bounce_request(sender, message_id);
  }

  // Those who link to it get its end, as those who monitor it do; their own end reaches it as an exit
  // message.
  void kill_proxy(caf::execution_unit* context, caf::error reason) override {
    cleanup(std::move(reason), context);
  }

private:
  std::shared_ptr<shared> connections_;
};

remote_actors::remote_actors(caf::actor_system& system, logger log)
  : system_(system), log_(std::move(log)), shared_(std::make_shared<shared>()), proxies_(system, *this),
    unit_(&system), lines_(1, 100, quota_period) {
  unit_.proxy_registry_ptr(&proxies_);
}

remote_actors::~remote_actors() = default;

std::string remote_actors::own_node() const {
  std::vector<char> bytes;
  caf::binary_serializer sink{const_cast<caf::scoped_execution_unit*>(&unit_), bytes};
  auto id = system_.node();
  if (sink(id)) return {};
  return {bytes.begin(), bytes.end()};
}

std::optional<caf::node_id> remote_actors::read_node(std::string_view bytes) {
  caf::node_id out;
  caf::binary_deserializer source{&unit_, bytes.data(), bytes.size()};
  if (bytes.empty() || read(source, out)) return {};
  return out;
}

void remote_actors::connected(peer_connection& which, const std::string& actor_node) {
  auto node = read_node(actor_node);
  if (!node) return;
  peers_[&which].node = *node;
  // Handles of the node that arrived before it did are of no use.
  if (!shared_->find(*node)) proxies_.erase(*node);
  {
    std::lock_guard lock{shared_->mutex};
    shared_->connections[*node] = which.weak_from_this();
  }
  // Handles that another connection brought are watched on this one too.
  for (auto& each : proxies_.get_all(*node))
    which.send(watch_order{watch_order::what::watch, each->id(), {}});
}

void remote_actors::disconnected(peer_connection& which, const std::string&) {
  auto found = peers_.find(&which);
  if (found == peers_.end()) return;
  const auto gone = std::move(found->second);
  peers_.erase(found);
  const watcher::token own{&which};
  for (const auto actor : gone.watched)
    if (auto watched = system_.registry().get(actor)) watched->get()->detach(own);
  {
    std::lock_guard lock{shared_->mutex};
    auto current = shared_->connections.find(gone.node);
    if (current == shared_->connections.end() || current->second.lock().get() != &which) return;
    shared_->connections.erase(current);
  }
  proxies_.erase(gone.node);
}

status remote_actors::tidy(const peer_connection& which) {
  std::set<caf::node_id> unconnected;
  {
    std::lock_guard lock{shared_->mutex};
    for (const auto& node : shared_->strangers)
      if (shared_->connections.count(node) == 0) unconnected.insert(node);
    shared_->strangers.clear();
  }
  for (const auto& node : unconnected)
    proxies_.erase(node);
  auto* known = find(which);
  if (known == nullptr || proxies_.count_proxies(known->node) <= most_actors_of_a_peer) return {};
  return resource_exhausted("more than {} actors of one node", most_actors_of_a_peer);
}

caf::strong_actor_ptr remote_actors::make_proxy(caf::node_id node, caf::actor_id actor) {
  caf::actor_config config;
  auto made = caf::make_actor<proxy, caf::strong_actor_ptr>(actor, node, &system_, config, shared_);
  auto connection = shared_->find(node);
  if (!connection || !connection->send(watch_order{watch_order::what::watch, actor, {}}))
    static_cast<proxy*>(caf::actor_cast<caf::abstract_actor*>(made))
      ->kill_proxy(nullptr, caf::make_error(caf::exit_reason::remote_link_unreachable));
  if (!connection) {
    std::lock_guard lock{shared_->mutex};
    shared_->strangers.insert(node);
  }
  return made;
}

void remote_actors::send(link_session& session, actor_message& what) {
  scratch_.clear();
  caf::binary_serializer sink{&unit_, scratch_};
  if (auto problem = sink(what.content)) {
    log_.warning("a message cannot be sent to another node; is its type announced to CAF (add_message_type)?",
                 {{"message", caf::deep_to_string(what.content)}, {"problem", system_.render(problem)}});
    return bounce_request(what.sender, what.id);
  }
  message_fields fields;
  fields.receiver = what.receiver;
  fields.message_id = what.id.integer_value();
  std::vector<char> foreign;
  if (what.sender) {
    fields.sender = what.sender->id();
    if (what.sender->node() == system_.node()) {
      system_.registry().put(what.sender->id(), what.sender);
    } else {
      caf::binary_serializer writer{&unit_, foreign};
      auto node = what.sender->node();
      if (writer(node)) return;
      fields.sender_node = std::as_bytes(std::span{foreign});
    }
  }
  auto why = link_session::refusal::none;
  // One lane for each pair of actors.
  const auto lane = ((fields.sender * 0x9E3779B97F4A7C15ull ^ what.receiver) << 3) | 5;
  auto* room = session.add_message(lane, fields, scratch_.size(), why);
  if (room == nullptr) {
    log_.warning("a message to an actor on another node was dropped",
                 {{"bytes", scratch_.size()},
                  {"why", why == link_session::refusal::too_large ? "too large" : "the link is full"}});
    return bounce_request(what.sender, what.id);
  }
  std::memcpy(room, scratch_.data(), scratch_.size());
}

void remote_actors::send_ended(peer_connection& to, link_session& session, caf::actor_id actor,
                               const caf::error& reason) {
  if (auto* known = find(to)) known->watched.erase(actor);
  scratch_.clear();
  caf::binary_serializer sink{&unit_, scratch_};
  auto copy = reason;
  if (sink(copy)) scratch_.clear();
  session.add_ended(actor, std::as_bytes(std::span{scratch_}));
}

remote_actors::peer* remote_actors::find(const peer_connection& which) {
  auto found = peers_.find(&which);
  return found == peers_.end() ? nullptr : &found->second;
}

status remote_actors::receive(peer_connection& from, const message_fields& what, monotonic_time now) {
  const auto* known = find(from);
  if (known == nullptr) return {};
  caf::strong_actor_ptr sender;
  if (what.sender != 0) {
    auto at = known->node;
    if (!what.sender_node.empty()) {
      auto third =
        read_node({reinterpret_cast<const char*>(what.sender_node.data()), what.sender_node.size()});
      if (!third) return {};
      at = *third;
    }
    sender =
      at == system_.node() ? system_.registry().get(what.sender) : proxies_.get_or_put(at, what.sender);
  }
  const auto id = caf::make_message_id(what.message_id);
  const auto refuse = [&](const std::string& problem) {
    if (lines_.take(from.theirs().node, now))
      log_.warning("a message from another node cannot be read", {{"peer", from.theirs().node},
                                                                  {"address", from.address().to_string()},
                                                                  {"problem", problem},
                                                                  {"alike_not_logged", lines_.withheld()}});
    bounce_request(sender, id);
  };
  caf::message content;
  if (auto wrong = screen_message(what.payload); !wrong.ok()) {
    refuse(wrong.message());
  } else {
    caf::binary_deserializer source{&unit_, reinterpret_cast<const char*>(what.payload.data()),
                                    what.payload.size()};
    auto receiver = system_.registry().get(what.receiver);
    if (auto problem = read(source, content))
      refuse(system_.render(problem));
    else if (!receiver)
      bounce_request(sender, id);
    else
      receiver->enqueue(std::move(sender), id, std::move(content), inline_execution::current());
  }
  if (++received_ % messages_between_tidying != 0) return {};
  return tidy(from);
}

void remote_actors::watch(peer_connection& from, caf::actor_id actor) {
  auto* known = find(from);
  if (known == nullptr) return;
  auto watched = system_.registry().get(actor);
  if (!watched)
    from.send(watch_order{watch_order::what::ended, actor, caf::make_error(caf::exit_reason::unknown)});
  else if (known->watched.insert(actor).second)
    watched->get()->attach(caf::attachable_ptr{new watcher(from, actor)});
}

// The news of an end that nobody wants any more does no harm.
void remote_actors::unwatch(peer_connection&, caf::actor_id) {}

void remote_actors::ended(peer_connection& from, caf::actor_id actor, byte_view reason) {
  const auto* known = find(from);
  if (known == nullptr) return;
  caf::error why;
  caf::binary_deserializer source{&unit_, reinterpret_cast<const char*>(reason.data()), reason.size()};
  if (reason.empty() || !screen_message(reason).ok() || read(source, why))
    why = caf::make_error(caf::exit_reason::unknown);
  proxies_.erase(known->node, actor, why);
}

std::string remote_actors::export_handle(const caf::actor& handle) {
  if (!handle) return {};
  caf::scoped_execution_unit unit{&system_};
  unit.proxy_registry_ptr(&proxies_);
  std::vector<char> bytes;
  caf::binary_serializer sink{&unit, bytes};
  auto copy = caf::actor_cast<caf::strong_actor_ptr>(handle);
  if (sink(copy)) return {};
  return {bytes.begin(), bytes.end()};
}

result<caf::actor> remote_actors::import_handle(std::string_view bytes) {
  if (bytes.empty()) return caf::actor{};
  caf::scoped_execution_unit unit{&system_};
  unit.proxy_registry_ptr(&proxies_);
  caf::binary_deserializer source{&unit, bytes.data(), bytes.size()};
  caf::strong_actor_ptr out;
  if (bytes.size() > most_handles_in_bytes || read(source, out))
    return invalid_argument("these {} bytes are not an actor's handle", bytes.size());
  if (!out) return not_found("the actor that the handle names has ended");
  return caf::actor_cast<caf::actor>(out);
}

std::size_t remote_actors::proxy_count() const {
  std::size_t out = 0;
  std::lock_guard lock{shared_->mutex};
  for (const auto& [node, connection] : shared_->connections)
    out += proxies_.count_proxies(node);
  return out;
}

} // namespace troupe
