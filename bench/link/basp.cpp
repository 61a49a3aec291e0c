// Plain CAF actors over CAF's own protocol: `bench_link_basp serve` prints its port, `bench_link_basp drive
// PORT` measures. The scheduler is the one that a node of Troupe sets.
#include "bench/link/plain_actors.hpp"

#include <caf/io/all.hpp>

#include <cstdlib>
#include <cstring>
#include <thread>

namespace {

void configure(caf::actor_system_config& config) {
  config.load<caf::io::middleman>();
  config.set("scheduler.policy", caf::atom("sharing"));
  config.set("scheduler.max-threads",
             static_cast<std::size_t>(std::max(1u, std::thread::hardware_concurrency())));
}

int complain(const caf::error& why) {
  std::fprintf(stderr, "%s\n", caf::to_string(why).c_str());
  return 1;
}

int serve() {
  caf::actor_system_config config;
  configure(config);
  caf::actor_system system{config};
  const auto port = system.middleman().publish(system.spawn(bench::receiver), 0, "127.0.0.1");
  if (!port) return complain(port.error());
  std::printf("%d\n", *port);
  std::fflush(stdout);
  std::getchar(); // until whoever started it closes its input
  std::_Exit(0);
}

int drive(std::uint16_t port) {
  caf::actor_system_config config;
  configure(config);
  caf::actor_system system{config};
  const auto server = system.middleman().remote_actor("127.0.0.1", port);
  if (!server) return complain(server.error());
  const auto code = bench::answer_measurements({
    {"one_way", [&](std::uint64_t count) { return bench::one_way_between_actors(system, *server, count); }},
    {"round_trip",
     [&](std::uint64_t count) { return bench::round_trip_between_actors(system, *server, count); }},
  });
  std::_Exit(code);
}

} // namespace

int main(int argc, char** argv) {
  if (argc == 2 && std::strcmp(argv[1], "serve") == 0) return serve();
  if (argc == 3 && std::strcmp(argv[1], "drive") == 0)
    return drive(static_cast<std::uint16_t>(std::atoi(argv[2])));
  return 2;
}
