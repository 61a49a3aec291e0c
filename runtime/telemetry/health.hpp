// Whether a node is started, ready and alive, and if not, why: the three questions that an orchestrator asks
// (/healthz/started, /healthz/ready, /healthz/live), answered from checks that components register.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace troupe {

enum class health_question : std::uint8_t {
  started, // has the start finished? Once yes, always yes
  ready,   // should it get traffic now? No before it has started and while it drains
  live,    // is it worth keeping? If not, the orchestrator kills and restarts it
};
std::string_view to_string(health_question question) noexcept;

// One check's answer: nothing when it passes, or the reason why it fails.
using health_failure = std::optional<std::string>;

struct health_line {
  std::string name;
  health_failure failure;

  bool operator==(const health_line&) const = default;
};

struct health_report {
  health_question question = health_question::live;
  bool passing = true;
  std::vector<health_line> checks; // by name

  // {"status":"failing","checks":[{"name":"journal","status":"failing","reason":"replaying"}]}
  std::string to_json() const;
  // "failing\njournal: failing: replaying\n"
  std::string to_text() const;
};

class health_registry;

// A component's own check. Thread-safe; destroying it takes the check out. One made by its default
// constructor does nothing.
class [[nodiscard]] health_check {
public:
  health_check() noexcept = default;
  ~health_check();
  health_check(health_check&& other) noexcept;
  health_check& operator=(health_check&& other) noexcept;

  void pass() const;
  void fail(std::string reason) const;

private:
  friend class health_registry;
  struct shared;
  health_check(std::shared_ptr<shared> registry, std::uint64_t id) noexcept;
  std::shared_ptr<shared> shared_;
  std::uint64_t id_ = 0;
};

// The checks of one node. Thread-safe. Without checks every answer is yes.
class health_registry {
public:
  health_registry();
  ~health_registry();
  health_registry(const health_registry&) = delete;
  health_registry& operator=(const health_registry&) = delete;

  // A check that its component sets; it fails with `reason` until then. Names need not be unique.
  health_check add(health_question question, std::string name, std::string reason = "not started yet");

  // A check that is asked at each report: for what is known only by looking (a heartbeat that is too old). It
  // runs on the asking thread, one at a time; it must not block, nor call the registry. When the destructor
  // of the returned check returns, it does not run and will not run again.
  health_check add_probe(health_question question, std::string name, std::function<health_failure()> probe);

  // From now on the node is not ready, for this reason ("draining"); nothing takes that back.
  void drain(std::string reason = "draining");

  // "started" passes from the first report on in which all its checks pass.
  health_report report(health_question question) const;

private:
  std::shared_ptr<health_check::shared> shared_;
};

} // namespace troupe
