#include "runtime/simulation/connect_attempt.hpp"

#include "runtime/simulation/bound_listener.hpp"
#include "runtime/simulation/connection.hpp"
#include "runtime/simulation/port_table.hpp"
#include "runtime/simulation/world_parts.hpp"

#include <algorithm>
#include <utility>

namespace troupe {

namespace {

// RFC 6298 section 2: the first time-out before anything is known of the way.
constexpr duration first_retry = std::chrono::seconds{1};

} // namespace

connect_attempt::connect_attempt(std::shared_ptr<loop_core> loop, const endpoint& peer, bool secured,
                                 duration timeout, connect_handler then)
  : loop_(std::move(loop)), peer_(peer), secured_(secured),
    give_up_(loop_->on().world.events.now()
             + std::clamp(timeout, duration::zero(), duration{std::chrono::hours{24}})),
    refused_when_off_(loop_->on().world.network.pieces.chance(0.5)), then_(std::move(then)) {
  if (!loop_->alive()) return;
  auto& events = loop_->on().world.events;
  events.add(due_, std::min(give_up_, events.now() + std::chrono::microseconds{50}));
}

connect_attempt::~connect_attempt() { tell_.withdraw(); }

void connect_attempt::due() {
  if (!loop_->alive()) return;
  if (loop_->on().world.events.now() >= give_up_) {
    finish(unavailable("no answer from {} in time", peer_.to_string()));
    return;
  }
  switch (stage_) {
  case stage::asking:
    ask();
    return;
  case stage::refused:
    finish(unavailable("{} refuses the connection", peer_.to_string()));
    return;
  case stage::accepted:
    establish();
    return;
  }
}

void connect_attempt::ask_again() {
  auto& events = loop_->on().world.events;
  const auto wait = first_retry * (std::int64_t{1} << std::min<std::uint32_t>(retries_++, 6));
  events.add(due_, std::min(give_up_, events.now() + wait));
}

void connect_attempt::answer_after(duration delay, stage with) {
  stage_ = with;
  auto& events = loop_->on().world.events;
  events.add(due_, std::min(give_up_, events.now() + delay));
}

void connect_attempt::ask() {
  auto& here = loop_->on();
  auto& network = here.world.network;
  auto* there = network.find(here, peer_.address);
  if (!there) {
    ask_again(); // nobody answers at such an address
    return;
  }
  const auto way = network.pass(here, *there, 0);
  const auto back = network.pass(*there, here, 0);
  const auto& to = network.conditions(here, *there);
  const auto& from = network.conditions(*there, here);
  if (to.cut || to.clogged || from.cut || from.clogged || way.lost || back.lost) {
    ask_again();
    return;
  }
  const auto round_trip = way.delay + back.delay;
  if (!there->up()) {
    if (there->powered || refused_when_off_)
      answer_after(round_trip, stage::refused);
    else
      ask_again();
    return;
  }
  auto* listener = there->session->ports->streams.find(peer_);
  if (!listener) {
    answer_after(round_trip, stage::refused);
    return;
  }
  listener_ = listener->weak_from_this();
  answer_after(round_trip, stage::accepted);
}

void connect_attempt::establish() {
  const auto listener = listener_.lock();
  auto& here = loop_->on();
  auto& network = here.world.network;
  auto* there = network.find(here, peer_.address);
  if (!listener || !there || !listener->loop()->alive()) {
    finish(unavailable("{} refuses the connection", peer_.to_string()));
    return;
  }
  if (secured_ != listener->secured()) {
    finish(secured_ ? unauthenticated("{} does not speak TLS", peer_.to_string())
                    : unauthenticated("{} asks for TLS", peer_.to_string()));
    return;
  }
  const endpoint source{peer_.address.is_loopback() ? peer_.address : here.address,
                        loop_->session()->ports->next_client_port()};
  auto made = std::make_shared<simulated_connection>(network.next_connection(), here, loop_, source, *there,
                                                     listener->loop(), peer_);
  network.keep(made->id, made);
  if (secured_) {
    made->client.set_peer_names({there->name});
    made->server.set_peer_names({here.name});
  }
  made->server.set_listener(listener);
  made->client.send_establish();
  finish(std::unique_ptr<byte_stream>{std::make_unique<simulated_stream>(made, made->client)});
}

void connect_attempt::finish(result<std::unique_ptr<byte_stream>> outcome) {
  outcome_.emplace(std::move(outcome));
  loop_->add(tell_);
}

void connect_attempt::tell() {
  // Whoever is told may destroy this.
  auto then = std::move(then_);
  auto outcome = std::move(*outcome_);
  outcome_.reset();
  then(std::move(outcome));
}

} // namespace troupe
