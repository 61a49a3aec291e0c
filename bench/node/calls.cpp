// Rows that need one process only: a call on the same node beside a bare CAF request, and the memory of an idle actor.
#include "actors/host/node.hpp"
#include "actors/service/service_actor.hpp"
#include "bench/node/quotes_handler.hpp"
#include "runtime/environment/real_environment.hpp"

#include <caf/all.hpp>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <future>
#include <malloc.h>
#include <vector>

using namespace troupe;

namespace {

constexpr int calls_a_round = 200'000;
constexpr int rounds = 9;

double seconds_since(std::chrono::steady_clock::time_point began) {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - began).count();
}

// What the message of a bare CAF request carries: the same shared messages as a call of ours.
using request_ptr = std::shared_ptr<const bench::GetQuote>;
using reply_ptr = std::shared_ptr<const bench::Quote>;

} // namespace

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(request_ptr)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(reply_ptr)

namespace {

caf::behavior bare_server(caf::event_based_actor*) {
  return {[](const request_ptr& request) -> reply_ptr {
    return std::make_shared<const bench::Quote>(bench::quote_of(request->id()));
  }};
}

bench::GetQuote request_of(const char* id) {
  bench::GetQuote out;
  out.set_id(id);
  return out;
}

struct bare_client {
  caf::event_based_actor* self;
  caf::actor server;
  int left;
  std::promise<void>* done;

  void next() {
    if (left-- == 0) {
      done->set_value();
      self->quit();
      return;
    }
    self->request(server, caf::infinite, request_ptr{std::make_shared<const bench::GetQuote>(request_of("42"))})
      .then([this](const reply_ptr&) { next(); });
  }
};

double bare_round(caf::actor_system& system, const caf::actor& server) {
  std::promise<void> done;
  const auto began = std::chrono::steady_clock::now();
  system.spawn([&](caf::event_based_actor* self) -> caf::behavior {
    auto client = std::make_shared<bare_client>(bare_client{self, server, calls_a_round, &done});
    self->attach_functor([client] {});
    client->next();
    return {[](int) {}};
  });
  done.get_future().wait();
  return seconds_since(began) / calls_a_round * 1e9;
}

double our_round(node& on) {
  const auto began = std::chrono::steady_clock::now();
  auto outcome = on.run([](visitor& self) -> task<> {
                     for (int i = 0; i < calls_a_round; ++i) co_await self.client<bench::Quotes>().get(request_of("42"));
                   })
                   .get();
  if (!outcome) {
    std::fprintf(stderr, "a call failed: %s\n", outcome.error().to_string().c_str());
    std::exit(1);
  }
  return seconds_since(began) / calls_a_round * 1e9;
}

double median(std::vector<double> of) {
  std::sort(of.begin(), of.end());
  return of[of.size() / 2];
}

void measure_calls(node& on) {
  auto server = on.system().spawn(bare_server);
  std::vector<double> ours, bare, ratios;
  for (int round = -1; round < rounds; ++round) {
    const auto a = our_round(on);
    const auto b = bare_round(on.system(), server);
    if (round < 0) continue; // warm-up
    ours.push_back(a);
    bare.push_back(b);
    ratios.push_back(a / b);
  }
  caf::anon_send_exit(server, caf::exit_reason::kill);
  std::printf(R"({"name": "call on one node, beside a bare CAF request", "unit": "ns", "ours": %.0f, "peer": %.0f, )"
              R"("ratio": %.3f, "target": "<= 1.25"})"
              "\n",
              median(ours), median(bare), median(ratios));
}

void measure_memory(node& on) {
  constexpr int actors = 10'000;
  std::vector<caf::actor> spawned;
  spawned.reserve(actors);
  std::promise<void> ready;
  std::atomic<int> left = actors;
  const auto before = mallinfo2().uordblks;
  for (int i = 0; i < actors; ++i)
    spawned.push_back(spawn_service(on.system(), {.name = "bench.Quotes/0",
                                                  .make = [] { return std::make_unique<bench::quotes>(); },
                                                  .node = &on.services(),
                                                  .on_ready =
                                                    [&](caf::event_based_actor*) {
                                                      if (--left == 0) ready.set_value();
                                                    }}));
  ready.get_future().wait();
  const auto each = static_cast<double>(mallinfo2().uordblks - before) / actors;
  for (auto& actor : spawned) caf::anon_send_exit(actor, caf::exit_reason::kill);
  std::printf(R"({"name": "memory of an idle service actor", "unit": "bytes", "ours": %.0f, "peer": null, )"
              R"("ratio": %.0f, "target": "<= 2048"})"
              "\n",
              each, each);
}

} // namespace

int main() {
  real_environment world;
  std::vector<service_module> modules;
  modules.push_back(module<bench::quotes>());
  auto started = node::start({}, world.get(), nullptr, nullptr, std::move(modules));
  if (!started) return 1;
  measure_calls(**started);
  measure_memory(**started);
}
