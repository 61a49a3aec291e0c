// A simulated machine's attempt to connect to another: TCP's handshake, with its repetitions. Internal to the
// simulation.
#pragma once

#include "runtime/environment/event_loop.hpp"
#include "runtime/simulation/loop_core.hpp"
#include "runtime/simulation/member_event.hpp"

#include <memory>
#include <optional>

namespace troupe {

class bound_listener;

// Destroying it gives up.
class connect_attempt final : public loop_timer {
public:
  connect_attempt(std::shared_ptr<loop_core> loop, const endpoint& peer, bool secured, duration timeout,
                  connect_handler then);
  ~connect_attempt() override;

private:
  enum class stage : std::uint8_t { asking, refused, accepted };

  void due();
  void ask();
  void ask_again();
  void answer_after(duration delay, stage with);
  void establish();
  void finish(result<std::unique_ptr<byte_stream>> outcome);
  void tell();

  const std::shared_ptr<loop_core> loop_;
  const endpoint peer_;
  const bool secured_;
  const monotonic_time give_up_;
  const bool refused_when_off_; // whether something on the way says that the machine is off
  connect_handler then_;
  stage stage_ = stage::asking;
  std::uint32_t retries_ = 0;
  std::weak_ptr<bound_listener> listener_;
  std::optional<result<std::unique_ptr<byte_stream>>> outcome_;
  member_event<connect_attempt, &connect_attempt::due> due_{*this};
  member_work<connect_attempt, &connect_attempt::tell> tell_{*this, "connect"};
};

} // namespace troupe
