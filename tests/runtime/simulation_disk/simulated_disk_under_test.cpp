#include "runtime/simulation_disk/simulated_disk.hpp"
#include "tests/runtime/environment/disk_under_test.hpp"

namespace {

class simulated_disk_under_test final : public disk_under_test {
public:
  simulated_disk_under_test() : disk_(troupe::random_source{1}, {.working_folder = "/node/data"}) {}

  troupe::disk& disk() override { return disk_; }
  const std::string& folder() const override { return path_; }

private:
  troupe::simulated_disk disk_;
  std::string path_ = "/node/data";
};

} // namespace

std::unique_ptr<disk_under_test> make_disk_under_test() {
  return std::make_unique<simulated_disk_under_test>();
}
