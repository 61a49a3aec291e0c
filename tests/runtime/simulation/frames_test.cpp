// What the trace says of calls: they are not CAF messages, and their elements look empty to CAF.
#include "runtime/call/actor_reference.hpp"
#include "tests/runtime/simulation/actor_program.hpp"

#include <catch2/catch.hpp>
#include <google/protobuf/struct.pb.h>
#include <google/protobuf/wrappers.pb.h>

#include <sstream>

using namespace troupe;
using namespace std::chrono_literals;

namespace {

const method_info place{.name = "Place", .full_name = "shop.Orders.Place"};
const method_info cancel{.name = "Cancel", .full_name = "shop.Orders.Cancel"};

message_ptr text(const std::string& value) {
  auto out = std::make_shared<google::protobuf::StringValue>();
  out->set_value(value);
  return out;
}

// An actor gets one request and its cancellation.
std::uint64_t hash_of_call(const method_info& method, const message_ptr& request,
                           const trace_options& options = {}) {
  world in{{.trace = options}};
  auto start = [&](simulated_node&, caf::actor_system& system) {
    auto actor = system.spawn([](caf::event_based_actor* self) -> caf::behavior {
      self->set_default_handler(caf::drop);
      return {[](int) {}};
    });
    actor_reference_ptr reference{new actor_reference("orders", 10)};
    reference->attach(caf::actor_cast<caf::strong_actor_ptr>(actor));
    call_ptr made{new call(method, request, deadline::never(), nullptr, nullptr)};
    made->send_to(reference);
    made->cancel(cancelled("enough"));
  };
  auto& node = in.add_node("a", actor_program::with(start));
  in.boot(node);
  in.run_for(1s);
  const auto said = in.tracing().last_text(10);
  CHECK(said.find("shop.Orders.") != std::string::npos);
  return in.trace_hash();
}

} // namespace

TEST_CASE("a call's method, kind and payload count in the hash") {
  const auto first = hash_of_call(place, text("book"));
  CHECK(hash_of_call(place, text("book")) == first);
  CHECK(hash_of_call(cancel, text("book")) != first);
  CHECK(hash_of_call(place, text("boot")) != first);
  CHECK(hash_of_call(place, nullptr) != first);
}

TEST_CASE("payloads can be left out of the hash") {
  const trace_options without{.hash_payloads = false};
  CHECK(hash_of_call(place, text("book"), without) == hash_of_call(place, text("boot"), without));
  CHECK(hash_of_call(place, text("book"), without) != hash_of_call(cancel, text("book"), without));
}

TEST_CASE("maps in payloads are hashed by their keys, not by their order in memory") {
  auto map = [](bool backwards) {
    auto out = std::make_shared<google::protobuf::Struct>();
    for (int i = 0; i < 100; ++i)
      (*out->mutable_fields())[std::to_string(backwards ? 99 - i : i)].set_number_value(1);
    return out;
  };
  CHECK(hash_of_call(place, map(false)) == hash_of_call(place, map(true)));
}

TEST_CASE("a full trace shows what a call carries") {
  std::ostringstream lines;
  hash_of_call(place, text("book"), {.full = &lines});
  const auto said = lines.str();
  CHECK(said.find(R"("name": "shop.Orders.Place", "detail": "request in {value: \"book\"}")")
        != std::string::npos);
  CHECK(said.find(R"("detail": "cancel in CANCELLED: enough")") != std::string::npos);
}
