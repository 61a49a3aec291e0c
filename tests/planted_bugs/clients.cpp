#include "tests/planted_bugs/clients.hpp"

#include <algorithm>

namespace planted_bugs {

namespace {

using troupe::call_options;
using troupe::random_source;
using troupe::visitor;

constexpr troupe::duration calm_limit = 10s;
constexpr std::array accounts = {"ada", "bob"};

troupe::duration some_time(random_source& chance, troupe::duration low, troupe::duration high) {
  return troupe::duration{chance.between(low.count(), high.count())};
}

// A call ends when it should, and in calm weather well.
void check_end(diary& in, weather now, const status& outcome, troupe::duration took, troupe::duration limit,
               std::string_view what) {
  in.seen.check(took <= limit + slack, "deadline",
                fmt::format("{} took {} ms of {}", what, took / 1ms, limit / 1ms));
  if (now == weather::calm && !outcome.ok())
    in.seen.find("calm", fmt::format("{} failed in calm weather: {}", what, outcome.to_string()));
}

// What torn writes tear: more than a sector.
std::string padded(const std::string& tag) { return tag + ":" + content_of(7, 2000); }
std::string unpadded(const std::string& value) {
  const auto tag = value.substr(0, value.find(':'));
  return padded(tag) == value ? tag : "a value that nobody wrote";
}

class counting_end final : public troupe::call_end {
public:
  counting_end(const troupe::clock& time, bare_answer_ptr to) : time_(time), to_(std::move(to)) {}

  void deliver(troupe::frame what) noexcept override {
    if (what.kind != troupe::frame_kind::answer) return;
    ++to_->answers;
    to_->outcome = std::move(what.outcome);
    to_->answered = time_.now().time_since_epoch();
  }

private:
  const troupe::clock& time_;
  const bare_answer_ptr to_;
};

ledger::Parcel parcel(std::uint64_t sender, std::uint64_t number, std::size_t bytes) {
  ledger::Parcel out;
  out.set_sender(sender);
  out.set_number(number);
  out.set_content(content_of(number, bytes));
  return out;
}

} // namespace

bare_answer_ptr call_barely(troupe::simulation& sim, std::uint32_t from, const troupe::service_info& service,
                            std::string_view method, troupe::message_ptr request,
                            std::optional<troupe::duration> limit) {
  auto out = std::make_shared<bare_answer>();
  auto& node = *sim.node_of(from);
  const auto& clock = *node.services().clock;
  out->asked = sim.now();
  const auto found = std::find_if(service.methods.begin(), service.methods.end(),
                                  [&](const auto& each) { return each.name == method; });
  const auto until = limit ? troupe::deadline::after(clock.now(), *limit) : troupe::deadline::never();
  troupe::call_end_ptr end{new counting_end{sim.world_clock(), out}};
  troupe::call_ptr made{new troupe::call(*found, std::move(request), until, nullptr, std::move(end))};
  troupe::submit(node.directory().route(service.name), made);
  return out;
}

task<> read_and_write(visitor& self, diary& in, std::uint32_t client, int operations) {
  auto chance = in.sim.random("register", client);
  // A write that is made twice is not one operation: no second attempts.
  auto ledger = self.client<ledger::Ledger>(call_options().attempts(1).timeout(3s));
  for (int i = 0; i < operations; ++i) {
    co_await self.sleep_for(some_time(chance, 0ms, 900ms));
    const std::string key{chance.chance(0.5) ? "tea" : "milk"};
    if (chance.chance(0.5)) {
      ledger::Entry what;
      what.set_key(key);
      const auto tag = fmt::format("{}.{}", client, i);
      what.set_value(padded(tag));
      const auto asked = in.history.invoke(client, troupe::key_value_input::put(key, tag));
      auto answer = co_await ledger.write(what).as_result();
      if (answer)
        in.history.complete(asked, troupe::key_value_output::stored());
      else if (troupe::retry_hint_of(answer.error()) == troupe::retry_hint::not_executed)
        in.history.fail(asked);
    } else {
      ledger::Key what;
      what.set_key(key);
      const auto asked = in.history.invoke(client, troupe::key_value_input::get(key));
      auto answer = co_await ledger.read(what).as_result();
      if (answer)
        in.history.complete(asked, troupe::key_value_output::got(unpadded(answer->value())));
      else if (answer.error().code() == status_code::not_found)
        in.history.complete(asked, troupe::key_value_output::got(std::nullopt));
      else
        in.history.fail(asked);
    }
  }
}

task<> deposit(visitor& self, diary& in, std::uint32_t client, int transfers, weather now) {
  auto chance = in.sim.random("deposits", client);
  for (int i = 0; i < transfers; ++i) {
    co_await self.sleep_for(some_time(chance, 0ms, 1s));
    ledger::Transfer what;
    what.set_id(fmt::format("{}{}.{}", now == weather::calm ? "calm " : "", client, i));
    what.set_account(accounts[chance.below(accounts.size())]);
    what.set_amount(static_cast<std::int64_t>(1 + chance.below(100)));
    what.set_takes(static_cast<std::uint32_t>(chance.below(300)));
    auto& known = in.transfers[what.id()];
    known = {.account = what.account(), .amount = what.amount(), .direct = chance.chance(0.6)};
    const auto limit = now == weather::calm ? calm_limit : some_time(chance, 100ms, 5s);
    const auto began = self.now();
    result<ledger::Balance> answer = troupe::cancelled("nothing was asked");
    if (known.direct) {
      auto made = self.client<ledger::Ledger>(call_options().timeout(limit)).deposit(what);
      answer = co_await made.as_result();
    } else {
      auto made = self.client<ledger::Relay>(call_options().timeout(limit)).deposit(what);
      answer = co_await made.as_result();
    }
    const auto outcome = troupe::status_of(answer);
    known.done = outcome.ok();
    known.never = known.direct && troupe::retry_hint_of(outcome) == troupe::retry_hint::not_executed;
    check_end(in, now, outcome, self.now() - began, limit, "a deposit");
  }
}

task<> pay(visitor& self, diary& in, std::uint32_t client, int payments) {
  auto chance = in.sim.random("payments", client);
  for (int i = 0; i < payments; ++i) {
    co_await self.sleep_for(some_time(chance, 0ms, 1s));
    ledger::Transfer what;
    const auto key = fmt::format("payment {}.{}", client, i);
    what.set_account(key);
    what.set_amount(static_cast<std::int64_t>(1 + chance.below(100)));
    what.set_takes(static_cast<std::uint32_t>(chance.below(200)));
    auto& known = in.payments[key];
    known = {.account = key, .amount = what.amount()};
    // Impatient, and asks again until there is an answer; and once more.
    for (int more = 1; more >= 0;) {
      auto options = call_options().timeout(some_time(chance, 100ms, 2s));
      auto made = self.client<ledger::Ledger>(std::move(options).idempotency_key(key)).pay(what);
      auto answer = co_await made.as_result();
      if (answer) --more;
      co_await self.sleep_for(some_time(chance, 1ms, 300ms));
    }
    known.done = true;
  }
}

namespace {

task<> take(visitor& self, diary& in, ledger::Parcel what, weather now) {
  const auto began = self.now();
  auto made = self.client<ledger::Depot>(call_options().attempts(1).timeout(calm_limit)).take(what);
  auto answer = co_await made.as_result();
  check_end(in, now, troupe::status_of(answer), self.now() - began, calm_limit, "a parcel");
}

task<> echo(visitor& self, diary& in, ledger::Parcel what, weather now) {
  const auto began = self.now();
  auto made = self.client<ledger::Depot>(call_options().timeout(calm_limit)).echo(what);
  auto answer = co_await made.as_result();
  check_end(in, now, troupe::status_of(answer), self.now() - began, calm_limit, "an echo");
  if (answer) in.seen.check(answer->content() == what.content(), "invariant", "an echo is not what was said");
}

task<> receive(visitor& self, diary& in, ledger::Order what, weather now) {
  auto parcels = self.client<ledger::Depot>(call_options().timeout(calm_limit)).send(what);
  std::uint64_t last = 0;
  while (const auto* next = co_await parcels.next()) {
    in.seen.check(next->number() == last + 1 && is_intact(*next), "invariant",
                  fmt::format("a stream had parcel {} after {}", next->number(), last));
    last = next->number();
    if (last % 16 == 0) co_await self.sleep_for(1ms); // so that some wait
  }
  in.seen.check(last == what.count(), "invariant",
                fmt::format("a stream ended with parcel {} of {}", last, what.count()));
  static_cast<void>(now);
}

task<> collect(visitor& self, diary& in, ledger::Order what) {
  auto parcels = self.client<ledger::Depot>(call_options().timeout(calm_limit)).collect();
  for (std::uint64_t number = 1; number <= what.count(); ++number) {
    auto next = parcel(0, number, what.bytes());
    co_await parcels.write(std::move(next));
  }
  auto counted = co_await parcels.finish();
  in.seen.check(counted.count() == what.count(), "invariant",
                fmt::format("{} parcels of {} were collected", counted.count(), what.count()));
}

task<> streamed(visitor& self, diary& in, task<> work, weather now, std::string_view what) {
  const auto began = self.now();
  auto outcome = co_await std::move(work).as_result();
  check_end(in, now, troupe::status_of(outcome), self.now() - began, calm_limit, what);
}

} // namespace

task<> send_parcels(visitor& self, diary& in, std::uint32_t client, int rounds, weather now) {
  auto chance = in.sim.random("parcels", client);
  std::uint64_t number = 0;
  for (int round = 0; round < rounds; ++round) {
    co_await self.sleep_for(some_time(chance, 0ms, 1s));
    std::vector<task<>> all;
    for (int i = 0; i < 10; ++i) {
      const auto bytes = chance.chance(0.3) ? 1 + chance.below(60'000) : 1 + chance.below(200);
      const auto sender = client + (now == weather::calm ? 1000 : 0);
      auto what = parcel(sender, ++number, bytes);
      all.push_back(chance.chance(0.8) ? take(self, in, std::move(what), now)
                                       : echo(self, in, std::move(what), now));
    }
    co_await troupe::all(std::move(all));
  }
}

task<> stream_parcels(visitor& self, diary& in, std::uint32_t client, int rounds, weather now) {
  auto chance = in.sim.random("streams", client);
  for (int round = 0; round < rounds; ++round) {
    co_await self.sleep_for(some_time(chance, 0ms, 1s));
    std::vector<task<>> all;
    for (int i = 0; i < 3; ++i) {
      ledger::Order what;
      what.set_count(30 + chance.below(70));
      what.set_bytes(static_cast<std::uint32_t>(1 + chance.below(chance.chance(0.2) ? 20'000 : 500)));
      all.push_back(streamed(self, in, receive(self, in, what, now), now, "a stream to read"));
      all.push_back(streamed(self, in, collect(self, in, what), now, "a stream to write"));
    }
    co_await troupe::all(std::move(all));
  }
}

task<> lose_interest(visitor& self, diary& in, std::uint32_t client, int rounds) {
  auto chance = in.sim.random("interest", client);
  for (int round = 0; round < rounds; ++round) {
    co_await self.sleep_for(some_time(chance, 0ms, 1s));
    ledger::Patience what;
    what.set_limit(600'000);
    auto options = call_options().attempts(1).timeout(10min);
    auto made = self.client<ledger::Depot>(std::move(options)).ponder(what);
    made.start();
    co_await self.sleep_for(some_time(chance, 1ms, 500ms));
  }
}

} // namespace planted_bugs
