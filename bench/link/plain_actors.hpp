// Plain CAF actors that send each other messages: the same two over BASP and over the link between nodes.
#pragma once

#include "bench/link/measurements.hpp"

#include <caf/all.hpp>

#include <algorithm>
#include <future>
#include <memory>
#include <string>

namespace bench {

// What the receiver understands, besides std::string, which it counts:
//   echo, text   answers with the text
//   take, count  so many texts follow; answers with go_on each time half a window has come, and with done
//   go_on, done  what it answers
using echo_atom = caf::atom_constant<caf::atom("echo")>;
using take_atom = caf::atom_constant<caf::atom("take")>;
using go_on_atom = caf::atom_constant<caf::atom("go_on")>;
using done_atom = caf::atom_constant<caf::atom("done")>;

inline caf::behavior receiver(caf::event_based_actor* self) {
  struct progress {
    caf::actor sender;
    std::uint64_t left = 0;
    std::uint64_t to_go = 0;
  };
  auto state = std::make_shared<progress>();
  return {
    [](echo_atom, std::string& text) { return std::move(text); },
    [state](take_atom, const caf::actor& sender, std::uint64_t count) {
      *state = {sender, count, window / 2};
    },
    [self, state](const std::string&) {
      if (--state->left == 0) {
        self->send(state->sender, done_atom::value);
      } else if (--state->to_go == 0) {
        state->to_go = window / 2;
        self->send(state->sender, go_on_atom::value);
      }
    },
  };
}

inline double one_way_between_actors(caf::actor_system& system, const caf::actor& to, std::uint64_t count) {
  auto done = std::make_shared<std::promise<void>>();
  auto ended = done->get_future();
  const stopwatch watch;
  system.spawn([=](caf::event_based_actor* self) -> caf::behavior {
    auto left = std::make_shared<std::uint64_t>(count);
    auto send_some = [=](std::uint64_t credit) {
      const std::string text(payload_bytes, 'x');
      for (; credit > 0 && *left > 0; --credit, --*left)
        self->send(to, text);
    };
    self->send(to, take_atom::value, caf::actor{self}, count);
    send_some(window);
    return {[=](go_on_atom) { send_some(window / 2); },
            [=](done_atom) {
              done->set_value();
              self->quit();
            }};
  });
  ended.wait();
  return watch.a_second(count);
}

inline double round_trip_between_actors(caf::actor_system& system, const caf::actor& to,
                                        std::uint64_t count) {
  auto done = std::make_shared<std::promise<void>>();
  auto ended = done->get_future();
  const stopwatch watch;
  system.spawn([=](caf::event_based_actor* self) -> caf::behavior {
    auto left = std::make_shared<std::uint64_t>(count);
    self->send(to, echo_atom::value, std::string(payload_bytes, 'x'));
    return {[=](std::string& text) {
      if (--*left > 0) {
        self->send(to, echo_atom::value, std::move(text));
      } else {
        done->set_value();
        self->quit();
      }
    }};
  });
  ended.wait();
  return watch.microseconds_each(count);
}

} // namespace bench
