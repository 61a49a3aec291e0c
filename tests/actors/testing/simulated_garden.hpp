// The services that the tests of the simulation use.
#pragma once

#include "garden.troupe.hpp"

#include <catch2/catch.hpp>

#include <troupe/testing.hpp>
#include <troupe/troupe.hpp>

namespace simulated_garden {

using namespace std::chrono_literals;
using troupe::simulation;
using troupe::status_code;
using troupe::task;
using troupe::visitor;

inline garden::Bucket bucket(unsigned litres) {
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

inline auto draw(unsigned litres) {
  return [litres](visitor& self) { return self.client<garden::Well>().draw(bucket(litres)); };
}

} // namespace simulated_garden
