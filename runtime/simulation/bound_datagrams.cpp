#include "runtime/simulation/bound_datagrams.hpp"

#include "runtime/simulation/bound_listener.hpp"
#include "runtime/simulation/port_table.hpp"
#include "runtime/simulation/world_parts.hpp"

#include <utility>

namespace troupe {

namespace {

// Linux: net.core.rmem_default.
constexpr std::size_t receive_buffer = 212'992;
// What the kernel counts for a datagram besides its bytes.
constexpr std::size_t datagram_overhead = 256;

} // namespace

bound_datagrams::bound_datagrams(std::shared_ptr<loop_core> loop, datagram_handler handler)
  : loop_(std::move(loop)), handler_(std::move(handler)) {}

bound_datagrams::~bound_datagrams() { close(); }

status bound_datagrams::bind(const endpoint& local) {
  if (auto own = check_own_address(loop_->on(), local.address); !own.ok()) return own;
  auto bound = loop_->session()->ports->datagrams.bind(local, *this);
  if (!bound) return bound.error();
  local_ = *bound;
  bound_ = true;
  return {};
}

void bound_datagrams::close() noexcept {
  if (!std::exchange(bound_, false)) return;
  loop_->session()->ports->datagrams.release(local_, *this);
  take_.withdraw();
  inbox_.clear();
}

status bound_datagrams::send(const endpoint& to, std::span<const std::byte> payload) {
  if (payload.size() > max_datagram_size)
    return invalid_argument("a datagram of {} bytes; at most {} fit", payload.size(), max_datagram_size);
  if (!bound_ || !loop_->alive()) return unavailable("the node is off");
  if (local_.address.is_loopback() && !to.address.is_loopback())
    return unavailable("no way from {} to {}", local_.to_string(), to.to_string());
  auto& here = loop_->on();
  const auto source = to.address.is_loopback() ? ip_address::loopback() : here.address;
  here.world.network.send_datagram(here, {source, local_.port}, to, payload);
  return {};
}

bool bound_datagrams::put(const endpoint& from, byte_buffer& payload, std::uint64_t message) {
  const auto size = payload.size() + datagram_overhead;
  if (inbox_bytes_ + size > receive_buffer) return false;
  inbox_bytes_ += size;
  inbox_.push_back({from, std::move(payload), message});
  loop_->add(take_);
  return true;
}

void bound_datagrams::take() {
  const auto keep = shared_from_this();
  auto& here = loop_->on();
  auto& world = here.world;
  auto next = std::move(inbox_.front());
  inbox_.pop_front();
  inbox_bytes_ -= next.payload.size() + datagram_overhead;
  if (!inbox_.empty()) loop_->add(take_);
  trace_hash content;
  content.add(std::span<const std::byte>{next.payload});
  const auto* sender = world.network.find(here, next.from.address);
  world.tracing.record(world.elapsed(), trace_kind::receive, here.index,
                       trace_place(sender ? sender->index : trace_event::no_node, next.from.port),
                       trace_place(here.index, local_.port), next.message, next.payload.size(),
                       content.value(), "datagram");
  handler_(next.from, next.payload);
  world.network.give_back(std::move(next.payload));
}

} // namespace troupe
