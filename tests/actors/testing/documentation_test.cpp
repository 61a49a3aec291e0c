// The examples of docs/service-author.md, word for word but for white space (tests/house/tutorial_test.py
// compares), and that they do what the text says.
#include "garden.troupe.hpp"

#include <caf/all.hpp>
#include <catch2/catch.hpp>

#include <stdexcept>
#include <troupe/testing.hpp>
#include <troupe/troupe.hpp>

using namespace std::chrono_literals;

namespace {

garden::Bucket bucket(unsigned litres) {
  garden::Bucket out;
  out.set_litres(litres);
  return out;
}

garden::Report report(const std::string& text, unsigned count) {
  garden::Report out;
  out.set_text(text);
  out.set_count(count);
  return out;
}

garden::Seed seed(const std::string& kind) {
  garden::Seed out;
  out.set_kind(kind);
  return out;
}

garden::Bed bed_of(const std::string& name) {
  garden::Bed out;
  out.set_name(name);
  return out;
}

class well final : public garden::WellHandler {
public:
  explicit well(unsigned litres) : litres_(litres) {}

private:
  troupe::task<garden::Bucket> draw(const garden::Bucket& wanted) override {
    if (wanted.litres() == 13) throw std::logic_error("superstition");
    if (wanted.litres() > litres_) co_return troupe::resource_exhausted("only {} litres are left", litres_);
    litres_ -= wanted.litres();
    co_return wanted;
  }

  unsigned litres_;
};

class gardener final : public garden::GardenerHandler {
  troupe::task<> on_start() override;
  troupe::task<> on_stop() override;
  troupe::task<garden::Report> water(const garden::Bed& bed) override;
  troupe::task<> walk(const garden::Tour& tour, troupe::stream_writer<garden::Report>& reports) override;
  troupe::task<garden::Report> sow(troupe::stream_reader<garden::Seed>& seeds) override;
  troupe::task<> grow(troupe::stream_reader<garden::Seed>& seeds,
                      troupe::stream_writer<garden::Report>& reports) override;

  troupe::task<> pull_weeds();
  troupe::task<int> carry();

  caf::actor barrow_;
  troupe::notification changed_;
  unsigned weeds_ = 0;

  // What the tests ask for by name.
  troupe::task<garden::Report> help(const garden::Bed& chore) override;
  troupe::task<garden::Bucket> draw_slowly(unsigned litres);
  troupe::task<garden::Bucket> draw_patiently();
  troupe::task<unsigned> draw_at_once();
  troupe::task<> put_up_scarecrow();
};

troupe::task<garden::Report> gardener::water(const garden::Bed& bed) {
  auto drawn = co_await client<garden::Well>().draw(bucket(5)).as_result();
  if (!drawn) co_return troupe::unavailable("{} stays dry: {}", bed.name(), drawn.error().message());
  co_await sleep_for(1ms);
  co_return report("watered " + bed.name(), drawn->litres());
}

troupe::task<> gardener::walk(const garden::Tour& tour, troupe::stream_writer<garden::Report>& reports) {
  for (unsigned bed = 1; bed <= tour.beds(); ++bed)
    co_await reports.write(report("passed", bed));
}
troupe::task<garden::Report> gardener::sow(troupe::stream_reader<garden::Seed>& seeds) {
  unsigned count = 0;
  while (co_await seeds.next())
    ++count;
  co_return report("sown", count);
}
troupe::task<> gardener::grow(troupe::stream_reader<garden::Seed>& seeds,
                              troupe::stream_writer<garden::Report>& reports) {
  while (const garden::Seed* seed = co_await seeds.next())
    co_await reports.write(report(seed->kind() + " grows", 1));
}

troupe::task<> gardener::on_start() {
  run_in_background(pull_weeds());
  return {};
}
troupe::task<> gardener::on_stop() {
  log().info("the gate is locked", {{"weeds", weeds_}});
  return {};
}
troupe::task<> gardener::pull_weeds() {
  for (;;) {
    ++weeds_;
    changed_.notify_all();
    co_await sleep_for(1ms);
  }
}

caf::behavior barrow() {
  return {[](int stones, int more) { return stones + more; }};
}
troupe::task<int> gardener::carry() {
  if (!barrow_) barrow_ = self()->spawn<caf::linked>(barrow);
  co_return co_await troupe::ask<int>(self(), barrow_, 1s, 40, 2);
}

troupe::task<garden::Report> gardener::help(const garden::Bed& chore) {
  if (chore.name() == "carry") co_return report("carried", static_cast<unsigned>(co_await carry()));
  if (chore.name() == "draw patiently") co_return report("drawn", (co_await draw_patiently()).litres());
  if (chore.name() == "draw at once") co_return report("drawn", co_await draw_at_once());
  if (chore.name() == "put up a scarecrow") {
    co_await put_up_scarecrow();
    co_return report("it stands", 1);
  }
  while (weeds_ < 3)
    co_await changed_.wait();
  co_return report("weeds", weeds_);
}

troupe::task<garden::Bucket> gardener::draw_patiently() {
  auto options = troupe::call_options().timeout(2s).attempts(5).header("x-reason", "drought");
  auto patient = client<garden::Well>(std::move(options));
  auto drawn = co_await patient.draw(bucket(1));
  co_return drawn;
}

troupe::task<garden::Bucket> gardener::draw_slowly(unsigned litres) {
  co_await sleep_for(1ms);
  co_return co_await client<garden::Well>().draw(bucket(litres));
}

troupe::task<unsigned> gardener::draw_at_once() {
  auto first = client<garden::Well>().draw(bucket(2));
  auto second = client<garden::Well>().draw(bucket(3));
  first.start();
  second.start();
  garden::Bucket both = co_await first;
  both.set_litres(both.litres() + (co_await second).litres());

  std::vector<troupe::task<garden::Bucket>> asked;
  for (unsigned litres : {1, 2, 3})
    asked.push_back(draw_slowly(litres));
  std::vector<garden::Bucket> buckets = co_await troupe::all(std::move(asked));
  unsigned sum = both.litres();
  for (unsigned i = 0; i < buckets.size(); ++i)
    sum = sum * 10 + buckets[i].litres();
  co_return sum;
}

troupe::task<> gardener::put_up_scarecrow() {
  troupe::child_spec scarecrow;
  scarecrow.name = "scarecrow";
  scarecrow.restart = troupe::restart_policy::transient;
  scarecrow.start = [](troupe::child_context& context) -> troupe::result<caf::actor> {
    return context.system.spawn(barrow);
  };
  auto started = co_await start_helper(std::move(scarecrow)).as_result();
  if (!started) co_await started.error();
}

auto help(const std::string& chore) {
  return [chore](troupe::visitor& self) { return self.client<garden::Gardener>().help(bed_of(chore)); };
}

} // namespace

TEST_CASE("documentation: errors, results and calls") {
  const auto bed = bed_of("roses");
  troupe::test_node node{troupe::module<well>(100u), troupe::module<gardener>()};
  auto watered = node.run([&](troupe::visitor& self) { return self.client<garden::Gardener>().water(bed); });
  REQUIRE(watered);
  REQUIRE(node.crash<garden::Well>().ok());
  CHECK(watered->text() == "watered roses");
  CHECK(watered->count() == 5);
  auto patient = node.run(help("draw patiently"));
  REQUIRE(patient);
  CHECK(patient->count() == 1);
  auto several = node.run(help("draw at once"));
  REQUIRE(several);
  CHECK(several->count() == 5123);
}

TEST_CASE("documentation: an error of a call is looked at") {
  troupe::test_node node{troupe::module<well>(4u), troupe::module<gardener>()};
  auto dry =
    node.run([](troupe::visitor& self) { return self.client<garden::Gardener>().water(bed_of("roses")); });
  REQUIRE(dry.has_error());
  CHECK(dry.error() == troupe::unavailable("roses stays dry: only 4 litres are left"));
}

TEST_CASE("documentation: an exception is INTERNAL to its caller, and crashes the actor with its state") {
  troupe::test_node node{troupe::module<well>(20u)};
  auto draw = [&](unsigned litres) {
    return node.run(
      [litres](troupe::visitor& self) { return self.client<garden::Well>().draw(bucket(litres)); });
  };
  CHECK(draw(20));
  auto crashed = draw(13);
  REQUIRE(crashed.has_error());
  CHECK(crashed.error().code() == troupe::status_code::internal);
  CHECK(draw(20));
}

TEST_CASE("documentation: streams") {
  garden::Tour tour;
  tour.set_beds(40);
  troupe::test_node node{troupe::module<gardener>()};
  auto outcome = node.run([&](troupe::visitor& self) -> troupe::task<std::string> {
    unsigned passed = 0;
    std::string grown;

    auto reports = self.client<garden::Gardener>().walk(tour);
    while (const garden::Report* each = co_await reports.next())
      passed += each->count();

    auto sowing = self.client<garden::Gardener>().sow();
    for (int i = 0; i < 3; ++i)
      co_await sowing.write(seed("bean"));
    garden::Report sown = co_await sowing.finish();

    auto growing = self.client<garden::Gardener>().grow();
    co_await growing.write(seed("pea"));
    growing.close_writing();
    while (const garden::Report* each = co_await growing.next())
      grown += each->text();
    co_return fmt::format("{} {} {}", passed, sown.count(), grown);
  });
  REQUIRE(outcome);
  CHECK(*outcome == "820 3 pea grows");
}

TEST_CASE("documentation: background work, notifications, the end") {
  std::vector<std::string> lines;
  troupe::test_node node{troupe::module<gardener>()};
  auto weeds = node.run(help("wait for weeds"));
  REQUIRE(weeds);
  CHECK(weeds->count() >= 3);
  node.inner().stop();
  lines = node.log_lines();
  CHECK(std::any_of(lines.begin(), lines.end(),
                    [](const auto& line) { return line.find("the gate is locked") != std::string::npos; }));
}

TEST_CASE("documentation: plain CAF actors") {
  troupe::test_node node{troupe::module<gardener>()};
  auto carried = node.run(help("carry"));
  REQUIRE(carried);
  CHECK(carried->count() == 42);
  CHECK(node.run(help("put up a scarecrow")));
  CHECK(node.run(help("put up a scarecrow"))); // the one that stands already
}

TEST_CASE("documentation: limits of a module") {
  const auto module =
    troupe::module<well>(100u).instances(2).one_at_a_time().mailbox_limit(10'000).stop_timeout(5s);
  CHECK(module.instances() == 2);
  CHECK(module.max_concurrent() == 1u);
  CHECK(module.mailbox_limit() == 10'000u);
  CHECK(module.stop_timeout() == 5s);
  CHECK(module.start_timeout() == 30s);
}
