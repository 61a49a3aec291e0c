#include "runtime/link/gate_core.hpp"

#include <algorithm>
#include <charconv>

namespace troupe {

namespace {

// Lines of the log in each such period: about the same refusal of the same address, and of all; about what
// became of one address's connections, and of all.
constexpr duration quota_period = std::chrono::seconds{10};
constexpr std::uint32_t same_refusals = 1;
constexpr std::uint32_t all_refusals = 100;
constexpr std::uint32_t same_connections = 10;
constexpr std::uint32_t all_connections = 1000;
constexpr duration parting_patience = std::chrono::seconds{1};
// Room for connections that push out a stranger: the gate, and not the listener, chooses who goes.
constexpr std::uint32_t spare_connections = 16;
// A node that is asked whether it lives gets this long for the answer at least.
constexpr duration shortest_probe = std::chrono::seconds{1};

std::string_view reason_word(const status& why) noexcept {
  switch (why.code()) {
  case status_code::unauthenticated:
    return "certificate";
  case status_code::failed_precondition:
    return "cluster_or_version";
  case status_code::already_exists:
    return "name";
  case status_code::resource_exhausted:
    return "limit";
  case status_code::deadline_exceeded:
    return "silent";
  case status_code::invalid_argument:
    return "protocol";
  default:
    return "other";
  }
}

} // namespace

gate::core::core(gate_options options, environment world, caf::actor_system& system, troupe::directory& local,
                 std::vector<const service_info*> services, peer_listener& listener, logging* logs,
                 metrics* numbers)
  : options_(std::move(options)), world_(world), system_(system), directory_(local),
    services_(std::move(services)), listener_(listener), log_(logs ? logs->get("link") : logger{}),
    metrics_(numbers), random_(world.random.split("link")),
    refusal_lines_(same_refusals, all_refusals, quota_period),
    peer_lines_(same_connections, all_connections, quota_period) {}

// What was posted to the loop refers to the other members.
gate::core::~core() { loop_.reset(); }

status gate::core::check_address(const endpoint& peer) const {
  if (options_.security || options_.trusted_network || peer.address.is_loopback()) return {};
  return failed_precondition(
    "without TLS the link between nodes stays on this machine, and {} is not a loopback address: whoever "
    "reaches a node's gate may call all of its services. Set link.certificate_file, link.key_file and "
    "link.authority_file, or use 127.0.0.1",
    peer.to_string());
}

status gate::core::open() {
  if (options_.node.empty()) return invalid_argument("a node needs a name to talk to others");
  if (options_.listen)
    if (auto outcome = check_address(*options_.listen); !outcome.ok()) return outcome;
  if (options_.security) {
    auto read = world_.network.load_credentials(*options_.security);
    if (!read) return read.error();
    credentials_ = std::move(*read);
  }
  loop_ = world_.network.open_loop("link");
  status outcome;
  loop_->run([&] {
    if (options_.run_actors_inline) inline_unit_ = std::make_unique<inline_execution>(system_);
    actors_ = std::make_unique<remote_actors>(system_, log_);
    around_.reset(new connection_surroundings{*loop_, world_.clock, directory_, services_, inline_unit_.get(),
                                              metrics_, *actors_, *this});
    if (!options_.listen) return;
    listen_options how;
    how.credentials = credentials_;
    how.max_connections = options_.max_connections + spare_connections;
    how.handshake_timeout = options_.limits.greeting_timeout;
    auto made = loop_->listen(
      *options_.listen, std::move(how),
      [this](std::unique_ptr<byte_stream> stream) { accepted(std::move(stream)); },
      [this](const endpoint& peer, const status& why) { complain(peer, {}, why); });
    if (!made) {
      outcome = made.error();
      return;
    }
    listening_ = std::move(*made);
    local_ = listening_->local();
  });
  if (!outcome.ok()) {
    close(duration::zero());
    return outcome;
  }
  log_.info("the gate is open", {{"address", local_ ? local_->to_string() : "none: this node only dials"},
                                 {"tls", credentials_ != nullptr}});
  return {};
}

void gate::core::close(duration patience) {
  if (!loop_ || closing_) return;
  closing_ = true;
  loop_->run([&] {
    alive_.reset();
    listening_.reset();
    targets_.clear();
    const auto open = connections_;
    for (const auto& each : open)
      each->finish(unavailable("the node {} has stopped", options_.node), patience);
    if (connections_.empty()) tell_empty();
  });
  if (patience > duration::zero()) {
    std::unique_lock lock{emptied_mutex_};
    emptied_.wait_for(lock, patience + parting_patience, [this] { return empty_; });
  }
  loop_->run([&] {
    const auto left = connections_;
    for (const auto& each : left)
      each->end(unavailable("the node {} has stopped", options_.node));
    connections_.clear();
    established_.clear();
    inline_unit_.reset();
  });
}

void gate::core::tell_empty() {
  std::lock_guard lock{emptied_mutex_};
  empty_ = true;
  emptied_.notify_all();
}

// -- dialing

void gate::core::keep_connected(std::string address) {
  if (closing_ || targets_.count(address) != 0) return;
  auto& made = targets_[address];
  made.address = address;
  const auto colon = address.rfind(':');
  made.host = address.substr(0, colon);
  if (made.host.size() > 2 && made.host.front() == '[') made.host = made.host.substr(1, made.host.size() - 2);
  std::from_chars(address.data() + colon + 1, address.data() + address.size(), made.port);
  dial(made);
}

void gate::core::forget(const std::string& address) {
  auto found = targets_.find(address);
  if (found == targets_.end()) return;
  auto node = found->second.node;
  auto dialed = found->second.dialed;
  targets_.erase(found);
  const auto why = unavailable("the node {} is no longer a peer", node.empty() ? address : node);
  if (dialed) dialed->finish(why, parting_patience);
  auto standing = established_.find(node);
  if (standing != established_.end()) standing->second->finish(why, parting_patience);
}

void gate::core::dial(target& which) {
  which.pending.reset();
  auto answer = [this, weak = std::weak_ptr<int>{alive_}, address = which.address,
                 loop = loop_.get()](result<std::vector<ip_address>> found) {
    if (weak.expired()) return;
    loop->post([this, address, found = std::move(found)]() mutable { resolved(address, std::move(found)); });
  };
  if (auto literal = ip_address::parse(which.host)) return connect(which, {*literal, which.port});
  if (auto asked = world_.network.resolve(which.host, std::move(answer)); !asked.ok())
    dial_failed(which, asked);
}

void gate::core::resolved(const std::string& address, result<std::vector<ip_address>> found) {
  auto which = targets_.find(address);
  if (closing_ || which == targets_.end()) return;
  if (!found || found->empty())
    return dial_failed(which->second,
                       found ? not_found("'{}' has no address", which->second.host) : found.error());
  // A host with several addresses: another one with each attempt.
  connect(which->second, {(*found)[which->second.failures % found->size()], which->second.port});
}

void gate::core::connect(target& which, const endpoint& peer) {
  if (auto outcome = check_address(peer); !outcome.ok()) return dial_failed(which, outcome);
  which.pending =
    loop_->connect(peer, credentials_, options_.connect_timeout,
                   [this, address = which.address](result<std::unique_ptr<byte_stream>> stream) {
                     auto found = targets_.find(address);
                     if (closing_ || found == targets_.end()) return;
                     auto& dialed = found->second;
                     auto done = std::move(dialed.pending);
                     if (!stream) return dial_failed(dialed, stream.error());
                     dialed.dialed = make_connection(std::move(*stream), false);
                     dialed.dialed->begin();
                   });
}

void gate::core::dial_failed(target& which, const status& why) {
  metrics_.dial_failed();
  which.last_failure = why.to_string();
  if (which.failures == 0)
    log_.warning("a peer cannot be reached; trying on",
                 {{"address", which.address}, {"peer", which.node}, {"why", why.to_string()}});
  else
    log_.debug("a peer cannot be reached", {{"address", which.address}, {"why", why.to_string()}});
  dial_later(which);
}

duration gate::core::longest_pause(const target& which) const {
  auto pause = options_.first_redial;
  for (unsigned i = 0; i < which.failures && pause < options_.longest_redial; ++i)
    pause *= 2;
  return std::min(pause, options_.longest_redial);
}

// Exponential backoff; the pause is drawn from the upper half, so that nodes that lost the same peer do not
// come back in step.
void gate::core::dial_later(target& which) {
  auto pause = longest_pause(which);
  // A connection that held for no longer than the pause was none: whoever takes us in and throws us out again
  // is dialed more and more seldom too.
  const auto since = std::exchange(which.connected_since, std::nullopt);
  if (since && world_.clock.now() - *since > pause) {
    which.failures = 0;
    pause = longest_pause(which);
  }
  ++which.failures;
  const auto half = pause.count() / 2;
  which.pending = loop_->after(duration{half + random_.between(0, half)}, [this, address = which.address] {
    auto found = targets_.find(address);
    if (closing_ || found == targets_.end()) return;
    auto& due = found->second;
    if (established_.count(due.node) != 0) {
      due.pending.reset();
      return; // the peer dialed us meanwhile
    }
    dial(due);
  });
}

// -- connections

greeting gate::core::own_greeting() const {
  greeting out;
  out.lowest_version = options_.limits.lowest_version;
  out.highest_version = options_.limits.highest_version;
  out.cluster = options_.cluster;
  out.node = options_.node;
  out.incarnation = options_.incarnation;
  out.actor_node = actors_->own_node();
  out.application_version = options_.application_version;
  for (const auto* service : services_) {
    auto& announced = out.services.emplace_back();
    announced.name = service->name;
    for (const auto& method : service->methods)
      announced.methods.emplace_back(method.name);
  }
  out.max_message_bytes = options_.limits.max_message_bytes;
  out.request_window_bytes = options_.limits.request_window_bytes;
  out.item_window_bytes = options_.limits.item_window_bytes;
  out.stream_window_bytes = options_.limits.stream_window_bytes;
  return out;
}

std::shared_ptr<peer_connection> gate::core::make_connection(std::unique_ptr<byte_stream> stream,
                                                             bool accepted) {
  auto made = std::make_shared<peer_connection>(*around_, ++connections_made_, std::move(stream), accepted,
                                                own_greeting(), options_.limits);
  connections_.insert(made);
  metrics_.connection_opened();
  return made;
}

void gate::core::accepted(std::unique_ptr<byte_stream> stream) {
  if (closing_) return;
  if (!make_room())
    return complain(
      stream->peer(), {},
      resource_exhausted("{} connections are open already, all of peers", options_.max_connections));
  const auto made = make_connection(std::move(stream), true);
  ++accepted_;
  strangers_.insert(made);
  made->begin();
}

bool gate::core::make_room() {
  if (accepted_ < options_.max_connections) return true;
  if (strangers_.empty()) return false;
  const auto oldest = *strangers_.begin();
  oldest->end(resource_exhausted("{} connections are open already, and this one goes first, which has not "
                                 "introduced itself",
                                 options_.max_connections));
  return true;
}

void gate::core::on_stranger_bytes(std::ptrdiff_t change) {
  stranger_bytes_ += static_cast<std::size_t>(change);
  if (change <= 0) return; // who grew makes room, and not each of those who go for it
  while (stranger_bytes_ > options_.max_stranger_bytes) {
    const auto oldest = std::find_if(strangers_.begin(), strangers_.end(),
                                     [](const auto& each) { return each->stranger_bytes() > 0; });
    if (oldest == strangers_.end()) return;
    const auto kept = *oldest;
    kept->end(resource_exhausted("greetings that are not complete take {} bytes, and {} are allowed",
                                 stranger_bytes_, options_.max_stranger_bytes));
  }
}

gate::core::target* gate::core::target_of(const peer_connection& which) {
  for (auto& [address, each] : targets_)
    if (each.dialed.get() == &which) return &each;
  return nullptr;
}

status gate::core::check_certificate(const peer_connection& which, const greeting& theirs) const {
  if (!credentials_ || !options_.certificates_name_nodes) return {};
  const auto& names = which.certificate_names();
  if (std::find(names.begin(), names.end(), theirs.node) != names.end()) return {};
  std::string proven;
  for (const auto& each : names)
    proven += (proven.empty() ? "" : ", ") + each;
  return unauthenticated(
    "the certificate of {} is for {} and not for the node {} that it says it is; name the "
    "node in subjectAltName, or set link.certificates_name_nodes to false",
    which.address().to_string(), proven.empty() ? "nobody" : proven, theirs.node);
}

// Messages to actors go to the node whose id their handles bear.
status gate::core::check_actor_node(const greeting& theirs) const {
  if (theirs.actor_node.empty()) return {};
  const auto taken = [&](const std::string& by) {
    return already_exists("the node {} says that its actors are those of the node {}", theirs.node, by);
  };
  if (theirs.actor_node == actors_->own_node()) return taken(options_.node);
  for (const auto& [name, each] : established_)
    if (name != theirs.node && each->theirs().actor_node == theirs.actor_node) return taken(name);
  return {};
}

status gate::core::check_successor(peer_connection& old, const greeting& theirs) {
  const auto kept = old.shared_from_this();
  const bool proven = credentials_ && options_.certificates_name_nodes;
  if (proven && theirs.incarnation > old.theirs().incarnation) {
    kept->end(unavailable("the node {} was started anew", theirs.node));
    return {};
  }
  const auto refused =
    already_exists("another node named {} is connected, at {} (its incarnation is {}, this one's {}); if "
                   "it was just restarted, the old connection is given up in a moment",
                   theirs.node, old.address().to_string(), old.theirs().incarnation, theirs.incarnation);
  const auto limit = std::max(shortest_probe, options_.limits.heartbeat_interval);
  kept->probe(limit, unavailable("the peer gave no sign of life when another process said that it is the "
                                 "node {}",
                                 theirs.node));
  return refused;
}

status gate::core::on_greeting(peer_connection& which, const greeting& theirs) {
  auto* dialed = target_of(which);
  if (theirs.cluster != options_.cluster)
    return failed_precondition("the node {} is of the cluster '{}', and this is the cluster '{}'",
                               theirs.node, theirs.cluster, options_.cluster);
  if (auto outcome = check_certificate(which, theirs); !outcome.ok()) return outcome;
  if (theirs.node == options_.node) {
    if (theirs.incarnation == options_.incarnation) {
      if (dialed) dialed->own = true;
      return aborted("this is the node itself");
    }
    return already_exists("a node named {} is running already (its incarnation is {}, the other one's {}); "
                          "give each node a name of its own",
                          theirs.node, options_.incarnation, theirs.incarnation);
  }
  if (auto outcome = check_actor_node(theirs); !outcome.ok()) return outcome;
  if (dialed) dialed->node = theirs.node;
  if (draining_) return unavailable("the node {} is stopping", options_.node);
  const auto standing = established_.find(theirs.node);
  if (standing == established_.end()) return {};
  auto& old = *standing->second;
  if (old.theirs().incarnation != theirs.incarnation) return check_successor(old, theirs);
  // Two connections join the two nodes. When both were dialed by the same side, it has lost the first one.
  // Otherwise the one dialed by the node whose name comes first stays: both sides decide alike.
  if (old.accepted() == which.accepted()) {
    auto kept = standing->second;
    kept->end(unavailable("the node {} connected anew", theirs.node));
    return {};
  }
  const bool ours_first = options_.node < theirs.node;
  const bool new_stays = which.accepted() ? !ours_first : ours_first;
  if (!new_stays) return aborted("another connection joins the two nodes already");
  return {};
}

void gate::core::on_established(peer_connection& which) {
  const auto& name = which.theirs().node;
  auto& place = established_[name];
  auto old = std::exchange(place, which.shared_from_this());
  strangers_.erase(place);
  if (auto* dialed = target_of(which)) {
    dialed->connected_since = world_.clock.now();
    dialed->last_failure.clear();
  }
  if (peer_lines_.take("connected " + which.address().address.to_string(), world_.clock.now()))
    log_.info("connected", {{"peer", name},
                            {"address", which.address().to_string()},
                            {"dialed", !which.accepted()},
                            {"version", which.theirs().application_version}});
  listener_.on_peer_up(which.end_for_calls(), which.theirs());
  if (!old) return;
  listener_.on_peer_down(old->end_for_calls(), aborted("another connection took its place"));
  old->drain(true);
}

void gate::core::on_draining(peer_connection& which) {
  if (which.established()) listener_.on_peer_draining(which.end_for_calls());
}

void gate::core::on_gone(peer_connection& which, const status& why) {
  auto kept = which.shared_from_this();
  connections_.erase(kept);
  strangers_.erase(kept);
  if (which.accepted()) --accepted_;
  auto* dialed = target_of(which);
  if (dialed) dialed->dialed = nullptr;
  const auto name = which.theirs().node;
  const auto standing = established_.find(name);
  const bool stood = standing != established_.end() && standing->second == kept;
  if (stood) {
    established_.erase(standing);
    listener_.on_peer_down(which.end_for_calls(), why);
    if (!closing_) {
      metrics_.connection_broken(name);
      const auto subject = fmt::format("{} {}", reason_word(why), which.address().address.to_string());
      if (peer_lines_.take(subject, world_.clock.now()))
        log_.warning("the connection to a peer has ended", {{"peer", name},
                                                            {"address", which.address().to_string()},
                                                            {"why", why.to_string()},
                                                            {"alike_not_logged", peer_lines_.withheld()}});
    }
  } else if (!which.established() && why.code() != status_code::aborted && !closing_) {
    complain(which.address(), name, why);
  }
  if (closing_) {
    if (connections_.empty()) tell_empty();
    return;
  }
  // Redial what we keep a connection to: the target dialed, or the one whose node dialed us.
  for (auto& [address, each] : targets_) {
    const bool lost = &each == dialed || (stood && each.node == name);
    if (!lost || each.own || each.dialed || each.pending || established_.count(each.node) != 0) continue;
    if (&each == dialed) each.last_failure = why.to_string();
    dial_later(each);
  }
}

void gate::core::drain() {
  draining_ = true;
  const auto open = connections_;
  for (const auto& each : open)
    if (each->established()) each->drain(false);
}

std::vector<peer_report> gate::core::peers() const {
  std::vector<peer_report> out;
  std::set<std::string> seen;
  for (const auto& [name, each] : established_) {
    out.push_back(each->report());
    seen.insert(name);
  }
  for (const auto& [address, each] : targets_) {
    if (each.own || seen.count(each.node) != 0) continue;
    peer_report report;
    report.node = each.node;
    report.address = address;
    report.last_failure = each.last_failure;
    out.push_back(std::move(report));
  }
  return out;
}

void gate::core::complain(const endpoint& peer, std::string_view node, const status& why) {
  metrics_.connection_refused(reason_word(why));
  if (!refusal_lines_.take(fmt::format("{} {}", reason_word(why), peer.address.to_string()),
                           world_.clock.now()))
    return;
  log_.warning("a connection was refused or given up", {{"address", peer.to_string()},
                                                        {"peer", node},
                                                        {"why", why.to_string()},
                                                        {"alike_not_logged", refusal_lines_.withheld()}});
}

} // namespace troupe
