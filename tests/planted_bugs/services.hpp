// The services under the storm, and what they let an observer see.
#pragma once

#include "ledger.troupe.hpp"
#include "tests/planted_bugs/journal.hpp"

#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <troupe/testing.hpp>
#include <troupe/troupe.hpp>
#include <unordered_map>

namespace planted_bugs {

using namespace std::chrono_literals;
using troupe::result;
using troupe::status;
using troupe::status_code;
using troupe::task;

// The first thing that was wrong.
struct finding {
  std::string by; // "invariant", "linearizability", "deadline", "hang", "calm"
  std::string what;
  std::string report; // the last events and log lines around it
};

// What the services did, seen from outside of the world: nothing in there can forget it.
struct observer {
  std::optional<finding> found;
  std::map<std::string, int> executed; // how often, by the id of a transfer without idempotency key
  int pondering = 0;

  void find(std::string by, std::string what) {
    if (!found) found = {std::move(by), std::move(what), {}};
  }
  void check(bool holds, std::string_view by, std::string_view what) {
    if (!holds) find(std::string{by}, std::string{what});
  }
};

// What a parcel of this number holds: `bytes` of it.
std::string content_of(std::uint64_t number, std::size_t bytes);
bool is_intact(const ledger::Parcel& parcel);

class book final : public ledger::LedgerHandler {
public:
  book(observer* seen, troupe::disk* disk) : seen_(*seen), disk_(*disk) {}

  task<> on_start() override;
  task<ledger::Nothing> write(const ledger::Entry& what) override;
  task<ledger::Entry> read(const ledger::Key& what) override;
  task<ledger::Balance> deposit(const ledger::Transfer& what) override;
  task<ledger::Balance> pay(const ledger::Transfer& what) override;
  task<ledger::Balance> look(const ledger::Key& what) override;

private:
  void apply(const ledger::Line& line);
  task<> keep(ledger::Line line);
  task<> put_later(ledger::Entry what);
  task<ledger::Balance> move(ledger::Transfer what, std::string key);

  observer& seen_;
  troupe::disk& disk_;
  std::unique_ptr<journal> journal_;
  std::map<std::string, std::string> values_;
  std::map<std::string, std::int64_t> balances_;
  std::map<std::string, std::int64_t> paid_; // the answers by idempotency key
  std::set<std::string> at_work_;
};

class depot final : public ledger::DepotHandler {
public:
  explicit depot(observer* seen) : seen_(*seen) {}

  task<ledger::Nothing> take(const ledger::Parcel& what) override;
  task<ledger::Parcel> echo(const ledger::Parcel& what) override;
  task<> send(const ledger::Order& what, troupe::stream_writer<ledger::Parcel>& parcels) override;
  task<ledger::Order> collect(troupe::stream_reader<ledger::Parcel>& parcels) override;
  task<ledger::Nothing> ponder(const ledger::Patience& what) override;

private:
  observer& seen_;
  std::map<std::uint64_t, std::uint64_t> last_; // number, by sender
};

class relay final : public ledger::RelayHandler {
  task<ledger::Balance> deposit(const ledger::Transfer& what) override;
  task<ledger::Nothing> ponder(const ledger::Patience& what) override;
};

inline constexpr unsigned desk_limit = 8;
inline constexpr troupe::duration desk_time = 200ms;

class desk final : public ledger::DeskHandler {
  task<ledger::Nothing> serve(const ledger::Nothing&) override;
};

} // namespace planted_bugs
