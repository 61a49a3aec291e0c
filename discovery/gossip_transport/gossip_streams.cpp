#include "discovery/gossip_transport/gossip_streams.hpp"

#include <algorithm>
#include <utility>

namespace troupe {
namespace {

// Room for connections that push out a stranger: the transport, and not the listener, chooses who goes.
constexpr std::uint32_t spare_connections = 16;
// A stream that was used so lately may be about to be used again, by an answer at least.
constexpr duration warm = std::chrono::milliseconds{250};

} // namespace

gossip_streams::gossip_streams(gossip_surroundings& around, gossip_sealer sealer)
  : around_(around), sealer_(std::move(sealer)), tags_(around.world.random.split("gossip_streams")) {}

gossip_streams::~gossip_streams() {
  finished_ = nullptr;
  end(cancelled("the gossip's transport is gone"));
}

status gossip_streams::bind(const endpoint& local) {
  listen_options how;
  how.max_connections = static_cast<std::uint32_t>(around_.options.max_streams) + spare_connections;
  auto made = around_.loop.listen(
    local, std::move(how), [this](std::unique_ptr<byte_stream> stream) { accept(std::move(stream)); },
    [this](const endpoint& peer, const status& why) {
      around_.meter.stream_refused();
      around_.complain("limit", "a connection of the gossip is refused", peer, why.message());
    });
  if (!made) return made.error();
  listener_ = std::move(*made);
  advertised_ = listener_->local();
  return {};
}

std::unique_ptr<stream_listener> gossip_streams::unbind() { return std::exchange(listener_, nullptr); }

status gossip_streams::send(gossip_topic topic, const endpoint& to, std::span<const std::byte> payload) {
  const auto most = around_.options.max_message_bytes;
  if (payload.size() > most)
    return invalid_argument("a message of {} bytes is too large for a stream of the gossip, which takes {}",
                            payload.size(), most);
  if (const auto way = find(to)) return way->send(topic, to, payload);
  if (!make_room())
    return resource_exhausted("{} streams of the gossip are in use, which are the most", all_.size());
  const auto made = make();
  know(to, *made);
  made->dial(to);
  return made->send(topic, to, payload);
}

void gossip_streams::accept(std::unique_ptr<byte_stream> stream) {
  if (finishing_) return;
  if (!make_room()) {
    around_.meter.stream_refused();
    around_.complain("limit", "a connection of the gossip is refused", stream->peer(),
                     "as many streams as there may be are in use");
    return;
  }
  around_.meter.stream_accepted();
  const auto made = make();
  strangers_.insert(made->number());
  made->accept(std::move(stream));
}

bool gossip_streams::make_room() {
  if (all_.size() < around_.options.max_streams) return true;
  if (!strangers_.empty()) {
    const auto oldest = all_.at(*strangers_.begin());
    oldest->refuse("limit", resource_exhausted("a stranger goes, to make room for another stream"));
    return true;
  }
  ask_to_leave();
  return all_.size() < around_.options.max_streams;
}

void gossip_streams::ask_to_leave() {
  stream_ptr longest;
  for (const auto& [number, each] : all_)
    if (each->idle() && each->takes_messages()
        && (longest == nullptr || each->last_active() < longest->last_active()))
      longest = each;
  if (longest != nullptr && around_.now() - longest->last_active() >= warm) longest->leave();
}

gossip_streams::stream_ptr gossip_streams::make() {
  const auto number = ++last_number_;
  const auto made = std::make_shared<gossip_stream>(around_, *this, number, tags_.next());
  all_.emplace(number, made);
  // A goodbye takes a round trip, so it is said while there is room.
  const auto most = around_.options.max_streams;
  if (all_.size() > most - std::max<std::size_t>(1, most / 4)) ask_to_leave();
  around_.meter.streams(all_.size());
  return made;
}

gossip_streams::stream_ptr gossip_streams::find(const endpoint& to) {
  const auto found = by_peer_.find(to);
  if (found == by_peer_.end()) return nullptr;
  // Both ends choose the same of two, and the other one gets idle.
  const auto rank = [this](const gossip_stream* each) {
    return (each->greeted() ? 2 : 0) + (is_preferred(*each) ? 1 : 0);
  };
  auto* best = *std::max_element(found->second.begin(), found->second.end(),
                                 [&](const auto* a, const auto* b) { return rank(a) < rank(b); });
  return best->shared_from_this();
}

// The one that was dialed by the node with the smaller address.
bool gossip_streams::is_preferred(const gossip_stream& which) const {
  return which.dialed().has_value() == (advertised_ < which.peer());
}

void gossip_streams::know(const endpoint& as, gossip_stream& which) {
  auto& ways = by_peer_[as];
  if (std::find(ways.begin(), ways.end(), &which) == ways.end()) ways.push_back(&which);
}

void gossip_streams::forget(const endpoint& as, const gossip_stream& which) {
  const auto found = by_peer_.find(as);
  if (found == by_peer_.end()) return;
  std::erase(found->second, &which);
  if (found->second.empty()) by_peer_.erase(found);
}

void gossip_streams::on_greeted(gossip_stream& which) {
  strangers_.erase(which.number());
  if (finishing_) return;
  // Of another life of the peer: that process is gone, and so is what it would have read.
  std::vector<stream_ptr> old;
  if (const auto found = by_peer_.find(which.peer()); found != by_peer_.end())
    for (auto* each : found->second)
      if (each->greeted() && each->sender() != which.sender()) old.push_back(each->shared_from_this());
  know(which.peer(), which);
  for (const auto& each : old)
    each->end(unavailable("{} was started anew", which.peer().to_string()));
}

void gossip_streams::on_message(gossip_stream& which, std::uint8_t topic, std::span<const std::byte> bytes) {
  if (finishing_) return;
  around_.receiver.on_payload(static_cast<gossip_topic>(topic), gossip_channel::stream, which.peer(), bytes);
}

bool gossip_streams::on_unfinished(std::ptrdiff_t change) {
  unfinished_ += static_cast<std::size_t>(change);
  return change <= 0 || unfinished_ <= around_.options.max_unfinished_bytes;
}

void gossip_streams::on_leaving(gossip_stream& which) {
  forget(which.peer(), which);
  if (which.dialed()) forget(*which.dialed(), which);
}

void gossip_streams::on_over(gossip_stream& which) {
  on_leaving(which);
  strangers_.erase(which.number());
  all_.erase(which.number());
  around_.meter.streams(all_.size());
  if (finishing_ && all_.empty() && finished_) std::exchange(finished_, nullptr)();
}

void gossip_streams::finish(std::function<void()> then) {
  finishing_ = true;
  listener_.reset();
  while (!strangers_.empty())
    all_.at(*strangers_.begin())->end({});
  finished_ = std::move(then);
  std::vector<stream_ptr> left;
  for (const auto& [number, each] : all_)
    left.push_back(each);
  for (const auto& each : left)
    each->leave();
  if (all_.empty() && finished_) std::exchange(finished_, nullptr)();
}

void gossip_streams::end(const status& why) {
  listener_.reset();
  finishing_ = true;
  while (!all_.empty()) {
    const auto first = all_.begin()->second;
    first->end(why);
  }
}

} // namespace troupe
