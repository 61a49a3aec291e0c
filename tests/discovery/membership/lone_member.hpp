// One membership core under the hand of a test: what it is told, and what it answers, packet by packet.
#pragma once

#include "discovery/membership/membership.hpp"

#include <chrono>
#include <string>
#include <utility>
#include <vector>

namespace troupe::membership_test {

using namespace std::chrono_literals;

inline endpoint at(std::uint8_t last) { return {ip_address::v4(10, 0, 0, last), 7946}; }

inline member_record record_of(std::string name, std::uint8_t last, std::uint64_t incarnation = 0) {
  member_record out;
  out.name = std::move(name);
  out.process = 100;
  out.incarnation = incarnation;
  out.gossip = at(last);
  return out;
}

struct sent_packet {
  gossip_send send;
  packet what;

  bool to(std::uint8_t last) const { return send.to == at(last); }
  template <class Rumor>
  const Rumor* rumor_about(const std::string& name) const {
    for (const auto& one : what.rumors) {
      const auto* found = std::get_if<Rumor>(&one);
      if (found == nullptr) continue;
      if constexpr (requires { found->record; }) {
        if (found->record.name == name) return found;
      } else if (found->name == name) {
        return found;
      }
    }
    return nullptr;
  }
};

// The member "me" at 10.0.0.1; the others are played by the test.
class lone_member {
public:
  explicit lone_member(membership_settings settings = {}, std::vector<endpoint> seeds = {})
    : core_(settings, random_source{7}) {
    if (!core_.start(now_, record_of("me", 1), std::move(seeds)).ok()) throw std::logic_error{"not started"};
  }

  membership& core() { return core_; }
  monotonic_time now() const { return now_; }

  // Each with the given last byte of its address and its name.
  void meet(std::vector<std::pair<std::string, std::uint8_t>> others) {
    for (const auto& [name, last] : others)
      hear(name, last, {alive_rumor{record_of(name, last)}});
    take();
  }

  // False when it was refused.
  bool hear(const std::string& from, std::uint8_t last, std::vector<rumor> rumors,
            packet_kind kind = packet_kind::gossip, std::uint64_t sequence = 0,
            gossip_channel channel = gossip_channel::datagram) {
    packet out;
    out.kind = kind;
    out.sender = from;
    out.sender_process = 100;
    out.sequence = sequence;
    out.target = "me";
    out.target_process = 100;
    out.buckets = table_fingerprint::all_buckets;
    out.rumors = std::move(rumors);
    return core_.on_message(now_, at(last), channel, encode_packet(out)).ok();
  }

  // Ticks whenever the core asks for it, and keeps what it sends.
  void run_for(duration how_long) {
    const auto end = now_ + how_long;
    while (core_.next_tick() <= end) {
      now_ = std::max(now_, core_.next_tick());
      core_.tick(now_);
      keep();
    }
    now_ = end;
  }
  // Time passes without a tick.
  void stand_still(duration how_long) { now_ += how_long; }

  // Runs until a packet of the kind goes out; that packet. Throws after a minute.
  sent_packet next(packet_kind kind) {
    for (const auto end = now_ + 60s; now_ < end;) {
      keep();
      for (std::size_t i = 0; i < sent_.size(); ++i) {
        if (sent_[i].what.kind != kind) continue;
        auto out = sent_[i];
        sent_.erase(sent_.begin(), sent_.begin() + static_cast<std::ptrdiff_t>(i) + 1);
        return out;
      }
      sent_.clear();
      now_ = std::max(now_, core_.next_tick());
      core_.tick(now_);
    }
    throw std::logic_error{"no such packet in a minute"};
  }

  // All that was sent since it was last taken.
  std::vector<sent_packet> take() {
    keep();
    return std::exchange(sent_, {});
  }
  std::vector<member_event> take_events() {
    keep();
    return std::exchange(events_, {});
  }
  bool happened(member_event_kind kind, const std::string& name) {
    keep();
    for (const auto& one : events_) {
      if (one.kind == kind && one.record.name == name) return true;
    }
    return false;
  }
  member_state state(const std::string& name) { return core_.find(name)->state; }

private:
  void keep() {
    auto effects = core_.take_effects();
    for (auto& one : effects.sends) {
      auto what = decode_packet(one.bytes);
      if (!what) throw std::logic_error{what.error().to_string()};
      sent_.push_back({std::move(one), std::move(*what)});
    }
    for (auto& one : effects.events)
      events_.push_back(std::move(one));
  }

  monotonic_time now_{};
  membership core_;
  std::vector<sent_packet> sent_;
  std::vector<member_event> events_;
};

} // namespace troupe::membership_test
