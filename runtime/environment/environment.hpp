// The one seam to the world. Whatever a node knows of time, chance, files and the network comes through here,
// so that the same node runs in production and in a simulation.
#pragma once

#include "runtime/environment/clock.hpp"
#include "runtime/environment/disk.hpp"
#include "runtime/environment/network.hpp"
#include "runtime/environment/random_source.hpp"

namespace troupe {

// References only: whoever made the world (real_environment, a simulation) owns it and outlives the node.
struct environment {
  troupe::clock& clock;
  // The root of a node's randomness. Const, because threads share it: take a stream of your own with split().
  const random_source& random;
  troupe::disk& disk;
  troupe::network& network;
};

} // namespace troupe
