#include "runtime/simulation/node_clock.hpp"

#include <algorithm>

namespace troupe {

namespace {

__extension__ using wide = __int128;
constexpr wide million = 1'000'000;

} // namespace

monotonic_time node_clock::local(monotonic_time world) const noexcept {
  if (ppm_ == 0) return base_local_ + (world - base_world_);
  const wide passed = (world - base_world_).count();
  return base_local_ + duration{static_cast<std::int64_t>(passed * (million + ppm_) / million)};
}

monotonic_time node_clock::world_of(monotonic_time local) const noexcept {
  const auto left = monotonic_time::max() - base_world_;
  if (local <= base_local_) return base_world_;
  const wide wanted = (local - base_local_).count();
  const wide speed = million + ppm_;
  const wide needed = (wanted * million + speed - 1) / speed;
  return needed >= left.count() ? monotonic_time::max()
                                : base_world_ + duration{static_cast<std::int64_t>(needed)};
}

wall_time node_clock::wall(monotonic_time world) const noexcept {
  return wall_time{
    std::chrono::duration_cast<wall_time::duration>(local(world).time_since_epoch() + wall_offset_)};
}

void node_clock::set_rate(monotonic_time world, std::int32_t ppm) noexcept {
  base_local_ = local(world);
  base_world_ = world;
  ppm_ = std::clamp(ppm, slowest_ppm, fastest_ppm);
}

void node_clock::boot(monotonic_time world, monotonic_time local) noexcept {
  const auto shown = wall(world);
  base_world_ = world;
  base_local_ = local;
  set_wall(world, shown);
}

void node_clock::set_wall(monotonic_time world, wall_time shown) noexcept {
  wall_offset_ =
    std::chrono::duration_cast<duration>(shown.time_since_epoch()) - local(world).time_since_epoch();
}

} // namespace troupe
