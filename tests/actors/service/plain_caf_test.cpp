// Inside a module plain CAF stays usable: its own messages, monitors, typed actors.
#include "actors/service/ask.hpp"
#include "tests/actors/service/echo_node.hpp"

using namespace echo_test;

namespace {

using counter_actor = caf::typed_actor<caf::replies_to<int>::with<int>>;

counter_actor::behavior_type doubles(counter_actor::pointer self) {
  return {[self](int number) {
    if (number < 0) self->quit();
    return 2 * number;
  }};
}

// Speaks its contract, and integers and texts besides.
class bilingual final : public test::RelayHandler {
public:
  explicit bilingual(std::shared_ptr<probe> seen) : seen_(std::move(seen)) {}

  caf::behavior plain_messages() override {
    return {[this](int number) {
              seen_->add("an integer");
              return number + 1;
            },
            [this](const std::string&) -> caf::result<int> {
              seen_->add("a text");
              throw std::runtime_error{"a bug in a plain handler"};
            }};
  }
  task<> on_start() override {
    self()->set_down_handler([seen = seen_](caf::down_msg&) { seen->add("somebody is down"); });
    doubler_ = self()->spawn(doubles);
    self()->monitor(doubler_);
    return {};
  }
  task<test::Text> pass(const test::Text& request) override {
    const auto twice = co_await ask<int>(self(), doubler_, 5s, int{request.number()});
    co_return text(request.text(), twice);
  }
  task<test::Text> pass_and_look(const test::Text& request) override { co_return request; }
  task<test::Text> pass_twice(const test::Text& request) override { co_return request; }
  task<test::Text> pass_later(const test::Text& request) override { co_return request; }

private:
  std::shared_ptr<probe> seen_;
  counter_actor doubler_;
};

struct bilingual_node : echo_node {
  bilingual_node()
    : bilingual_reference(new actor_reference("test.Bilingual/0", 100)),
      actor(spawn_service(system, {.name = "test.Bilingual/0",
                                   .make = [seen = seen] { return std::make_unique<bilingual>(seen); },
                                   .node = &services})) {
    bilingual_reference->attach(caf::actor_cast<caf::strong_actor_ptr>(actor));
    others.add("test.Relay", bilingual_reference);
    others_services = services;
    others_services.directory = &others;
  }
  ~bilingual_node() { caf::anon_send_exit(actor, caf::exit_reason::kill); }

  static_directory others; // where Relay is the bilingual one
  node_services others_services;
  actor_reference_ptr bilingual_reference;
  caf::actor actor;
};

} // namespace

TEST_CASE("a service answers plain CAF messages beside its calls") {
  bilingual_node node;
  auto next = node.run(
    [&](visitor& self) -> task<int> { co_return co_await ask<int>(self.self(), node.actor, 5s, 41); });
  CHECK(*next == 42);
  CHECK(node.seen->count("an integer") == 1);
}

TEST_CASE("a handler asks a typed actor that it spawned, and hears when that ends") {
  bilingual_node node;
  auto call = [&](int number) {
    return visit(node.system, node.others_services,
                 [number](visitor& self) -> task<test::Text> {
                   auto request = text("n", number);
                   co_return co_await self.client<test::Relay>().pass(request);
                 })
      .get();
  };
  CHECK(call(21)->number() == 42);
  CHECK(call(-1)->number() == -2); // the typed actor quits with this one
  CHECK(node.seen->wait_for("somebody is down", 1));
  CHECK(call(1).error().code() == status_code::unavailable);
}

TEST_CASE("an exception in a plain message handler crashes the actor, with its text in the log only") {
  bilingual_node node;
  node.actor->attach_functor([seen = node.seen] { seen->add("bilingual ended"); });
  auto outcome = node.run([&](visitor& self) -> task<int> {
    co_return co_await ask<int>(self.self(), node.actor, 5s, std::string{"x"});
  });
  CHECK_FALSE(outcome.has_value());
  REQUIRE(node.seen->wait_for("bilingual ended", 1));
  std::lock_guard lock{node.log_mutex};
  CHECK(std::any_of(node.log_lines.begin(), node.log_lines.end(), [](const std::string& line) {
    return line.find("a bug in a plain handler") != std::string::npos;
  }));
}
