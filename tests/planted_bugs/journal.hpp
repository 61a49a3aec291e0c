// The ledger's durable lines: each is on the disk before append() says so.
#pragma once

#include "ledger.pb.h"
#include "runtime/environment/disk.hpp"

#include <memory>
#include <string>
#include <vector>

namespace planted_bugs {

// A line is its length and a checksum, four bytes each, and its bytes. A crash may tear the last one only,
// because one line at a time is not synced.
class journal {
public:
  // Reads the lines of `path` up to the first that is not whole, and writes them anew: what a failed sync
  // left in memory only is then on the disk, before anybody is told of it.
  static troupe::result<std::vector<ledger::Line>> recover(troupe::disk& on, const std::string& path);

  // The file must have been recovered.
  static troupe::result<std::unique_ptr<journal>> open(troupe::disk& on, const std::string& path);

  // After an error the journal is to be recovered: nobody knows what of the line is there.
  troupe::status append(const ledger::Line& line);

private:
  explicit journal(std::unique_ptr<troupe::file> to) : to_(std::move(to)) {}

  std::unique_ptr<troupe::file> to_;
  troupe::status failed_;
};

} // namespace planted_bugs
