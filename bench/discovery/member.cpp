// One member of a live cluster, as a node has it, which says when it sees others come and go. Ends with its
// input.
//
//   bench_discovery_member NAME ADDRESS SEED ALPHA      prints "joined|died|left NAME NANOSECONDS"
#include "discovery/cluster/cluster_member.hpp"
#include "runtime/environment/real_environment.hpp"

#include <fmt/format.h>

#include <cstdio>
#include <cstdlib>
#include <string>

using namespace troupe;

namespace {

constexpr std::uint16_t gossip_port = 7946;

class reporter final : public cluster_listener {
public:
  explicit reporter(const environment& world) : world_(world) {}

  void on_member(const member_event& what) override {
    fmt::print("{} {} {}\n", to_string(what.kind), what.record.name,
               std::chrono::nanoseconds{world_.clock.wall_now().time_since_epoch()}.count());
    std::fflush(stdout);
  }
  void on_services(const std::vector<registry_change>&, const registry_snapshot_ptr&) override {}
  void on_refused(const status& why) override { fmt::print("refused {}\n", why.to_string()); }
  void on_split_brain(const split_brain_decision&, split_brain_loss) override {}

private:
  environment world_;
};

} // namespace

int main(int argc, char** argv) {
  if (argc != 5) {
    std::fputs("usage: bench_discovery_member NAME ADDRESS SEED ALPHA\n", stderr);
    return 2;
  }
  real_environment machine;
  const auto world = machine.get();
  reporter listener{world};
  cluster_member_options options;
  options.node = argv[1];
  options.process =
    static_cast<std::uint64_t>(std::chrono::nanoseconds{world.clock.wall_now().time_since_epoch()}.count());
  const auto address = ip_address::parse(argv[2]);
  const auto seed = ip_address::parse(argv[3]);
  if (!address || !seed) return 2;
  options.transport.listen = {*address, gossip_port};
  options.transport.trusted_network = true; // the peer does not encrypt either
  options.membership.suspicion_alpha = std::strtod(argv[4], nullptr);
  seed_entry entry;
  entry.address = {*seed, gossip_port};
  options.seeds.entries = {entry};
  auto member = cluster_member::start(options, world, listener, nullptr, nullptr);
  if (!member) {
    fmt::print(stderr, "{}\n", member.error().to_string());
    return 1;
  }
  while (std::getchar() != EOF) {
  }
  return 0;
}
