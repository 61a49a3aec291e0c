#include "tests/planted_bugs/services.hpp"

#include "runtime/probe/probe.hpp"

namespace planted_bugs {

namespace {

const std::string journal_path = "/ledger/journal";

class counted {
public:
  explicit counted(int& of) noexcept : of_(of) { ++of_; }
  ~counted() { --of_; }
  counted(const counted&) = delete;
  counted& operator=(const counted&) = delete;

private:
  int& of_;
};

class entered {
public:
  entered(std::set<std::string>& in, std::string what) : in_(in), what_(std::move(what)) {
    in_.insert(what_);
  }
  ~entered() { in_.erase(what_); }
  entered(const entered&) = delete;
  entered& operator=(const entered&) = delete;

private:
  std::set<std::string>& in_;
  const std::string what_;
};

} // namespace

std::string content_of(std::uint64_t number, std::size_t bytes) {
  const auto piece = fmt::format("{}.", number);
  std::string out;
  while (out.size() < bytes)
    out += piece;
  out.resize(bytes);
  return out;
}

bool is_intact(const ledger::Parcel& parcel) {
  return parcel.content() == content_of(parcel.number(), parcel.content().size());
}

// -- book

task<> book::on_start() {
  co_await disk_.create_folders("/ledger");
  co_await disk_.sync_directory("/");
  auto lines = co_await journal::recover(disk_, journal_path);
  for (const auto& line : lines)
    apply(line);
  journal_ = co_await journal::open(disk_, journal_path);
}

void book::apply(const ledger::Line& line) {
  if (line.has_written()) {
    values_[line.written().key()] = line.written().value();
    return;
  }
  auto& balance = balances_[line.moved().account()];
  balance += line.moved().amount();
  if (!line.key().empty()) paid_[line.key()] = balance;
}

// On the disk, then in memory: nobody is told of what a crash may take back.
task<> book::keep(ledger::Line line) {
  if (auto outcome = journal_->append(line); !outcome.ok()) {
    crash("the journal failed: " + outcome.to_string());
    co_await troupe::unavailable("the journal failed");
  }
  apply(line);
}

task<ledger::Nothing> book::write(const ledger::Entry& what) {
  if (TROUPE_PLANTED_BUG("ledger.answers_early") && random() % 8 == 0) { // and writes a little later
    run_in_background(put_later(what));
    co_return ledger::Nothing{};
  }
  ledger::Line line;
  *line.mutable_written() = what;
  co_await keep(std::move(line));
  co_return ledger::Nothing{};
}

task<> book::put_later(ledger::Entry what) {
  co_await sleep_for(20ms);
  ledger::Line line;
  *line.mutable_written() = std::move(what);
  co_await keep(std::move(line));
}

task<ledger::Entry> book::read(const ledger::Key& what) {
  const auto found = values_.find(what.key());
  if (found == values_.end()) co_return troupe::not_found("nothing is written under {}", what.key());
  ledger::Entry out;
  out.set_key(found->first);
  out.set_value(found->second);
  co_return out;
}

task<ledger::Balance> book::move(ledger::Transfer what, std::string key) {
  const auto seen_before = balances_[what.account()];
  if (what.takes() > 0) co_await sleep_for(std::chrono::milliseconds{what.takes()});
  ledger::Line line;
  *line.mutable_moved() = what;
  line.set_key(key);
  if (TROUPE_PLANTED_BUG("ledger.update_lost")) // state of before the wait
    line.mutable_moved()->set_amount(seen_before + what.amount() - balances_[what.account()]);
  if (key.empty()) ++seen_.executed[what.id()];
  co_await keep(std::move(line));
  ledger::Balance out;
  out.set_amount(balances_[what.account()]);
  co_return out;
}

task<ledger::Balance> book::deposit(const ledger::Transfer& what) {
  std::string no_key;
  co_return co_await move(what, std::move(no_key));
}

task<ledger::Balance> book::pay(const ledger::Transfer& what) {
  const auto key = current_call()->metadata()->idempotency_key;
  if (key.empty()) co_return troupe::invalid_argument("a payment needs an idempotency key");
  if (const auto known = paid_.find(key); known != paid_.end() && !TROUPE_PLANTED_BUG("ledger.key_ignored")) {
    ledger::Balance out; // else paid again
    out.set_amount(known->second);
    co_return out;
  }
  if (at_work_.contains(key)) co_return troupe::unavailable("the same payment is under way");
  const entered here{at_work_, key};
  co_return co_await move(what, key);
}

task<ledger::Balance> book::look(const ledger::Key& what) {
  ledger::Balance out;
  out.set_amount(balances_[what.key()]);
  co_return out;
}

// -- depot

task<ledger::Nothing> depot::take(const ledger::Parcel& what) {
  auto& last = last_[what.sender()];
  seen_.check(what.number() > last, "invariant",
              fmt::format("parcel {} of sender {} came after {}", what.number(), what.sender(), last));
  seen_.check(is_intact(what), "invariant", "a parcel arrived that nobody sent");
  last = what.number();
  co_return ledger::Nothing{};
}

task<ledger::Parcel> depot::echo(const ledger::Parcel& what) {
  seen_.check(is_intact(what), "invariant", "a parcel arrived that nobody sent");
  co_return what;
}

task<> depot::send(const ledger::Order& what, troupe::stream_writer<ledger::Parcel>& parcels) {
  for (std::uint64_t number = 1; number <= what.count(); ++number) {
    ledger::Parcel next;
    next.set_number(number);
    next.set_content(content_of(number, what.bytes()));
    co_await parcels.write(std::move(next));
  }
}

task<ledger::Order> depot::collect(troupe::stream_reader<ledger::Parcel>& parcels) {
  ledger::Order out;
  while (const auto* parcel = co_await parcels.next()) {
    out.set_count(out.count() + 1);
    seen_.check(parcel->number() == out.count() && is_intact(*parcel), "invariant",
                fmt::format("a stream had parcel {} in the place of {}", parcel->number(), out.count()));
  }
  co_return out;
}

task<ledger::Nothing> depot::ponder(const ledger::Patience& what) {
  const counted here{seen_.pondering};
  const auto until = current_call()->until();
  const bool in_time =
    !until.is_never() && until.left(now()) <= std::chrono::milliseconds{what.limit()} + 1ms;
  seen_.check(in_time, "deadline", "a call arrived without its deadline");
  co_await sleep_for(24h);
  co_return ledger::Nothing{};
}

// -- relay, desk

task<ledger::Balance> relay::deposit(const ledger::Transfer& what) {
  co_return co_await client<ledger::Ledger>().deposit(what);
}

task<ledger::Nothing> relay::ponder(const ledger::Patience& what) {
  co_return co_await client<ledger::Depot>().ponder(what);
}

task<ledger::Nothing> desk::serve(const ledger::Nothing&) {
  co_await sleep_for(desk_time);
  co_return ledger::Nothing{};
}

} // namespace planted_bugs
