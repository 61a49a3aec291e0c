// Every way a crash can end, one after the other.
#pragma once

#include "runtime/simulation_disk/crash_choices.hpp"

#include <cstdint>
#include <vector>

// Counts through all answers that a crash may get, like an odometer whose wheels appear as they are asked
// for.
//   for (all_choices choices; choices.more(); choices.next()) { ... crash(choices) ... }
class all_choices final : public troupe::crash_choices {
public:
  bool more() const { return more_; }
  void next() {
    at_ = 0;
    while (!wheels_.empty() && wheels_.back().value + 1 == wheels_.back().bound)
      wheels_.pop_back();
    more_ = !wheels_.empty();
    if (more_) ++wheels_.back().value;
  }

  troupe::write_fate fate_of_write() override { return static_cast<troupe::write_fate>(choose(3)); }
  bool sector_survives() override { return choose(2) == 1; }
  bool size_survives() override { return choose(2) == 1; }
  bool change_survives() override { return choose(2) == 1; }
  std::size_t changes_in_order(std::size_t count) override { return choose(count + 1); }

private:
  struct wheel {
    std::size_t value;
    std::size_t bound;
  };

  std::size_t choose(std::size_t bound) {
    if (at_ == wheels_.size()) wheels_.push_back({0, bound});
    return wheels_[at_++].value;
  }

  std::vector<wheel> wheels_;
  std::size_t at_ = 0;
  bool more_ = true;
};

// The same answer to everything.
class same_choice final : public troupe::crash_choices {
public:
  explicit same_choice(bool survives) : survives_(survives) {}
  troupe::write_fate fate_of_write() override {
    return survives_ ? troupe::write_fate::kept : troupe::write_fate::lost;
  }
  bool sector_survives() override { return survives_; }
  bool size_survives() override { return survives_; }
  bool change_survives() override { return survives_; }
  std::size_t changes_in_order(std::size_t count) override { return survives_ ? count : 0; }

private:
  bool survives_;
};
