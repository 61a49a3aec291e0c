// How one writes a model: what a service would be if it were one object that does one thing at a time.
//
//   struct counter_model {
//     struct input_type { bool add; int amount; };
//     using output_type = int;                                // the count that the service answered
//     using state_type = int;                                 // a value: copied, compared, hashed
//
//     state_type initial() const { return 0; }
//
//     // The state after `input`, done in `state`; nothing when the object would not have answered `output`.
//     // A null output means that nobody knows the answer: never a reason to refuse.
//     std::optional<state_type> step(const state_type& state, const input_type& input,
//                                    const output_type* output) const {
//       const auto after = input.add ? state + input.amount : state;
//       if (output != nullptr && *output != after) return std::nullopt;
//       return after;
//     }
//
//     // For people: "add 3 -> 5", "add 3" when the answer is not known; and the state: "5".
//     std::string describe(const input_type& input, const output_type* output) const;
//     std::string describe(const state_type& state) const;
//
//     // Optional. Operations with different keys do not touch each other: each key is checked on its own,
//     which
//     // is exponentially faster. The text names the part in explanations.
//     std::string partition(const input_type& input) const;
//
//     // Optional. Whether an operation with this answer changes no state that it could be done in: a read, a
//     // compare-and-set that said no. The check tries fewer orders, and asks only about operations with an
//     answer. bool read_only(const input_type& input, const output_type& output) const;
//
//     // Optional, for objects that hold things until somebody takes them: the name of what an operation puts
//     in, and of
//     // what it took out, or nothing. A hint in which order to try; no verdict depends on it.
//     std::optional<std::string> puts(const input_type& input) const;
//     std::optional<std::string> takes(const input_type& input, const output_type& output) const;
//   };
//
// A step must depend on its arguments alone and must not throw. Leave out of the state what no answer depends
// on: states that compare equal are explored once.
#pragma once

#include <boost/container_hash/hash.hpp>

#include <concepts>
#include <cstddef>
#include <optional>
#include <string>

namespace troupe {

// state_type needs == and boost::hash, which knows numbers, texts and the standard's containers, and finds
// `std::size_t hash_value(const state&)` beside the type.
template <class M>
concept sequential_model =
  std::copy_constructible<M> && std::copyable<typename M::state_type> && std::equality_comparable<
    typename M::state_type> && requires(const M& model, const typename M::state_type& state,
                                        const typename M::input_type& input,
                                        const typename M::output_type* output) {
  { model.initial() } -> std::convertible_to<typename M::state_type>;
  { model.step(state, input, output) } -> std::same_as<std::optional<typename M::state_type>>;
  { model.describe(input, output) } -> std::convertible_to<std::string>;
  { model.describe(state) } -> std::convertible_to<std::string>;
  { boost::hash<typename M::state_type>{}(state) } -> std::convertible_to<std::size_t>;
};

// A model whose operations fall into parts that do not touch each other.
template <class M>
concept partitioned_model = sequential_model<M> && requires(const M& model,
                                                            const typename M::input_type& input) {
  { model.partition(input) } -> std::convertible_to<std::string>;
};

// A model that knows which operations only look.
template <class M>
concept read_only_model = sequential_model<M> && requires(const M& model, const typename M::input_type& input,
                                                          const typename M::output_type& output) {
  { model.read_only(input, output) } -> std::convertible_to<bool>;
};

// A model that knows what is put in and taken out.
template <class M>
concept holding_model = sequential_model<M> && requires(const M& model, const typename M::input_type& input,
                                                        const typename M::output_type& output) {
  { model.puts(input) } -> std::same_as<std::optional<std::string>>;
  { model.takes(input, output) } -> std::same_as<std::optional<std::string>>;
};

} // namespace troupe
