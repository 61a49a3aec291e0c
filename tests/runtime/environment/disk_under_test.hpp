// Which disk the conformance tests of a program run against.
#pragma once

#include "runtime/environment/disk.hpp"

#include <memory>
#include <string>

class disk_under_test {
public:
  virtual ~disk_under_test() = default;

  virtual troupe::disk& disk() = 0;

  // An empty folder on it, by its absolute path.
  virtual const std::string& folder() const = 0;

  std::string operator/(const std::string& name) const { return folder() + "/" + name; }
};

// A fresh one; defined by each program.
std::unique_ptr<disk_under_test> make_disk_under_test();
