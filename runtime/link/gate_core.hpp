// The gate behind its handle: listens, dials, and decides which connections stand. Everything happens on its
// loop but for what says otherwise. Internal to this component.
#pragma once

#include "runtime/call/inline_execution.hpp"
#include "runtime/link/gate.hpp"
#include "runtime/link/gate_metrics.hpp"
#include "runtime/link/line_quota.hpp"
#include "runtime/link/peer_connection.hpp"
#include "runtime/link/remote_actors.hpp"
#include "runtime/telemetry/log.hpp"

#include <condition_variable>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <vector>

namespace troupe {

class gate::core final : private connection_owner {
public:
  core(gate_options options, environment world, caf::actor_system& system, troupe::directory& local,
       std::vector<const service_info*> services, peer_listener& listener, logging* logs, metrics* numbers);
  ~core() override;

  status open();
  void close(duration patience);

  // From any thread.
  event_loop& loop() noexcept { return *loop_; }
  const gate_options& options() const noexcept { return options_; }
  const std::optional<endpoint>& local_address() const noexcept { return local_; }
  remote_actors& actors() noexcept { return *actors_; }
  status check_address(const endpoint& peer) const;

  // On the loop.
  void keep_connected(std::string address);
  void forget(const std::string& address);
  void drain();
  std::vector<peer_report> peers() const;

private:
  // An address to keep a connection to.
  struct target {
    std::string address;
    std::string host;
    std::uint16_t port = 0;
    std::string node; // once known
    std::shared_ptr<peer_connection> dialed;
    std::unique_ptr<loop_timer> pending; // a pause, or an attempt under way
    unsigned failures = 0;
    std::optional<monotonic_time> connected_since; // the last time
    std::string last_failure;
    bool own = false; // it is this node itself
  };

  void dial(target& which);
  void resolved(const std::string& address, result<std::vector<ip_address>> found);
  void connect(target& which, const endpoint& peer);
  void dial_failed(target& which, const status& why);
  void dial_later(target& which);
  duration longest_pause(const target& which) const;
  void accepted(std::unique_ptr<byte_stream> stream);
  // Whether there is room for one more who dialed us.
  bool make_room();
  greeting own_greeting() const;
  std::shared_ptr<peer_connection> make_connection(std::unique_ptr<byte_stream> stream, bool accepted);
  target* target_of(const peer_connection& which);

  status on_greeting(peer_connection& which, const greeting& theirs) override;
  void on_established(peer_connection& which) override;
  void on_stranger_bytes(std::ptrdiff_t change) override;
  void on_draining(peer_connection& which) override;
  void on_gone(peer_connection& which, const status& why) override;
  status check_actor_node(const greeting& theirs) const;
  // Whether another process of a connected node's name takes its place.
  status check_successor(peer_connection& old, const greeting& theirs);
  status check_certificate(const peer_connection& which, const greeting& theirs) const;
  void tell_empty();
  void complain(const endpoint& peer, std::string_view node, const status& why);

  gate_options options_;
  environment world_;
  caf::actor_system& system_;
  troupe::directory& directory_;
  std::vector<const service_info*> services_;
  peer_listener& listener_;
  logger log_;
  gate_metrics metrics_;
  random_source random_;
  stream_credentials_ptr credentials_;
  std::optional<endpoint> local_;
  std::unique_ptr<event_loop> loop_;

  // On the loop.
  std::unique_ptr<inline_execution> inline_unit_;
  std::unique_ptr<remote_actors> actors_;
  std::unique_ptr<connection_surroundings> around_;
  std::unique_ptr<stream_listener> listening_;
  std::map<std::string, target, std::less<>> targets_;
  std::map<std::string, std::shared_ptr<peer_connection>, std::less<>> established_; // by node
  // By age, and not by address, which would be another order in each run.
  struct older {
    bool operator()(const std::shared_ptr<peer_connection>& a,
                    const std::shared_ptr<peer_connection>& b) const noexcept {
      return a->number() < b->number();
    }
  };
  using connections_by_age = std::set<std::shared_ptr<peer_connection>, older>;
  connections_by_age connections_;
  connections_by_age strangers_; // accepted, and not established
  std::size_t stranger_bytes_ = 0;
  std::uint32_t accepted_ = 0; // those of the connections that were
  std::uint64_t connections_made_ = 0;
  line_quota refusal_lines_; // by address and reason
  line_quota peer_lines_;    // about connections that stood, by address and what became of them
  std::shared_ptr<int> alive_ = std::make_shared<int>(0); // for look-ups that answer on other threads
  bool draining_ = false;
  bool closing_ = false;

  // close() waits here for the last connection.
  std::mutex emptied_mutex_;
  std::condition_variable emptied_;
  bool empty_ = false;
};

} // namespace troupe
