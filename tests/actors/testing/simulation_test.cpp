// simulation: what authors' tests of clusters rely on.
#include "garden.troupe.hpp"

#include <catch2/catch.hpp>

#include <troupe/testing.hpp>
#include <troupe/troupe.hpp>

namespace {

using namespace std::chrono_literals;
using troupe::simulation;
using troupe::status_code;
using troupe::task;
using troupe::visitor;

garden::Bucket bucket(unsigned litres) {
  garden::Bucket out;
  out.set_litres(litres);
  return out;
}

// 0 litres never come, 1 litre breaks the rope, more than 9 are refused; tells how much was drawn so far.
class well final : public garden::WellHandler {
  task<garden::Bucket> draw(const garden::Bucket& wanted) override {
    if (wanted.litres() == 0) co_await sleep_for(24h);
    if (wanted.litres() == 1) throw std::runtime_error("the rope broke");
    if (wanted.litres() > 9) co_return troupe::out_of_range("a bucket holds 9 litres");
    log().info("drawn", {{"litres", wanted.litres()}});
    co_return bucket(drawn_ += wanted.litres());
  }

  unsigned drawn_ = 0;
};

auto draw(unsigned litres) {
  return [litres](visitor& self) { return self.client<garden::Well>().draw(bucket(litres)); };
}

} // namespace

TEST_CASE("a client calls a service on another node") {
  simulation sim{{.nodes = 3, .seed = 7}};
  sim.install_on({1}, troupe::module<well>());
  sim.start();
  CHECK(sim.together());
  auto reply = sim.run(draw(4));
  REQUIRE(reply);
  CHECK(reply->litres() == 4);
  CHECK(sim.run(draw(10)).error() == troupe::out_of_range("a bucket holds 9 litres"));
  CHECK(sim.now() < 10s);
}
