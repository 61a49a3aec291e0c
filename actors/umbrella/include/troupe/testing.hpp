// Everything that tests of services need: link troupe::testing. Include it after <catch2/catch.hpp>, and
// Catch2 shows what a result<T> holds when a check on it fails, and simulate() learns of checks that fail; it
// needs no test framework, and works with any.
#pragma once

#include "actors/testing/simulate.hpp"
#include "actors/testing/simulation.hpp"
#include "actors/testing/test_node.hpp"
#include "runtime/linearizability/linearizability.hpp"

#ifdef CATCH_VERSION_MAJOR
#include "actors/testing/catch.hpp"
#endif
