#include "discovery/gossip_transport/gossip_meter.hpp"

#include <string_view>

namespace troupe {

gossip_meter::gossip_meter(metrics* numbers) {
  if (numbers == nullptr) return;
  const auto datagrams =
    numbers->counters("troupe_gossip_datagrams_total",
                      "Datagrams of the gossip: sent, received and handed on, refused when they were to be "
                      "sent, and lost because too many waited.",
                      {"outcome"});
  sent_ = datagrams.with({"sent"});
  received_ = datagrams.with({"received"});
  failed_ = datagrams.with({"failed"});
  overrun_ = datagrams.with({"overrun"});
  const auto messages = numbers->counters(
    "troupe_gossip_messages_total", "Messages of the gossip on streams, and those that failed.", {"outcome"});
  messages_sent_ = messages.with({"sent"});
  messages_received_ = messages.with({"received"});
  messages_failed_ = messages.with({"failed"});
  const auto streams =
    numbers->counters("troupe_gossip_streams_total",
                      "Streams of the gossip: opened by this node, accepted, refused because of their number "
                      "or of what came on them.",
                      {"outcome"});
  opened_ = streams.with({"opened"});
  accepted_ = streams.with({"accepted"});
  refused_ = streams.with({"refused"});
  const auto bytes =
    numbers->counters("troupe_gossip_bytes_total", "Bytes of the gossip, sealed.", {"channel", "direction"});
  const auto dropped = numbers->counters(
    "troupe_gossip_dropped_total", "What came and was not handed on, by reason.", {"channel", "reason"});
  for (const auto channel : {gossip_channel::datagram, gossip_channel::stream}) {
    const std::string_view name = channel == gossip_channel::stream ? "stream" : "datagram";
    bytes_sent_[at(channel)] = bytes.with({name, "sent"});
    bytes_received_[at(channel)] = bytes.with({name, "received"});
    unknown_[at(channel)] = dropped.with({name, "unknown_topic"});
    for (std::size_t i = 0; i < gossip_drop_count; ++i)
      dropped_[at(channel)][i] = dropped.with({name, to_string(static_cast<gossip_drop>(i))});
  }
  streams_ =
    numbers->make_gauge("troupe_gossip_streams", "Streams of the gossip that are open or being opened.");
  queued_ = numbers->make_gauge("troupe_gossip_queued_bytes", "Bytes that wait on streams of the gossip.");
}

void gossip_meter::datagram_sent(std::size_t bytes) {
  ++counts_.datagrams_sent;
  sent_.add();
  bytes_sent(gossip_channel::datagram, bytes);
}

void gossip_meter::datagram_received() {
  ++counts_.datagrams_received;
  received_.add();
}

void gossip_meter::datagram_failed() {
  ++counts_.datagrams_failed;
  failed_.add();
}

void gossip_meter::datagrams_overrun(std::uint64_t count) {
  counts_.datagrams_overrun += count;
  overrun_.add(count);
}

void gossip_meter::bytes_sent(gossip_channel channel, std::size_t bytes) {
  counts_.bytes_sent += bytes;
  bytes_sent_[at(channel)].add(bytes);
}

void gossip_meter::bytes_received(gossip_channel channel, std::size_t bytes) {
  counts_.bytes_received += bytes;
  bytes_received_[at(channel)].add(bytes);
}

void gossip_meter::messages_sent(std::size_t count) {
  counts_.messages_sent += count;
  messages_sent_.add(count);
}

void gossip_meter::message_received() {
  ++counts_.messages_received;
  messages_received_.add();
}

void gossip_meter::message_failed() {
  ++counts_.messages_failed;
  messages_failed_.add();
}

void gossip_meter::unknown_topic(gossip_channel channel) {
  ++counts_.unknown_topics;
  unknown_[at(channel)].add();
}

void gossip_meter::dropped(gossip_channel channel, gossip_drop why) {
  dropped_[at(channel)][static_cast<std::size_t>(why)].add();
}

void gossip_meter::stream_opened() {
  ++counts_.streams_opened;
  opened_.add();
}

void gossip_meter::stream_accepted() {
  ++counts_.streams_accepted;
  accepted_.add();
}

void gossip_meter::stream_refused() {
  ++counts_.streams_refused;
  refused_.add();
}

void gossip_meter::streams(std::size_t now) {
  streams_.add(static_cast<double>(now) - static_cast<double>(counts_.streams));
  counts_.streams = now;
}

void gossip_meter::queued(std::ptrdiff_t change) {
  counts_.queued_bytes += static_cast<std::size_t>(change);
  queued_.add(static_cast<double>(change));
}

} // namespace troupe
