#include "greeting.troupe.hpp"

#include <cstdio>
#include <string>
#include <troupe/troupe.hpp>

namespace {

class greeter final : public greeting::GreeterHandler {
  troupe::task<greeting::GreetReply> greet(const greeting::GreetRequest& request) override {
    if (request.name().empty()) co_return troupe::invalid_argument("a name is missing");
    greeting::GreetReply reply;
    reply.set_text("hello, " + request.name());
    co_return reply;
  }
};

} // namespace

// With arguments it is the node itself, without any it looks at what was generated.
int main(int argc, char** argv) {
  if (argc > 1) return troupe::run(argc, argv, troupe::module<greeter>());
  if (&troupe::module<greeter>().service() != &greeting::Greeter::info()) return 1;
  const auto* method = greeting::Greeter::info().find_method("Greet");
  if (method == nullptr || !method->may_repeat()) return 1;
  std::printf("%s\n", std::string(method->path).c_str());
  return 0;
}
