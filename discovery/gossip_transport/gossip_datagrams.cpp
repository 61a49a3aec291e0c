#include "discovery/gossip_transport/gossip_datagrams.hpp"

#include <deque>
#include <mutex>
#include <utility>

namespace troupe {

// Where the network's thread leaves what has come. Shared, as work that was posted may run when the owner is
// gone.
class gossip_datagrams::inbox : public std::enable_shared_from_this<inbox> {
public:
  struct received {
    endpoint from;
    byte_buffer sealed;
  };

  inbox(gossip_datagrams& owner, event_loop& loop, std::size_t most, std::size_t most_bytes) noexcept
    : owner_(&owner), loop_(loop), most_(most), most_bytes_(most_bytes) {}

  // On any thread.
  void put(const endpoint& from, std::span<const std::byte> sealed) {
    {
      std::lock_guard hold{mutex_};
      if (cut_) return;
      if (waiting_.size() >= most_ || sealed.size() > most_bytes_ - bytes_) {
        ++overrun_;
        return;
      }
      bytes_ += sealed.size();
      waiting_.push_back({from, byte_buffer{sealed.begin(), sealed.end()}});
      if (std::exchange(posted_, true)) return;
    }
    post();
  }

  // On the loop. At most so many of the oldest; whether there are more, for which a further turn then comes.
  std::deque<received> take(std::size_t most, std::uint64_t& overrun) {
    std::lock_guard hold{mutex_};
    overrun = std::exchange(overrun_, 0);
    std::deque<received> out;
    while (!waiting_.empty() && out.size() < most) {
      bytes_ -= waiting_.front().sealed.size();
      out.push_back(std::move(waiting_.front()));
      waiting_.pop_front();
    }
    posted_ = !waiting_.empty();
    if (posted_) post();
    return out;
  }

  void cut() {
    std::lock_guard hold{mutex_};
    cut_ = true;
    owner_ = nullptr;
    waiting_.clear();
    bytes_ = 0;
  }
  // On the loop, where alone it is cut.
  bool is_cut() const noexcept { return owner_ == nullptr; }

private:
  void post() {
    loop_.post([self = shared_from_this()] {
      if (self->owner_ != nullptr) self->owner_->take();
    });
  }

  gossip_datagrams* owner_; // read and written on the loop only
  event_loop& loop_;
  const std::size_t most_;
  const std::size_t most_bytes_;
  std::mutex mutex_;
  std::deque<received> waiting_;
  std::size_t bytes_ = 0;
  std::uint64_t overrun_ = 0;
  bool posted_ = false;
  bool cut_ = false;
};

gossip_datagrams::gossip_datagrams(gossip_surroundings& around, gossip_sealer sealer)
  : around_(around), sealer_(std::move(sealer)),
    inbox_(std::make_shared<inbox>(*this, around.loop, around.options.max_waiting_datagrams,
                                   around.options.max_waiting_datagram_bytes)) {}

gossip_datagrams::~gossip_datagrams() { close(); }

status gossip_datagrams::bind(const endpoint& local) {
  auto made = around_.world.network.open_datagram(
    local,
    [to = inbox_](const endpoint& from, std::span<const std::byte> payload) { to->put(from, payload); });
  if (!made) return made.error();
  socket_ = std::move(*made);
  return {};
}

std::unique_ptr<datagram_socket> gossip_datagrams::unbind() { return std::exchange(socket_, nullptr); }

void gossip_datagrams::close() {
  inbox_->cut();
  socket_.reset();
}

status gossip_datagrams::send(gossip_topic topic, const endpoint& to, std::span<const std::byte> payload) {
  if (payload.size() > max_gossip_payload - 1)
    return invalid_argument(
      "a payload of {} bytes does not fit a datagram of the gossip, which has room for {}", payload.size(),
      max_gossip_payload - 1);
  byte_buffer plain;
  plain.reserve(payload.size() + 1);
  plain.push_back(static_cast<std::byte>(topic));
  plain.insert(plain.end(), payload.begin(), payload.end());
  auto sealed = sealer_.seal(plain, around_.now());
  if (!sealed) return sealed.error();
  if (auto sent = socket_->send(to, *sealed); !sent.ok()) return sent;
  around_.meter.datagram_sent(sealed->size());
  return {};
}

void gossip_datagrams::take() {
  const auto box = inbox_; // a handler may destroy us
  std::uint64_t overrun = 0;
  const auto come = box->take(handled_in_a_row, overrun);
  if (overrun > 0) {
    around_.meter.datagrams_overrun(overrun);
    around_.complain("overrun", "datagrams of the gossip are lost: they come faster than they are handled",
                     come.empty() ? endpoint{} : come.back().from, "the last of them");
  }
  for (const auto& each : come) {
    if (box->is_cut()) return;
    take(each.from, each.sealed);
  }
}

void gossip_datagrams::take(const endpoint& from, std::span<const std::byte> sealed) {
  around_.meter.bytes_received(gossip_channel::datagram, sealed.size());
  const auto opened = sealer_.open(sealed, from, around_.now());
  if (const auto* why = std::get_if<refused_gossip>(&opened)) return refused(from, *why);
  const auto& payload = std::get<opened_gossip>(opened).payload;
  if (payload.empty()) return; // told the time
  const auto topic = std::to_integer<std::uint8_t>(payload.front());
  if (topic != static_cast<std::uint8_t>(gossip_topic::membership)
      && topic != static_cast<std::uint8_t>(gossip_topic::registry)) {
    around_.meter.unknown_topic(gossip_channel::datagram);
    return;
  }
  around_.meter.datagram_received();
  around_.receiver.on_payload(static_cast<gossip_topic>(topic), gossip_channel::datagram, from,
                              std::span{payload}.subspan(1));
}

void gossip_datagrams::refused(const endpoint& from, const refused_gossip& why) {
  around_.meter.dropped(gossip_channel::datagram, why.why);
  if (why.should_tell_time) {
    const auto sealed = sealer_.seal({}, around_.now());
    if (sealed && socket_->send(from, *sealed).ok()) around_.meter.datagram_sent(sealed->size());
  }
  // Copies and our own come by themselves now and then: the network duplicates, a seed list names this node.
  if (why.why == gossip_drop::replayed || why.why == gossip_drop::reflected) return;
  around_.complain(to_string(why.why), "a datagram of the gossip is dropped", from, to_string(why.why));
}

} // namespace troupe
