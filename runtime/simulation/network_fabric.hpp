// What lies between simulated machines: it decides what becomes of each message, and carries datagrams and
// the parts of streams. Internal to the simulation.
#pragma once

#include "runtime/environment/event_loop.hpp"
#include "runtime/environment/network.hpp"
#include "runtime/environment/random_source.hpp"
#include "runtime/simulation/link_conditions.hpp"

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <vector>

namespace troupe {

class simulated_connection;
class datagram_in_flight;
class machine;
class stream_end;
struct world_parts;

// What chance decided for one message.
struct passage {
  bool lost = false;
  bool duplicated = false;
  bool reset = false;
  duration delay{};
  duration duplicate_delay{};
};

class network_fabric {
public:
  explicit network_fabric(world_parts& world);
  ~network_fabric();
  network_fabric(const network_fabric&) = delete;
  network_fabric& operator=(const network_fabric&) = delete;

  const link_conditions& conditions(const machine& from, const machine& to) const;

  // Draws what becomes of a message of `bytes`. Each direction between two machines has a random stream of
  // its own, and each message takes the same number of draws, so that what befalls one does not shift the
  // others.
  passage pass(const machine& from, const machine& to, std::size_t bytes);

  // The machine of an address, as seen from `from`; null: none.
  machine* find(const machine& from, const ip_address& address) const noexcept;

  std::uint64_t next_message() noexcept { return ++messages_; }

  // -- datagrams

  void send_datagram(machine& from, const endpoint& source, const endpoint& to,
                     std::span<const std::byte> payload);
  void arrived(datagram_in_flight& what);

  // -- streams

  // Keeps a connection until both ends are done with it and nothing of it is under way.
  void keep(std::uint64_t id, std::shared_ptr<simulated_connection> what);
  void forget(std::uint64_t id);
  std::uint64_t next_connection() noexcept { return ++connections_made_; }

  // The machine's process ended: its machine closes its ends of streams.
  void process_ended(machine& at);
  // The machine lost its power: its ends of streams are no more, and the other ends do not know.
  void power_lost(machine& at);

  // Buffers whose bytes were taken, to be filled again.
  byte_buffer take_buffer();
  void give_back(byte_buffer buffer) noexcept;

  // -- clogged links

  void hold(const std::weak_ptr<simulated_connection>& what);
  void release_held();

  // Where streams split what they hand over.
  random_source pieces;

  // -- names

  std::map<std::string, std::vector<ip_address>, std::less<>> hosts;
  std::map<std::string, std::vector<service_record>, std::less<>> services;

private:
  struct link {
    explicit link(random_source source) : random(std::move(source)) {}
    random_source random;
    monotonic_time busy_until{}; // with a limited bandwidth
  };

  link& link_of(const machine& from, const machine& to);
  std::vector<std::shared_ptr<simulated_connection>> connections_of(const machine& at) const;

  world_parts& world_;
  std::map<std::pair<std::uint32_t, std::uint32_t>, link> links_;
  std::vector<std::vector<link*>> known_links_; // the same, by index
  std::uint64_t messages_ = 0;
  std::uint64_t connections_made_ = 0;
  std::map<std::uint64_t, std::shared_ptr<simulated_connection>> connections_;
  std::vector<byte_buffer> spare_buffers_;
  std::vector<std::unique_ptr<datagram_in_flight>> datagrams_; // all there are
  std::vector<datagram_in_flight*> spare_datagrams_;           // those that are not under way
  std::vector<datagram_in_flight*> held_datagrams_;
  std::vector<std::weak_ptr<simulated_connection>> held_connections_;
};

} // namespace troupe
