#include "discovery/gossip_transport/gossip_transport.hpp"

#include "discovery/gossip_transport/gossip_datagrams.hpp"
#include "discovery/gossip_transport/gossip_streams.hpp"

#include <algorithm>
#include <utility>

namespace troupe {
namespace {

using namespace std::chrono_literals;

// How often a port that is free for both is looked for; more than two are never needed on a machine with free
// ports.
constexpr int most_tries = 32;

template <class Value>
status check_range(std::string_view what, Value value, Value least, Value most) {
  if (value >= least && value <= most) return {};
  return invalid_argument("the gossip's {} is {}, and must be from {} to {}", what, value, least, most);
}

status check_time(std::string_view what, duration value) {
  if (value >= 1ms && value <= 1h) return {};
  return invalid_argument("the gossip's {} is {} ms, and must be from 1 ms to 1 h", what,
                          std::chrono::duration_cast<std::chrono::milliseconds>(value).count());
}

status check(const gossip_transport_options& options) {
  constexpr std::size_t one = 1;
  constexpr std::size_t kib = 1024;
  const auto& o = options;
  const auto a_message = o.max_message_bytes + gossip_stream_writer::bytes_a_message;
  for (auto s :
       {check_range("max_message_bytes", o.max_message_bytes, 64 * kib, 64 * kib * kib),
        check_range("max_streams", o.max_streams, one, 10'000 * one),
        check_range("max_queued_bytes", o.max_queued_bytes, a_message, kib * kib * kib),
        check_range("max_unfinished_bytes", o.max_unfinished_bytes, o.max_message_bytes, 4 * kib * kib * kib),
        check_range("max_waiting_datagrams", o.max_waiting_datagrams, one, 1'000'000 * one),
        check_range("max_waiting_datagram_bytes", o.max_waiting_datagram_bytes, 64 * kib, kib * kib * kib),
        check_time("connect_timeout", o.connect_timeout), check_time("idle_timeout", o.idle_timeout),
        check_time("message_timeout", o.message_timeout)})
    if (!s.ok()) return s;
  if (o.keys || o.trusted_network || o.listen.address.is_loopback()) return {};
  return failed_precondition(
    "gossip at {} would not be encrypted: give it keys, or listen on a loopback address",
    o.listen.to_string());
}

gossip_sealer_options sealing(const gossip_transport_options& options, const environment& world,
                              random_source& entropy) {
  gossip_sealer_options out;
  out.cluster = options.cluster;
  out.node = options.node;
  out.keys = options.keys;
  entropy.fill(out.entropy);
  out.started = world.clock.wall_now();
  out.now = world.clock.now();
  out.plain_beyond_loopback = options.trusted_network;
  return out;
}

// Makes the sealer's ring what `ring` is.
status change(gossip_sealer& sealer, const gossip_keyring& ring) {
  const auto wanted = ring.list();
  // First those that go and are not in use, so that there is room.
  for (const auto& each : sealer.keys())
    if (!each.primary && ring.find(each.fingerprint) == nullptr)
      if (auto s = sealer.remove_key(each.fingerprint); !s.ok()) return s;
  const auto before = sealer.keys();
  const auto primary =
    std::find_if(before.begin(), before.end(), [](const auto& each) { return each.primary; });
  const bool primary_goes = ring.find(primary->fingerprint) == nullptr;
  if (auto s = sealer.add_key(ring.primary()); !s.ok()) return s;
  if (auto s = sealer.use_key(ring.primary().fingerprint()); !s.ok()) return s;
  if (primary_goes)
    if (auto s = sealer.remove_key(primary->fingerprint); !s.ok()) return s;
  for (const auto& each : wanted)
    if (auto s = sealer.add_key(*ring.find(each.fingerprint)); !s.ok()) return s;
  return {};
}

class transport final : public gossip_transport, private gossip_receiver {
public:
  transport(gossip_transport_options options, const environment& world, event_loop& loop,
            gossip_handler on_gossip, gossip_failure_handler on_failure, logging* logs, metrics* numbers,
            gossip_sealer for_datagrams, gossip_sealer for_streams)
    : meter_(numbers), around_{world,
                               loop,
                               std::move(options),
                               meter_,
                               logs != nullptr ? logs->get("gossip") : logger{},
                               *this},
      handlers_(std::make_shared<const handlers>(handlers{std::move(on_gossip), std::move(on_failure)})),
      way_back_(std::make_shared<transport*>(this)), datagrams_(around_, std::move(for_datagrams)),
      streams_(around_, std::move(for_streams)) {}
  ~transport() override {
    *way_back_ = nullptr;
    streams_.end(cancelled("the gossip's transport is gone"));
  }

  status bind() {
    const auto& wanted = around_.options.listen;
    if (wanted.port != 0) {
      auto s = datagrams_.bind(wanted);
      return s.ok() ? streams_.bind(wanted) : s;
    }
    // Held until the end, so that the system does not choose them again.
    std::vector<std::unique_ptr<datagram_socket>> sockets;
    std::vector<std::unique_ptr<stream_listener>> listeners;
    status last;
    for (int i = 0; i < most_tries; ++i) {
      const bool datagrams_first = i % 2 == 0;
      last = datagrams_first ? datagrams_.bind(wanted) : streams_.bind(wanted);
      if (!last.ok()) return last;
      last = datagrams_first ? streams_.bind({wanted.address, datagrams_.local().port})
                             : datagrams_.bind({wanted.address, streams_.local().port});
      if (last.ok() || last.code() != status_code::already_exists) return last;
      if (datagrams_first)
        sockets.push_back(datagrams_.unbind());
      else
        listeners.push_back(streams_.unbind());
    }
    return last;
  }

  endpoint local() const noexcept override { return local_; }
  void opened() { local_ = datagrams_.local(); }

  void send(gossip_topic topic, gossip_channel channel, const endpoint& to,
            std::span<const std::byte> payload) override {
    auto outcome = try_send(topic, channel, to, payload);
    if (!outcome.ok()) on_unsent({topic, channel, to, std::move(outcome)});
  }

  void advertise(const endpoint& where) override { streams_.advertise(where); }

  void finish(duration patience, std::function<void()> then) override {
    waiting_.push_back(std::move(then));
    if (done_) return later();
    if (finishing_) return;
    finishing_ = true;
    patience_ = around_.loop.after(std::clamp(patience, duration{}, duration{24h}), [this] {
      streams_.end(deadline_exceeded("there was no time left to send it"));
      done();
    });
    streams_.finish([this] { done(); });
  }

  status change_keys(const gossip_keyring& ring) override {
    if (!around_.options.keys)
      return failed_precondition("the gossip of this node is not encrypted: it has no keys to change");
    auto s = change(datagrams_.sealer(), ring);
    return s.ok() ? change(streams_.sealer(), ring) : s;
  }
  std::vector<gossip_keyring::entry> keys() const override { return datagrams_.sealer().keys(); }

  gossip_transport_counters counters() const override {
    auto out = meter_.counts();
    for (const auto& each : {datagrams_.sealer().counters(), streams_.sealer().counters()}) {
      out.drops.sealed += each.sealed;
      out.drops.opened += each.opened;
      out.drops.evicted += each.evicted;
      out.drops.senders += each.senders;
      for (std::size_t i = 0; i < gossip_drop_count; ++i)
        out.drops.dropped[i] += each.dropped[i];
    }
    return out;
  }

private:
  struct handlers {
    gossip_handler on_gossip;
    gossip_failure_handler on_failure;
  };

  status try_send(gossip_topic topic, gossip_channel channel, const endpoint& to,
                  std::span<const std::byte> payload) {
    if (finishing_) return cancelled("the gossip has ended");
    if (to.port == 0 || to.address.is_any())
      return invalid_argument("{} is no address to send gossip to", to.to_string());
    if (!around_.may_reach(to))
      return failed_precondition("gossip to {} would not be encrypted: give this node keys", to.to_string());
    return channel == gossip_channel::stream ? streams_.send(topic, to, payload)
                                             : datagrams_.send(topic, to, payload);
  }

  void on_payload(gossip_topic topic, gossip_channel channel, const endpoint& from,
                  std::span<const std::byte> payload) override {
    if (finishing_) return;
    const auto to = handlers_; // which outlive us while they run
    to->on_gossip(topic, channel, from, payload);
  }

  void on_unsent(unsent_gossip what) override {
    if (what.channel == gossip_channel::stream)
      meter_.message_failed();
    else
      meter_.datagram_failed();
    unsent_.push_back(std::move(what));
    later();
  }

  void done() {
    done_ = true;
    later();
  }

  // Tells what there is to tell in a turn of the loop of its own.
  void later() {
    if (std::exchange(posted_, true)) return;
    around_.loop.post([back = way_back_] {
      if (*back != nullptr) tell(back);
    });
  }

  static void tell(const std::shared_ptr<transport*>& back) {
    auto* self = *back;
    self->posted_ = false;
    const auto to = self->handlers_;
    const auto failures = std::exchange(self->unsent_, {});
    auto finished = self->done_ ? std::exchange(self->waiting_, {}) : std::vector<std::function<void()>>{};
    if (self->done_) {
      self->patience_.reset();
      self->datagrams_.close();
    }
    for (const auto& each : failures) {
      to->on_failure(each.topic, each.channel, each.to, each.why);
      if (*back == nullptr) return;
    }
    for (const auto& then : finished) {
      if (then) then();
      if (*back == nullptr) return;
    }
  }

  gossip_meter meter_;
  gossip_surroundings around_;
  const std::shared_ptr<const handlers> handlers_;
  const std::shared_ptr<transport*> way_back_; // null once it is gone
  std::vector<unsent_gossip> unsent_;
  std::vector<std::function<void()>> waiting_; // for the end of finish()
  bool posted_ = false;
  bool finishing_ = false;
  bool done_ = false;
  endpoint local_;
  std::unique_ptr<loop_timer> patience_;
  gossip_datagrams datagrams_;
  gossip_streams streams_;
};

} // namespace

result<std::unique_ptr<gossip_transport>> gossip_transport::open(gossip_transport_options options,
                                                                 const environment& world, event_loop& loop,
                                                                 gossip_handler on_gossip,
                                                                 gossip_failure_handler on_failure,
                                                                 logging* logs, metrics* numbers) {
  if (auto s = check(options); !s.ok()) return s;
  if (!on_gossip || !on_failure) return invalid_argument("the gossip needs both its handlers");
  // Datagrams and streams count apart, as a datagram would overtake what waits on a stream by more than the
  // receiver's window of numbers.
  auto entropy = world.random.split("gossip_sealing");
  auto for_datagrams = gossip_sealer::make(sealing(options, world, entropy));
  if (!for_datagrams) return for_datagrams.error();
  auto for_streams = gossip_sealer::make(sealing(options, world, entropy));
  if (!for_streams) return for_streams.error();
  auto made =
    std::make_unique<transport>(std::move(options), world, loop, std::move(on_gossip), std::move(on_failure),
                                logs, numbers, std::move(*for_datagrams), std::move(*for_streams));
  if (auto s = made->bind(); !s.ok()) return s;
  made->opened();
  return std::unique_ptr<gossip_transport>{std::move(made)};
}

} // namespace troupe
