// How fast a simulated world goes: actors that talk by messages, requests and timers, on nodes that talk by
// streams and datagrams, with the hash on; and what it costs to create and to crash a node.
#include "actors/testing/simulation.hpp"

#include "apps/shop/catalog.hpp"
#include "apps/shop/inventory.hpp"
#include "apps/shop/orders.hpp"
#include "apps/shop/payments.hpp"
#include "runtime/simulation/fault_run.hpp"
#include "runtime/simulation/world.hpp"

#include <caf/all.hpp>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <functional>
#include <memory>
#include <string>
#include <vector>

using namespace troupe;
using namespace std::chrono_literals;

namespace {

using tick_atom = caf::atom_constant<caf::atom("tick")>;
using call_atom = caf::atom_constant<caf::atom("call")>;
using echo_atom = caf::atom_constant<caf::atom("echo")>;

constexpr std::uint16_t stream_port = 4000;

// Of this program's own time on a processor: it has one thread, and what else the machine does is not to
// count.
double seconds_since(std::clock_t began) {
  return static_cast<double>(std::clock() - began) / CLOCKS_PER_SEC;
}

// A connection that sends back what it is sent, or counts what comes back.
class chat final : public stream_handler {
public:
  chat(std::unique_ptr<byte_stream> stream, bool answers) : stream_(std::move(stream)), answers_(answers) {
    stream_->begin(*this);
  }
  void say(std::span<const std::byte> bytes) {
    if (busy_ || closed_) return;
    busy_ = true;
    spare_.assign(bytes.begin(), bytes.end());
    stream_->write(std::move(spare_));
  }
  void on_bytes(std::span<const std::byte> bytes) override {
    if (answers_) say(bytes);
  }
  void on_drained(byte_buffer spent) override {
    spare_ = std::move(spent);
    busy_ = false;
  }
  void on_closed(const status&) override { closed_ = true; }
  bool closed() const { return closed_; }

private:
  std::unique_ptr<byte_stream> stream_;
  const bool answers_;
  byte_buffer spare_;
  bool busy_ = false;
  bool closed_ = false;
};

caf::behavior echo(caf::event_based_actor*) {
  return {[](echo_atom, std::uint32_t n) { return n; }};
}

// Each node: a front actor that asks a back actor by request, four drivers that ask the front on timers, one
// loop with a stream to the next node, one socket.
class busy_program final : public simulated_program {
public:
  explicit busy_program(simulated_node& node)
    : around_(node.surroundings()), config_(configured(node)), system_(*config_),
      chance_(around_.random.split("busy")), loop_(around_.network.open_loop("link")) {
    auto back = system_.spawn(echo);
    auto front = system_.spawn([back](caf::event_based_actor* self) -> caf::behavior {
      return {[=](call_atom, std::uint32_t n) {
        auto promise = self->make_response_promise<std::uint32_t>();
        self->request(back, 1s, echo_atom::value, n).then([promise](std::uint32_t m) mutable {
          promise.deliver(m);
        });
        return promise;
      }};
    });
    for (int i = 0; i < 4; ++i)
      system_.spawn([front, chance = std::make_shared<random_source>(chance_.split("driver", i))](
                      caf::event_based_actor* self) -> caf::behavior {
        self->send(self, tick_atom::value);
        return {[=](tick_atom) {
          for (std::uint32_t n = 0; n < 4; ++n)
            self->request(front, 1s, call_atom::value, n).then([](std::uint32_t) {});
          self->delayed_send(self, std::chrono::microseconds{500 + chance->below(1000)}, tick_atom::value);
        }};
      });
    socket_ = std::move(*around_.network.open_datagram({node.address(), 1000}, [](const endpoint&, auto) {}));
    listener_ =
      std::move(*loop_->listen({node.address(), stream_port}, {},
                               [this](std::unique_ptr<byte_stream> stream) {
                                 std::erase_if(guests_, [](const auto& each) { return each->closed(); });
                                 guests_.push_back(std::make_unique<chat>(std::move(stream), true));
                               },
                               {}));
    next_ = {ip_address::v4(10, 0, 0, static_cast<std::uint8_t>(1 + (node.index() + 1) % 5)), stream_port};
    tick();
  }

private:
  static std::unique_ptr<caf::actor_system_config> configured(simulated_node& node) {
    auto out = std::make_unique<caf::actor_system_config>();
    node.configure(*out);
    return out;
  }

  void tick() {
    timer_ = loop_->after(std::chrono::microseconds{500 + chance_.below(1000)}, [this] {
      const std::byte bytes[64]{};
      static_cast<void>(socket_->send({next_.address, 1000}, bytes));
      if (peer_ && peer_->closed()) peer_.reset();
      if (peer_)
        peer_->say(bytes);
      else if (!connecting_)
        connecting_ = loop_->connect(next_, nullptr, 1s, [this](result<std::unique_ptr<byte_stream>> made) {
          connecting_.reset();
          if (made) peer_ = std::make_unique<chat>(std::move(*made), false);
        });
      tick();
    });
  }

  environment around_;
  const std::unique_ptr<caf::actor_system_config> config_;
  caf::actor_system system_;
  random_source chance_;
  std::unique_ptr<event_loop> loop_;
  std::unique_ptr<datagram_socket> socket_;
  std::unique_ptr<stream_listener> listener_;
  std::vector<std::unique_ptr<chat>> guests_;
  endpoint next_;
  std::unique_ptr<loop_timer> connecting_;
  std::unique_ptr<chat> peer_;
  std::unique_ptr<loop_timer> timer_;
};

void add_nodes(world& in) {
  for (const char* name : {"a", "b", "c", "d", "e"})
    in.add_node(name, [](simulated_node& node) { return std::make_unique<busy_program>(node); });
  for (const auto& each : in.nodes())
    in.boot(*each);
}

double median(std::vector<double> of) {
  std::sort(of.begin(), of.end());
  return of[of.size() / 2];
}

double deliveries_a_second(duration span, const fault_plan& faults) {
  world in{{.seed = 7}};
  add_nodes(in);
  static_cast<void>(run_faults(in, faults));
  const auto began = std::clock();
  in.run_for(span);
  return static_cast<double>(in.deliveries()) / seconds_since(began);
}

// The node loses its power, boots, and its actors begin: microseconds.
double life_of_a_node() {
  world in;
  add_nodes(in);
  auto& node = *in.nodes().front();
  in.run_for(1ms);
  constexpr int lives = 2000;
  const auto began = std::clock();
  for (int i = 0; i < lives; ++i) {
    in.crash(node);
    in.boot(node);
    in.run_for(10us);
  }
  return seconds_since(began) / lives * 1e6;
}

// Places an order each second, whatever becomes of it.
task<> buy_and_buy(visitor& self, int orders) {
  for (int number = 0; number < orders; ++number) {
    shop::PlaceOrderRequest request;
    request.set_order_id("order-" + std::to_string(number));
    request.set_customer_id("ada");
    request.mutable_payment()->mutable_card()->set_number("4242424242424242");
    request.mutable_payment()->mutable_card()->set_expiry("12/40");
    auto& item = *request.add_items();
    item.set_product_id("hamlet");
    item.set_quantity(1);
    (void)co_await self.client<shop::Orders>().place(request).as_result();
    co_await self.sleep_for(1s);
  }
}

// How many seconds of the shop on five nodes, with a customer, a second of processor time simulates.
double virtual_seconds_a_second(duration span) {
  simulation_options options;
  options.nodes = 5;
  options.seed = 11;
  simulation sim{options};
  sim.install_on({0}, module<shop::orders>())
    .install_on({1, 2}, module<shop::catalog>())
    .install_on({3}, module<shop::inventory>())
    .install_on({4}, module<shop::payments>());
  sim.start();
  const auto seconds = static_cast<int>(span / 1s);
  sim.spawn([seconds](visitor& self) { return buy_and_buy(self, seconds); });
  sim.chaos(fault_profile::everyday, span);
  const auto began = std::clock();
  sim.run_for(span);
  return seconds / seconds_since(began);
}

void row(const char* name, const char* unit, double value, double goal, bool at_least) {
  std::printf(R"({"name": "%s", "unit": "%s", "ours": %.0f, "ratio": %.3f, "target": "%s %.0f"})"
              "\n",
              name, unit, value, value, at_least ? ">=" : "<=", goal);
}

} // namespace

// With an argument: only runs that many virtual seconds, for a profiler.
int main(int argc, char** argv) {
  if (argc > 1) {
    const auto speed = deliveries_a_second(std::chrono::seconds{std::atoi(argv[1])}, {});
    std::printf("%.0f deliveries/s\n", speed);
    return 0;
  }
  const auto span = 10s;
  std::vector<std::string> names{"a", "b", "c", "d", "e"};
  const auto faults = plan_faults(fault_profile::everyday, 7, names, span);
  std::vector<double> calm;
  std::vector<double> troubled;
  std::vector<double> lives;
  std::vector<double> shops;
  for (int round = 0; round < 5; ++round) {
    calm.push_back(deliveries_a_second(span, {}));
    troubled.push_back(deliveries_a_second(span, faults));
    lives.push_back(life_of_a_node());
    shops.push_back(virtual_seconds_a_second(120s));
  }
  row("simulated deliveries, 5 nodes", "1/s", median(calm), 1e6, true);
  row("simulated deliveries, 5 nodes under everyday faults", "1/s", median(troubled), 1e6, true);
  row("seconds of the shop on 5 nodes under everyday faults, a second", "s", median(shops), 1000, true);
  row("crash and boot of a simulated node", "us", median(lives), 1000, false);
}
