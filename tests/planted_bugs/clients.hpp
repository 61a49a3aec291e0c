// The clients of the storm. Each does its part and tells the observer what is wrong. In calm weather all must
// succeed.
#pragma once

#include "runtime/linearizability/key_value_model.hpp"
#include "tests/planted_bugs/cluster.hpp"

#include <map>
#include <memory>
#include <string>
#include <vector>

namespace planted_bugs {

using register_history = troupe::history_of<troupe::key_value_model>;

enum class weather { storm, calm };

// What all clients of a run know.
struct diary {
  struct transfer {
    std::string account;
    std::int64_t amount = 0;
    bool direct = true;
    bool done = false;
    bool never = false; // certainly not executed
  };

  troupe::simulation& sim;
  observer& seen;
  register_history history;
  std::map<std::string, transfer> transfers; // by id
  std::map<std::string, transfer> payments;  // by idempotency key
};

// What a call without an actor came to.
struct bare_answer {
  int answers = 0;
  status outcome;
  troupe::duration asked{};
  troupe::duration answered{};
};
using bare_answer_ptr = std::shared_ptr<bare_answer>;

// Makes a call of one request whose answers are counted, and whose time nobody watches but its callees.
bare_answer_ptr call_barely(troupe::simulation& sim, std::uint32_t from, const troupe::service_info& service,
                            std::string_view method, troupe::message_ptr request,
                            std::optional<troupe::duration> limit);

task<> read_and_write(troupe::visitor& self, diary& in, std::uint32_t client, int operations);
task<> deposit(troupe::visitor& self, diary& in, std::uint32_t client, int transfers, weather now);
task<> pay(troupe::visitor& self, diary& in, std::uint32_t client, int payments);
task<> send_parcels(troupe::visitor& self, diary& in, std::uint32_t client, int rounds, weather now);
task<> stream_parcels(troupe::visitor& self, diary& in, std::uint32_t client, int rounds, weather now);
task<> lose_interest(troupe::visitor& self, diary& in, std::uint32_t client, int rounds);

} // namespace planted_bugs
