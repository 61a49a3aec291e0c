#include "tests/actors/grpc_edge/probe.hpp"

#include <catch2/catch.hpp>

#include <array>
#include <grpc/support/time.h>

namespace troupe::probe {

namespace {

std::shared_ptr<google::protobuf::Message> new_item() { return std::make_shared<Item>(); }

const google::protobuf::ServiceDescriptor* find_descriptor() {
  return Item::descriptor()->file()->FindServiceByName("Probe");
}

constexpr method_info method(std::uint16_t index, std::string_view name, std::string_view full_name,
                             std::string_view path, method_kind kind) {
  return {.service = &probe_service_info,
          .index = index,
          .name = name,
          .full_name = full_name,
          .path = path,
          .kind = kind,
          .new_request = new_item,
          .new_reply = new_item};
}

const std::array<method_info, 4> methods{{
  method(0, "One", "troupe.probe.Probe.One", "/troupe.probe.Probe/One", method_kind::unary),
  method(1, "Down", "troupe.probe.Probe.Down", "/troupe.probe.Probe/Down", method_kind::server_streaming),
  method(2, "Up", "troupe.probe.Probe.Up", "/troupe.probe.Probe/Up", method_kind::client_streaming),
  method(3, "Both", "troupe.probe.Probe.Both", "/troupe.probe.Probe/Both", method_kind::bidirectional),
}};

} // namespace

const service_info probe_service_info{
  .name = "troupe.probe.Probe", .methods = methods, .find_descriptor = find_descriptor};

message_ptr item(std::string text, int number) {
  auto out = std::make_shared<Item>();
  out->set_text(std::move(text));
  out->set_number(number);
  return out;
}

std::string text_of(const message_ptr& message) {
  return message ? static_cast<const Item&>(*message).text() : std::string{"(no message)"};
}

void callee::deliver(frame what) noexcept {
  if (on_frame) return on_frame(std::move(what));
  std::lock_guard guard{mutex_};
  frames_.push_back(std::move(what));
  came_.notify_one();
}

frame callee::next() {
  std::unique_lock lock{mutex_};
  if (!came_.wait_for(lock, std::chrono::minutes{1}, [this] { return !frames_.empty(); }))
    throw std::runtime_error{"no frame reached the callee"};
  auto out = std::move(frames_.front());
  frames_.pop_front();
  return out;
}

void callee::clear() {
  std::lock_guard guard{mutex_};
  frames_.clear();
}

frame callee::next(frame_kind kind) {
  auto out = next();
  if (out.kind != kind)
    throw std::runtime_error{"expected a frame of kind " + std::to_string(static_cast<int>(kind)) + ", got "
                             + std::to_string(static_cast<int>(out.kind))};
  return out;
}

std::shared_ptr<grpc::Channel> connect(std::uint16_t port, grpc::ChannelArguments arguments) {
  // Channels of one process share connections otherwise, and so each other's fate.
  arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
  return grpc::CreateCustomChannel("127.0.0.1:" + std::to_string(port), grpc::InsecureChannelCredentials(),
                                   arguments);
}

node::node(const adjust& change) : system(configuration) {
  grpc_edge_options options;
  grpc_edge_dependencies dependencies{.system = system,
                                      .directory = directory,
                                      .clock = world.get().clock,
                                      .warn = [this](std::string_view what) {
                                        std::lock_guard guard{warnings_mutex};
                                        warnings.emplace_back(what);
                                      }};
  if (change) change(options, dependencies);
  const service_info* services[] = {&probe_service_info};
  auto started = grpc_edge::start(std::move(options), services, std::move(dependencies));
  if (!started) throw std::runtime_error{started.error().to_string()};
  edge = std::move(*started);
}

node::~node() {
  edge.reset();
  service->clear();
}

patient::patient() {
  set_deadline(gpr_time_add(gpr_now(GPR_CLOCK_REALTIME), gpr_time_from_seconds(30, GPR_TIMESPAN)));
}

} // namespace troupe::probe
