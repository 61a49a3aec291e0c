// `sim_hash SEED`: the shop under all faults for a fixed virtual time; prints the hash of its trace, and
// nothing else.
#define CATCH_CONFIG_RUNNER
#include "tests/apps/shop_simulation/shop_cluster.hpp"

#include <charconv>
#include <iostream>

namespace {

using namespace shop_simulation;

std::uint64_t seed = 0;

} // namespace

TEST_CASE("the shop for a fixed virtual time") {
  auto options = shop_options();
  options.seed = seed;
  simulation sim{options};
  shop_diary diary;
  open_shop(sim, diary);
  sim.chaos(troupe::fault_profile::everything, 60s);
  sim.run_for(60s);
  std::cout << fmt::format("{:016x}", sim.trace_hash()) << std::endl;
}

int main(int count, char** arguments) {
  const std::string_view text = count == 2 ? arguments[1] : "";
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), seed);
  if (text.empty() || error != std::errc{} || end != text.data() + text.size()) {
    std::cerr << "usage: sim_hash SEED\n";
    return 2;
  }
  // The customers' assertions need a session; what it would say goes nowhere.
  Catch::Session session;
  session.configData().outputFilename = "/dev/null";
  return session.run();
}
