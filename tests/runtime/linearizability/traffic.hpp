// Histories of clients of a real object, as concurrent as one likes: every client's operation is called,
// takes effect and is answered in three moves, and the moves of all clients come in any order.
#pragma once

#include "runtime/linearizability/history.hpp"

#include <array>
#include <cstdint>
#include <optional>
#include <ostream>
#include <vector>

namespace sequential {

struct move {
  std::uint8_t client;
  std::uint8_t choice;
  std::uint8_t value;
};

inline std::ostream& operator<<(std::ostream& out, const move& one) {
  return out << "{" << +one.client << ", " << +one.choice << ", " << +one.value << "}";
}

// Linearizable by construction. Clients give up and operations fail now and then; one that was given up may
// take effect long after.
template <class Object>
troupe::history_of<typename Object::model> drive(const std::vector<move>& moves, std::size_t max_operations) {
  using model = typename Object::model;
  struct client {
    std::optional<troupe::operation_number> open;
    typename model::input_type input;
    std::optional<typename model::output_type> answer;
  };
  Object object;
  troupe::history_of<model> out;
  std::array<client, 4> clients;
  std::vector<typename model::input_type> given_up;
  for (const auto& one : moves) {
    const auto number = one.client % clients.size();
    auto& who = clients[number];
    if (one.choice >= 240 && !given_up.empty()) {
      object.apply(given_up.back());
      given_up.pop_back();
    } else if (!who.open) {
      if (out.operations().size() >= max_operations) continue;
      who.input = Object::any_input(one.choice, one.value);
      who.open = out.invoke(static_cast<std::uint32_t>(number), who.input);
      who.answer.reset();
    } else if (!who.answer && one.choice % 16 == 0) {
      given_up.push_back(who.input);
      who.open.reset();
    } else if (!who.answer && one.choice % 16 == 1) {
      out.fail(*who.open);
      who.open.reset();
    } else if (!who.answer) {
      who.answer = object.apply(who.input);
    } else {
      if (one.choice % 16 != 0) out.complete(*who.open, *who.answer);
      who.open.reset();
    }
  }
  return out;
}

// The same history with the answer of one operation changed (which one and how is decided by the move), so
// that it may be linearizable no more.
template <class Object>
troupe::history_of<typename Object::model> corrupted(const troupe::history_of<typename Object::model>& from,
                                                     move how) {
  const auto& all = from.operations();
  troupe::history_of<typename Object::model> out;
  std::vector<std::uint32_t> operation_of(from.events());
  std::vector<std::uint32_t> completed;
  for (std::uint32_t i = 0; i < all.size(); ++i) {
    operation_of[all[i].called.event] = i;
    if (all[i].outcome != troupe::operation_outcome::unknown) operation_of[all[i].ended.event] = i;
    if (all[i].output) completed.push_back(i);
  }
  const auto chosen = completed.empty() ? std::uint32_t{0} : completed[how.choice % completed.size()];
  for (std::uint32_t event = 0; event < from.events(); ++event) {
    const auto index = operation_of[event];
    const troupe::operation_number number{index};
    if (all[index].called.event == event)
      out.invoke(all[index].client, all[index].input);
    else if (!all[index].output)
      out.fail(number);
    else if (index == chosen)
      out.complete(number, Object::corrupt(all[index].input, *all[index].output, how.value));
    else
      out.complete(number, *all[index].output);
  }
  return out;
}

} // namespace sequential
