#include "apps/troupe/command_line.hpp"

#include <iostream>

int main(int argc, char** argv) {
  return troupe::cli::run({argv + std::min(argc, 1), argv + argc}, std::cout, std::cerr);
}
