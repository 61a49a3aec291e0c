#include "tests/actors/grpc_edge/probe.hpp"

#include <catch2/catch.hpp>

#include <atomic>
#include <future>
#include <thread>

using namespace troupe;
using namespace troupe::probe;

TEST_CASE("grpc drain: no accepted call is lost under load") {
  node here;
  std::atomic<int> handled = 0;
  here.service->on_frame = [&](frame what) {
    if (what.kind != frame_kind::request) return;
    ++handled;
    what.call->answer(what.call->request());
  };
  constexpr int clients = 4;
  std::atomic<int> succeeded = 0;
  std::atomic<int> unexpected = 0;
  std::promise<void> warm;
  std::vector<std::thread> threads;
  for (int i = 0; i < clients; ++i)
    threads.emplace_back([&] {
      auto stub = here.stub();
      for (;;) {
        patient context;
        Item reply;
        auto status = stub->One(&context, Item{}, &reply);
        if (!status.ok()) {
          // A call that was made after the door closed. gRPC says CANCELLED to those that were on their way
          // when it told the client to go.
          if (status.error_code() != grpc::StatusCode::UNAVAILABLE
              && status.error_code() != grpc::StatusCode::CANCELLED)
            ++unexpected;
          return;
        }
        if (++succeeded == 200) warm.set_value();
      }
    });
  warm.get_future().get();
  here.edge->drain(std::chrono::seconds{30});
  for (auto& thread : threads)
    thread.join();
  CHECK(unexpected == 0);
  CHECK(handled == succeeded);
  CHECK(here.edge->readings().in_flight == 0);
}

TEST_CASE("grpc drain: a call in flight may end within the limit") {
  node here;
  auto stub = here.stub();
  patient context;
  Item reply;
  auto outcome = std::async(std::launch::async, [&] { return stub->One(&context, Item{}, &reply); });
  auto request = here.service->next(frame_kind::request);
  auto drained = std::async(std::launch::async, [&] { here.edge->drain(std::chrono::hours{1}); });
  request.call->answer(item("in time"));
  CHECK(outcome.get().ok());
  CHECK(reply.text() == "in time");
  drained.get();
}

TEST_CASE("grpc drain: what does not end within the limit is cancelled") {
  node here;
  auto stub = here.stub();
  patient unary_context;
  Item reply;
  auto outcome = std::async(std::launch::async, [&] { return stub->One(&unary_context, Item{}, &reply); });
  auto unary = here.service->next(frame_kind::request);
  patient stream_context;
  auto reader = stub->Down(&stream_context, Item{});
  auto stream = here.service->next(frame_kind::request);
  here.edge->drain(std::chrono::milliseconds{20});
  CHECK(unary.call->cancelled());
  CHECK(stream.call->cancelled());
  CHECK(here.service->next().kind == frame_kind::cancel);
  CHECK(here.service->next().kind == frame_kind::cancel);
  CHECK_FALSE(outcome.get().ok());
  CHECK_FALSE(reader->Finish().ok());
}

TEST_CASE("grpc drain: a callee may hold and answer its call after the edge is gone") {
  frame unary;
  frame stream;
  boost::intrusive_ptr<callee> service;
  {
    node here;
    service = here.service;
    auto stub = here.stub();
    patient unary_context;
    Item reply;
    auto outcome = std::async(std::launch::async, [&] { return stub->One(&unary_context, Item{}, &reply); });
    unary = here.service->next(frame_kind::request);
    patient stream_context;
    auto reader = stub->Down(&stream_context, Item{});
    stream = here.service->next(frame_kind::request);
    here.edge.reset();
    CHECK_FALSE(outcome.get().ok());
    CHECK_FALSE(reader->Finish().ok());
  }
  CHECK_FALSE(unary.call->answer(item("too late")));
  stream.call->reply_item(item("too late"));
  stream.call->grant_caller(1);
  CHECK_FALSE(stream.call->finish());
}

TEST_CASE("grpc drain: twice is once") {
  node here;
  here.edge->drain(std::chrono::hours{1});
  here.edge->drain(std::chrono::hours{1});
  here.edge->set_serving("troupe.probe.Probe", true);
}

TEST_CASE("grpc drain: several edges in one process do not disturb one another") {
  node stays;
  stays.service->on_frame = [](frame what) {
    if (what.kind == frame_kind::request) what.call->answer(what.call->request());
  };
  auto stub = stays.stub();
  for (int i = 0; i < 20; ++i) {
    node passes;
    passes.service->on_frame = stays.service->on_frame;
    patient context;
    Item reply;
    CHECK(passes.stub()->One(&context, Item{}, &reply).ok());
    patient other;
    CHECK(stub->One(&other, Item{}, &reply).ok());
  }
}
