// The owner of a session as a model: opens calls of every kind, serves, streams, cancels and sends messages
// at random, keeps to the rules of link_session.hpp, and checks everything that comes against what was sent.
#pragma once

#include "runtime/environment/random_source.hpp"
#include "runtime/link/link_session.hpp"

#include <cstdint>
#include <deque>
#include <map>
#include <set>
#include <string>

namespace troupe::testing {

struct traffic_options {
  std::size_t largest_payload = 20'000;
  std::uint32_t lanes = 4;
  double large = 0.1;   // probability of a payload of any size instead of a small one
  double cancel = 0.05; // a step, for each side
  // How many items a consumer allows before it has consumed any.
  std::uint32_t credit = 6;
};

// What the two sides know of each other's doings; only for checking.
struct traffic_ledger {
  std::set<std::uint64_t> never_sent[2];    // requests that were cancelled in time, by their caller's side
  std::map<std::uint64_t, int> requests[2]; // how often each arrived
  std::uint64_t messages_sent[2] = {0, 0};
  std::uint64_t messages_received[2] = {0, 0};
  std::uint64_t calls_ended[2] = {0, 0};
};

class traffic final : public link_events {
public:
  traffic(int side, link_session& session, random_source random, const traffic_options& options,
          traffic_ledger& ledger)
    : side_(side), session_(session), random_(random), options_(options), ledger_(ledger) {}

  // Does one thing, if anything can be done. `finishing`: opens no more calls, and consumes all.
  void step(bool finishing);
  bool idle() const;
  // The first thing that was wrong; empty: nothing.
  const std::string& wrong() const { return wrong_; }

  status on_greeting(const greeting&) override { return {}; }
  void on_request(decoded_request& what) override;
  void on_item(decoded_item& what) override;
  void on_half_close(std::uint64_t id) override;
  void on_credit(call_key call, std::uint32_t items) override;
  void on_cancel(std::uint64_t id, status reason) override;
  void on_reply(decoded_reply& what) override;
  void on_failure(decoded_failure& what) override;
  void on_message(const message_fields& what) override;
  void on_watch(std::uint64_t) override {}
  void on_unwatch(std::uint64_t) override {}
  void on_ended(std::uint64_t actor, byte_view reason) override;
  void on_drain() override {}
  void on_goodbye(const status& reason) override { complain("goodbye " + reason.to_string()); }

private:
  struct one_call {
    bool client_streams = false;
    bool server_streams = false;
    std::uint64_t lane = 0;
    bool begun = false; // by its callee
    bool half_closed = false;
    std::uint64_t sent = 0;     // items
    std::uint64_t received = 0; // items
    std::uint32_t may_send = 0;
    std::uint32_t unconsumed = 0;
    std::uint32_t consumed = 0; // and not told
    bool granted_first = false;
  };
  using table = std::map<std::uint64_t, one_call>;

  void complain(std::string what);
  std::size_t any_size();
  void fill(std::byte* at, std::size_t size, std::uint64_t tag, std::uint64_t number);
  // Checks the content; gives its number.
  std::uint64_t check(byte_view payload, std::uint64_t tag);
  one_call* pick(table& from, std::uint64_t& id);
  void open_call();
  void cancel_call();
  void serve(bool finishing);
  void send_item(call_key key, one_call& what);
  void consume(call_key key, one_call& what, bool all);
  void answer(std::uint64_t id, one_call& what);
  void send_message();
  void end_of_ours(std::uint64_t id, const char* how);

  const int side_;
  link_session& session_;
  random_source random_;
  const traffic_options options_;
  traffic_ledger& ledger_;
  std::string wrong_;
  table ours_;
  table theirs_;
  std::set<std::uint64_t> cancelled_unbegun_; // of the peer
  std::uint64_t next_id_ = 1;
  std::map<std::uint64_t, std::uint64_t> last_request_;      // of each lane of the peer
  std::map<std::uint64_t, std::uint64_t> replies_sent_;      // in each lane
  std::map<std::uint64_t, std::uint64_t> replies_received_;  // in each lane
  std::map<std::uint64_t, std::uint64_t> messages_sent_;     // in each lane
  std::map<std::uint64_t, std::uint64_t> messages_received_; // in each lane
};

} // namespace troupe::testing
