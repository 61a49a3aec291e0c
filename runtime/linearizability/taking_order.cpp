#include "runtime/linearizability/taking_order.hpp"

#include <algorithm>
#include <numeric>

namespace troupe::detail {

namespace {

std::vector<std::size_t> sorted_by(const std::vector<taken_thing>& things,
                                   std::uint32_t taken_thing::*field) {
  std::vector<std::size_t> out(things.size());
  std::iota(out.begin(), out.end(), std::size_t{0});
  std::stable_sort(out.begin(), out.end(),
                   [&](auto a, auto b) { return things[a].*field < things[b].*field; });
  return out;
}

// Repeatedly the thing before which nothing must come, of these the one that was taken first.
std::vector<std::size_t> order_of(const std::vector<taken_thing>& things) {
  const auto by_call = sorted_by(things, &taken_thing::put_called);
  const auto by_put = sorted_by(things, &taken_thing::put_ended);
  const auto by_take = sorted_by(things, &taken_thing::take_ended);
  std::vector<bool> done(things.size());
  std::vector<std::size_t> overlapping; // called before the end of the first put that is left
  std::vector<std::size_t> out;
  std::size_t called = 0;
  std::size_t put = 0;
  std::size_t taken = 0;
  while (out.size() < things.size()) {
    while (done[by_put[put]])
      ++put;
    while (done[by_take[taken]])
      ++taken;
    const auto first_put = things[by_put[put]].put_ended;
    const auto first_take = things[by_take[taken]].take_ended;
    while (called < by_call.size() && things[by_call[called]].put_called < first_put)
      overlapping.push_back(by_call[called++]);
    const auto best = std::min_element(overlapping.begin(), overlapping.end(), [&](auto a, auto b) {
      const bool a_late = things[a].take_called > first_take;
      const bool b_late = things[b].take_called > first_take;
      return a_late != b_late ? b_late : things[a].take_ended < things[b].take_ended;
    });
    out.push_back(*best);
    done[*best] = true;
    overlapping.erase(best);
  }
  return out;
}

} // namespace

std::vector<std::uint64_t> order_of_need(const std::vector<taken_thing>& things) {
  const auto order = order_of(things);
  std::vector<std::uint64_t> out(things.size());
  std::uint64_t first_take = 0xffff'ffff;
  for (auto place = order.size(); place-- > 0;) {
    first_take = std::min<std::uint64_t>(first_take, things[order[place]].take_ended);
    out[order[place]] = first_take << 32U | place;
  }
  return out;
}

} // namespace troupe::detail
