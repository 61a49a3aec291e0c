#include "runtime/simulation/network_fabric.hpp"

#include "runtime/simulation/bound_datagrams.hpp"
#include "runtime/simulation/connection.hpp"
#include "runtime/simulation/port_table.hpp"
#include "runtime/simulation/world_parts.hpp"

#include <algorithm>
#include <utility>

namespace troupe {

namespace {

constexpr std::size_t spare_buffers = 64;
constexpr std::size_t largest_spare = 64 * 1024;
// Datagrams under way in the whole world; a further one is lost.
constexpr std::size_t most_datagrams = 1'000'000;
constexpr duration longest_reordering = std::chrono::milliseconds{20};

duration part_of(duration whole, double share) {
  return duration{static_cast<std::int64_t>(static_cast<double>(whole.count()) * share)};
}

} // namespace

class datagram_in_flight final : public timed_event {
public:
  explicit datagram_in_flight(network_fabric& network) : network_(network) {}
  ~datagram_in_flight() override = default;

  machine* from = nullptr;
  machine* to = nullptr;
  endpoint source;
  endpoint target;
  std::uint64_t message = 0;
  byte_buffer payload;

private:
  void fire() override { network_.arrived(*this); }

  network_fabric& network_;
};

network_fabric::network_fabric(world_parts& world)
  : pieces(world.random.split("stream pieces")), world_(world) {}

network_fabric::~network_fabric() = default;

const link_conditions& network_fabric::conditions(const machine& from, const machine& to) const {
  return world_.faults.between(from.index, to.index);
}

network_fabric::link& network_fabric::link_of(const machine& from, const machine& to) {
  if (known_links_.size() <= from.index) known_links_.resize(from.index + 1);
  auto& row = known_links_[from.index];
  if (row.size() <= to.index) row.resize(to.index + 1);
  auto*& known = row[to.index];
  if (!known) {
    auto source = world_.random.split("link " + from.name + " " + to.name);
    known = &links_.emplace(std::pair{from.index, to.index}, link{std::move(source)}).first->second;
  }
  return *known;
}

passage network_fabric::pass(const machine& from, const machine& to, std::size_t bytes) {
  const auto& with = conditions(from, to);
  auto& on = link_of(from, to);
  auto& random = on.random;
  passage out;
  const auto jitter = random.uniform();
  const auto tail = random.next(); // two draws of 32 bits: whether, and how much
  out.delay = with.latency + part_of(with.jitter, jitter);
  const auto half = [](std::uint64_t bits) { return static_cast<double>(bits & 0xFFFFFFFFU) * 0x1.0p-32; };
  if (half(tail >> 32) < with.tail_chance) out.delay += part_of(with.tail, half(tail));
  const auto fate = random.next();
  out.lost = half(fate >> 32) < with.loss;
  out.reset = half(fate) < with.reset;
  const auto order = random.next();
  out.duplicated = half(order >> 32) < with.duplication;
  const auto held = random.next();
  out.duplicate_delay = with.latency + part_of(with.jitter + longest_reordering, half(held));
  if (half(order) < with.reordering) out.delay += part_of(longest_reordering, half(held >> 32));
  if (with.bytes_per_second > 0) {
    const auto now = world_.events.now();
    constexpr std::size_t packet_overhead = 54; // Ethernet, IP and TCP
    const auto takes = duration{static_cast<std::int64_t>(static_cast<double>(bytes + packet_overhead) * 1e9
                                                          / static_cast<double>(with.bytes_per_second))};
    on.busy_until = std::max(on.busy_until, now) + takes;
    out.delay += on.busy_until - now;
  }
  return out;
}

machine* network_fabric::find(const machine& from, const ip_address& address) const noexcept {
  const auto& all = world_.machines;
  if (address.is_loopback() || address.is_any()) return all[from.index].get();
  const auto& bytes = address.bytes();
  if (!address.is_v4() || bytes[12] != 10) return nullptr;
  const auto host =
    static_cast<std::size_t>(bytes[13]) << 16 | static_cast<std::size_t>(bytes[14]) << 8 | bytes[15];
  return host >= 1 && host <= all.size() ? all[host - 1].get() : nullptr;
}

// -- datagrams

void network_fabric::send_datagram(machine& from, const endpoint& source, const endpoint& to,
                                   std::span<const std::byte> payload) {
  const auto message = next_message();
  auto* target = find(from, to.address);
  const auto place = trace_place(from.index, source.port);
  const auto target_place = trace_place(target ? target->index : trace_event::no_node, to.port);
  world_.tracing.record(world_.elapsed(), trace_kind::send, from.index, place, target_place, message,
                        payload.size(), 0, "datagram");
  auto lose = [&](std::string_view why) {
    world_.tracing.record(world_.elapsed(), trace_kind::drop, from.index, place, target_place, message,
                          payload.size(), 0, why);
  };
  if (!target) return lose("no such host");
  const auto chance = pass(from, *target, payload.size());
  if (conditions(from, *target).cut) return lose("partition");
  if (chance.lost) return lose("loss");
  auto carry = [&](duration delay) {
    if (spare_datagrams_.empty() && datagrams_.size() >= most_datagrams) return lose("too many datagrams");
    if (spare_datagrams_.empty()) {
      datagrams_.push_back(std::make_unique<datagram_in_flight>(*this));
      spare_datagrams_.push_back(datagrams_.back().get());
    }
    auto& flight = *spare_datagrams_.back();
    spare_datagrams_.pop_back();
    flight.from = &from;
    flight.to = target;
    flight.source = source;
    flight.target = to;
    flight.message = message;
    if (flight.payload.capacity() == 0) flight.payload = take_buffer();
    flight.payload.assign(payload.begin(), payload.end());
    world_.events.add(flight, world_.events.now() + delay);
  };
  carry(chance.delay);
  if (chance.duplicated) carry(chance.duplicate_delay);
}

void network_fabric::arrived(datagram_in_flight& what) {
  const auto& link = conditions(*what.from, *what.to);
  if (link.clogged && !link.cut) {
    held_datagrams_.push_back(&what);
    return;
  }
  std::string_view why;
  bound_datagrams* bound = nullptr;
  if (link.cut)
    why = "partition";
  else if (!what.to->up())
    why = "node is off";
  else if (bound = what.to->session->ports->datagrams.find(what.target); !bound)
    why = "nobody is bound to the port";
  else if (!bound->put(what.source, what.payload, what.message))
    why = "receive buffer is full";
  if (!why.empty())
    world_.tracing.record(
      world_.elapsed(), trace_kind::drop, what.to->index, trace_place(what.from->index, what.source.port),
      trace_place(what.to->index, what.target.port), what.message, what.payload.size(), 0, why);
  spare_datagrams_.push_back(&what);
}

// -- streams

void network_fabric::keep(std::uint64_t id, std::shared_ptr<simulated_connection> what) {
  connections_.emplace(id, std::move(what));
}

void network_fabric::forget(std::uint64_t id) { connections_.erase(id); }

std::vector<std::shared_ptr<simulated_connection>> network_fabric::connections_of(const machine& at) const {
  std::vector<std::shared_ptr<simulated_connection>> out;
  for (const auto& [id, each] : connections_)
    if (&each->client.at() == &at || &each->server.at() == &at) out.push_back(each);
  return out;
}

void network_fabric::process_ended(machine& at) {
  for (const auto& each : connections_of(at)) {
    if (&each->client.at() == &at) each->client.close();
    if (&each->server.at() == &at) each->server.close();
  }
}

void network_fabric::power_lost(machine& at) {
  for (const auto& each : connections_of(at)) {
    if (&each->client.at() == &at) each->client.vanish();
    if (&each->server.at() == &at) each->server.vanish();
    each->settle();
  }
}

byte_buffer network_fabric::take_buffer() {
  if (spare_buffers_.empty()) return {};
  auto out = std::move(spare_buffers_.back());
  spare_buffers_.pop_back();
  return out;
}

void network_fabric::give_back(byte_buffer buffer) noexcept {
  if (spare_buffers_.size() >= spare_buffers || buffer.capacity() == 0 || buffer.capacity() > largest_spare)
    return;
  buffer.clear();
  spare_buffers_.push_back(std::move(buffer));
}

// -- clogged links

void network_fabric::hold(const std::weak_ptr<simulated_connection>& what) {
  held_connections_.push_back(what);
}

void network_fabric::release_held() {
  // Streams look for themselves whether the link is free.
  for (auto* each : std::exchange(held_datagrams_, {})) {
    if (conditions(*each->from, *each->to).clogged)
      held_datagrams_.push_back(each);
    else
      world_.events.add(*each,
                        world_.events.now() + pass(*each->from, *each->to, each->payload.size()).delay);
  }
  for (const auto& each : std::exchange(held_connections_, {}))
    if (const auto still = each.lock()) {
      still->client.go_on();
      still->server.go_on();
    }
}

} // namespace troupe
