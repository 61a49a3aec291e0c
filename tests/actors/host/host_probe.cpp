// The program that run_test.py drives.
#include "actors/host/run.hpp"
#include "tests/actors/host/probe_modules.hpp"

#include <cstring>

int main(int argc, char** argv) {
  auto events = std::make_shared<probe_test::diary>();
  if (argc > 1 && std::strcmp(argv[1], "--refuse") == 0)
    return troupe::run(argc - 1, argv + 1, troupe::module<probe_test::first>(events),
                       troupe::module<probe_test::refuses_to_start>());
  return troupe::run(argc, argv, troupe::module<probe_test::first>(events),
                     troupe::module<probe_test::second>(events));
}
