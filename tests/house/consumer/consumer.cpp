#include "greeting.troupe.hpp"
#include "runtime/core/result.hpp"

#include <cstdio>

int main() {
  const auto* method = greeting::Greeter::info().find_method("Greet");
  if (method == nullptr || !method->may_repeat()) return 1;
  std::printf("%s\n", std::string(method->path).c_str());
  return 0;
}
