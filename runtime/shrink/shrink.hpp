// Makes a list of things that a test fails with as short and as simple as it gets, by testing shorter and
// simpler ones: delta debugging. Pure: the test is the caller's.
//
// ddmin after A. Zeller and R. Hildebrandt, "Simplifying and Isolating Failure-Inducing Input", IEEE
// Transactions on Software Engineering 28(2), 2002, section 3.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <utility>
#include <vector>

namespace troupe {

enum class shrink_verdict : std::uint8_t {
  fails,      // as it did with everything
  passes,     //
  unresolved, // neither: it took too long, or failed otherwise
};

struct shrink_limits {
  // How often the test is asked at most, 1 or more. At the bound the shortest list so far is the result.
  std::size_t runs = 1000;
};

// Which of `count` things are needed, in ascending order.
using kept_indices = std::vector<std::size_t>;

// What the test says about some of the things, given in ascending order. Must answer alike when asked alike;
// it is not asked twice for the same.
using indices_test = std::function<shrink_verdict(const kept_indices&)>;

struct shrink_outcome {
  kept_indices kept;
  // Whether the test fails with all things. If not, `kept` is all of them, and nothing was looked for.
  bool reproduced = false;
  // Whether `kept` is 1-minimal: it fails, and without any one of them it does not. False only when the limit
  // came first.
  bool minimal = false;
  std::size_t runs = 0;
};

// ddmin over the indices 0 to count - 1. Tries first whether the test fails with nothing at all.
shrink_outcome shrink_indices(std::size_t count, const indices_test& test, const shrink_limits& limits = {});

// The same for a list, whose items are then made simpler one by one.
template <class Item>
struct shrunk_list {
  std::vector<Item> items;
  std::vector<std::size_t> origins; // which item of the original list each comes from
  bool reproduced = false;
  // No item can be left out, and no item made simpler by any one of its candidates.
  bool minimal = false;
  std::size_t runs = 0;
};

// `simpler` gives the candidates that may replace an item, simplest first; along candidates of candidates it
// must come to an end. Each that the test still fails with is taken. As simpler items may make others
// superfluous, the list is reduced again until nothing changes.
template <class Item>
shrunk_list<Item>
shrink_list(std::vector<Item> items, const std::function<shrink_verdict(const std::vector<Item>&)>& test,
            const std::function<std::vector<Item>(const Item&)>& simpler, const shrink_limits& limits = {}) {
  shrunk_list<Item> out;
  for (std::size_t i = 0; i < items.size(); ++i)
    out.origins.push_back(i);
  out.items = std::move(items);
  const auto reduce = [&] {
    const auto all = out.items;
    const auto origins = out.origins;
    const auto chosen = [&all](const kept_indices& kept) {
      std::vector<Item> some;
      for (const auto each : kept)
        some.push_back(all[each]);
      return some;
    };
    const auto found =
      shrink_indices(all.size(), [&](const kept_indices& kept) { return test(chosen(kept)); },
                     {limits.runs > out.runs ? limits.runs - out.runs : 0});
    out.runs += found.runs;
    out.reproduced = out.reproduced || found.reproduced;
    out.minimal = found.minimal;
    out.items = chosen(found.kept);
    out.origins.clear();
    for (const auto each : found.kept)
      out.origins.push_back(origins[each]);
    return out.minimal;
  };
  // The first candidate of the item that the test fails with takes its place, and so on.
  const auto simplify = [&](std::size_t at) {
    bool changed = false;
    for (bool again = true; again;) {
      again = false;
      for (auto& candidate : simpler(out.items[at])) {
        if (out.runs >= limits.runs) {
          out.minimal = false;
          return changed;
        }
        auto tried = out.items;
        tried[at] = std::move(candidate);
        ++out.runs;
        if (test(tried) != shrink_verdict::fails) continue;
        out.items = std::move(tried);
        again = changed = true;
        break;
      }
    }
    return changed;
  };
  while (reduce()) {
    bool changed = false;
    for (std::size_t at = 0; at < out.items.size(); ++at)
      changed = simplify(at) || changed;
    if (!changed || !out.minimal) break;
  }
  return out;
}

} // namespace troupe
