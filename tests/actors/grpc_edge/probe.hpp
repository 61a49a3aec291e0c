// A service behind an edge in the test's hands: every frame that reaches the callee can be waited for and
// answered.
#pragma once

#include "actors/grpc_edge/grpc_edge.hpp"
#include "probe.grpc.pb.h"
#include "runtime/environment/real_environment.hpp"

#include <caf/actor_system.hpp>
#include <caf/actor_system_config.hpp>
#include <grpcpp/grpcpp.h>

#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <optional>

namespace troupe::probe {

extern const service_info probe_service_info;

message_ptr item(std::string text, int number = 0);
std::string text_of(const message_ptr& message);

// The callee end. Frames go to `on_frame` when it is set (on gRPC's threads), else into a queue.
class callee final : public call_end {
public:
  void deliver(frame what) noexcept override;

  // The next queued frame; fails the test when none comes within a minute.
  frame next();
  // The next, which must be of this kind.
  frame next(frame_kind kind);

  // Forgets the frames that nobody asked for: each holds its call, which holds this end.
  void clear();

  // Set before the first call.
  std::function<void(frame)> on_frame;

private:
  std::mutex mutex_;
  std::condition_variable came_;
  std::deque<frame> frames_;
};

// Plays every service with one end; a null end refuses.
class one_route final : public directory, public service_route {
public:
  explicit one_route(call_end_ptr end) : end_(std::move(end)) {}
  service_route& route(std::string_view) override { return *this; }
  result<call_end_ptr> choose(const call& what) noexcept override {
    if (!end_) return unavailable("nobody plays {}", what.method().service->name);
    return end_;
  }
  result<call_end_ptr> choose_other(const call& what, std::span<const call_end_ptr>) noexcept override {
    if (on_other) on_other();
    return choose(what);
  }

  // Called before a callee is chosen for a call that is made again. Set before the first call.
  std::function<void()> on_other;

private:
  call_end_ptr end_;
};

// The least that a client needs: a connection of its own to the edge.
std::shared_ptr<grpc::Channel> connect(std::uint16_t port, grpc::ChannelArguments arguments = {});

struct node {
  using adjust = std::function<void(grpc_edge_options&, grpc_edge_dependencies&)>;
  explicit node(const adjust& change = {});
  ~node();

  std::unique_ptr<Probe::Stub> stub() { return Probe::NewStub(connect(edge->port())); }

  caf::actor_system_config configuration;
  caf::actor_system system;
  real_environment world;
  boost::intrusive_ptr<callee> service{new callee};
  one_route directory{service};
  std::vector<std::string> warnings; // guarded by warnings_mutex
  std::mutex warnings_mutex;
  std::unique_ptr<grpc_edge> edge;
};

// A client context that gives up after a long time, so that a failing test ends.
struct patient : grpc::ClientContext {
  patient();
};

} // namespace troupe::probe
