// Calls that the edge makes again because their callee went away, and clients that give up meanwhile.
#include "tests/actors/grpc_edge/probe.hpp"

#include <catch2/catch.hpp>

#include <atomic>
#include <future>
#include <memory>
#include <thread>
#include <vector>

using namespace troupe;
using namespace troupe::probe;

namespace {

status gone() { return with_retry_hint(unavailable("the instance is gone"), retry_hint::not_executed); }

} // namespace

TEST_CASE("grpc repeats: a call whose callee went away is made again, three times in all") {
  node here;
  auto stub = here.stub();
  for (const bool at_last : {true, false}) {
    patient context;
    Item reply;
    auto outcome = std::async(std::launch::async, [&] { return stub->One(&context, Item{}, &reply); });
    for (int attempt = 1; attempt < 3; ++attempt)
      here.service->next(frame_kind::request).call->fail(gone());
    auto last = here.service->next(frame_kind::request);
    if (at_last)
      last.call->answer(item("here"));
    else
      last.call->fail(gone());
    const auto status = outcome.get();
    CHECK(status.ok() == at_last);
    if (!at_last) CHECK(status.error_code() == grpc::StatusCode::UNAVAILABLE);
  }
}

TEST_CASE("grpc repeats: who gets a call that was given up meanwhile is told so") {
  node here;
  auto stub = here.stub();
  patient context;
  here.directory.on_other = [&] {
    context.TryCancel();
    // On the same connection, so that the edge has read of the other's end before it answers these.
    for (int i = 0; i < 50; ++i) {
      patient other;
      Item reply;
      auto answered = std::async(std::launch::async, [&] { return stub->One(&other, Item{}, &reply); });
      here.service->next(frame_kind::request).call->answer(item("yes"));
      answered.get();
    }
  };
  Item reply;
  auto outcome = std::async(std::launch::async, [&] { return stub->One(&context, Item{}, &reply); });
  here.service->next(frame_kind::request).call->fail(gone());
  const auto again = here.service->next(frame_kind::request);
  const auto end = here.service->next(frame_kind::cancel);
  CHECK(end.call == again.call);
  CHECK(outcome.get().error_code() == grpc::StatusCode::CANCELLED);
  here.edge->drain(std::chrono::seconds{30});
  CHECK(here.edge->readings().in_flight == 0);
}

TEST_CASE("grpc repeats: clients that give up at any moment leave nothing behind and get one answer") {
  std::atomic<int> handed_over = 0;
  std::atomic<int> ended = 0;
  std::atomic<int> twice = 0;
  {
    node here;
    // Fails each call twice, now here, now on another thread.
    std::atomic<unsigned> turn = 0;
    std::vector<std::thread> callees;
    std::mutex guard;
    here.service->on_frame = [&](frame what) {
      if (what.kind != frame_kind::request) return;
      ++handed_over;
      const auto how = turn++;
      auto act = [&ended, &twice, how, call = what.call] {
        const bool first = how % 3 == 2 ? call->answer(call->request()) : call->fail(gone());
        if (first) ++ended;
        if (call->fail(gone())) ++twice;
      };
      if (how % 2 == 0) return act();
      std::lock_guard lock{guard};
      callees.emplace_back(std::move(act));
    };
    std::vector<std::thread> clients;
    for (int each = 0; each < 4; ++each)
      clients.emplace_back([&here] {
        auto stub = here.stub();
        for (int i = 0; i < 200; ++i) {
          patient context;
          std::promise<void> done;
          Item request;
          Item reply;
          stub->async()->One(&context, &request, &reply, [&](const grpc::Status&) { done.set_value(); });
          for (int spin = 0; spin < i * 20; ++spin)
            std::this_thread::yield();
          if (i % 4 != 0) context.TryCancel();
          done.get_future().get();
        }
      });
    for (auto& each : clients)
      each.join();
    here.edge->drain(std::chrono::seconds{30});
    CHECK(here.edge->readings().in_flight == 0);
    std::lock_guard lock{guard};
    for (auto& each : callees)
      each.join();
  }
  CHECK(handed_over > 0);
  CHECK(ended <= handed_over);
  CHECK(twice == 0);
}
