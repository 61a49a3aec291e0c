#include "tests/actors/grpc_edge/probe.hpp"

#include <catch2/catch.hpp>

#include <algorithm>
#include <atomic>
#include <deque>
#include <future>
#include <mutex>
#include <set>
#include <thread>

using namespace troupe;
using namespace troupe::probe;

namespace {

Item text(std::string what) {
  Item out;
  out.set_text(std::move(what));
  return out;
}

} // namespace

TEST_CASE("grpc stream: a server stream arrives in order, then its status") {
  node here;
  here.service->on_frame = [](frame what) {
    if (what.kind != frame_kind::request) return;
    CHECK(what.call->initial_credit() == default_stream_credit);
    what.call->reply_headers = {{"x-stream", "1"}};
    for (int i = 0; i < 10; ++i)
      what.call->reply_item(item(text_of(what.call->request()), i));
    what.call->finish();
  };
  auto stub = here.stub();
  patient context;
  auto reader = stub->Down(&context, text("a"));
  Item got;
  for (int i = 0; i < 10; ++i) {
    REQUIRE(reader->Read(&got));
    CHECK(got.text() == "a");
    CHECK(got.number() == i);
  }
  CHECK_FALSE(reader->Read(&got));
  CHECK(reader->Finish().ok());
  CHECK(context.GetServerInitialMetadata().count("x-stream") == 1);
}

TEST_CASE("grpc stream: a stream of nothing, and one that fails after items") {
  node here;
  here.service->on_frame = [](frame what) {
    if (what.kind != frame_kind::request) return;
    if (text_of(what.call->request()) == "fail") {
      what.call->reply_item(item("one"));
      what.call->fail(aborted("half-way"));
    } else {
      what.call->finish();
    }
  };
  auto stub = here.stub();
  Item got;
  patient empty;
  auto nothing = stub->Down(&empty, text(""));
  CHECK_FALSE(nothing->Read(&got));
  CHECK(nothing->Finish().ok());
  patient failing;
  auto reader = stub->Down(&failing, text("fail"));
  CHECK(reader->Read(&got));
  CHECK_FALSE(reader->Read(&got));
  auto status = reader->Finish();
  CHECK(status.error_code() == grpc::StatusCode::ABORTED);
  CHECK(status.error_message() == "half-way");
}

TEST_CASE("grpc stream: a slow client holds its producer back") {
  constexpr std::uint32_t credit = 4;
  constexpr int items = 100;
  constexpr std::size_t item_size = 1024 * 1024;
  // What may be under way besides: the windows and buffers of both ends.
  constexpr int slack = 32;
  node here{[](auto& options, auto&) { options.stream_credit = credit; }};
  auto stub = here.stub();
  std::atomic<int> read = 0;
  std::atomic<int> worst = 0;
  // The producer sends whatever it may, as soon as it may.
  std::thread producer{[&] {
    auto request = here.service->next(frame_kind::request);
    auto allowed = request.call->initial_credit();
    auto big = std::make_shared<Item>();
    big->set_data(std::string(item_size, 'x'));
    int produced = 0;
    while (produced < items) {
      if (allowed == 0) allowed += here.service->next(frame_kind::credit).credit;
      request.call->reply_item(big);
      --allowed;
      ++produced;
      worst = std::max(worst.load(), produced - read.load());
    }
    request.call->finish();
  }};
  patient context;
  auto reader = stub->Down(&context, Item{});
  Item got;
  int count = 0;
  while (reader->Read(&got)) {
    ++count;
    ++read;
    // Takes its time, so that the client is the slower one of the two.
    CHECK(std::count(got.data().begin(), got.data().end(), 'x') == static_cast<long>(item_size));
  }
  producer.join();
  CHECK(reader->Finish().ok());
  CHECK(count == items);
  CHECK(worst <= static_cast<int>(credit) + slack);
}

TEST_CASE("grpc stream: a callee that ignores its credit is stopped") {
  node here{[](auto& options, auto&) { options.stream_credit = 2; }};
  here.service->on_frame = [](frame what) {
    if (what.kind != frame_kind::request) return;
    for (int i = 0; i < 5'000; ++i)
      what.call->reply_item(item("x", i));
    what.call->finish();
  };
  auto stub = here.stub();
  patient context;
  auto reader = stub->Down(&context, Item{});
  Item got;
  while (reader->Read(&got)) {
  }
  CHECK(reader->Finish().error_code() == grpc::StatusCode::INTERNAL);
}

TEST_CASE("grpc stream: client items are read as far as the callee asked for them") {
  node here;
  std::promise<call_ptr> opened;
  std::promise<void> closed;
  std::mutex mutex;
  std::vector<std::string> seen;
  here.service->on_frame = [&](frame what) {
    if (what.call->method().kind == method_kind::unary) {
      if (what.kind == frame_kind::request) what.call->answer(what.call->request());
      return;
    }
    if (what.kind == frame_kind::request) opened.set_value(what.call);
    if (what.kind == frame_kind::item) {
      std::lock_guard guard{mutex};
      seen.push_back(text_of(what.message));
    }
    if (what.kind == frame_kind::half_close) closed.set_value(); // the test may end with it
  };
  auto stub = here.stub();
  patient context;
  Item reply;
  auto writer = stub->Up(&context, &reply);
  for (int i = 0; i < 5; ++i)
    REQUIRE(writer->Write(text(std::to_string(i))));
  REQUIRE(writer->WritesDone());
  // Calls on the same connection and the same threads: whatever could be read before them was.
  auto settle = [&] {
    for (int i = 0; i < 20; ++i) {
      patient other;
      Item ignored;
      REQUIRE(stub->One(&other, Item{}, &ignored).ok());
    }
  };
  auto items_seen = [&] {
    std::lock_guard guard{mutex};
    return seen.size();
  };
  auto call = opened.get_future().get();
  CHECK(call->request() == nullptr);
  settle();
  CHECK(items_seen() == 0);
  std::size_t granted = 0;
  for (std::uint32_t more : {2U, 1U}) {
    granted += more;
    call->grant_caller(more);
    while (items_seen() < granted)
      settle();
    settle();
    CHECK(items_seen() == granted);
  }
  call->grant_caller(100);
  closed.get_future().get();
  CHECK(seen == std::vector<std::string>{"0", "1", "2", "3", "4"});
  call->answer(item("five"));
  CHECK(writer->Finish().ok());
  CHECK(reply.text() == "five");
}

TEST_CASE("grpc stream: without credit nothing is read") {
  node here;
  std::atomic<int> granted = 0;
  std::atomic<int> received = 0;
  std::atomic<bool> overrun = false;
  std::promise<call_ptr> first;
  std::promise<void> closed;
  here.service->on_frame = [&](frame what) {
    if (what.kind == frame_kind::request) first.set_value(what.call);
    if (what.kind == frame_kind::half_close) closed.set_value();
    if (what.kind != frame_kind::item) return;
    if (++received > granted) overrun = true;
    ++granted;
    what.call->grant_caller(1);
  };
  auto stub = here.stub();
  patient context;
  Item reply;
  auto writer = stub->Up(&context, &reply);
  for (int i = 0; i < 200; ++i)
    REQUIRE(writer->Write(text("x")));
  REQUIRE(writer->WritesDone());
  auto call = first.get_future().get();
  CHECK(received == 0);
  ++granted;
  call->grant_caller(1);
  closed.get_future().get();
  CHECK(received == 200);
  CHECK_FALSE(overrun);
  call->answer(item("done"));
  CHECK(writer->Finish().ok());
}

TEST_CASE("grpc stream: the callee may answer a client stream before its end") {
  node here;
  auto stub = here.stub();
  patient context;
  Item reply;
  auto writer = stub->Up(&context, &reply);
  auto request = here.service->next(frame_kind::request);
  request.call->fail(failed_precondition("enough"));
  while (writer->Write(text("more"))) {
  }
  CHECK(writer->Finish().error_code() == grpc::StatusCode::FAILED_PRECONDITION);
}

TEST_CASE("grpc stream: both ends talk in turns") {
  node here;
  here.service->on_frame = [](frame what) {
    switch (what.kind) {
    case frame_kind::request:
      return what.call->grant_caller(1);
    case frame_kind::item:
      what.call->reply_item(what.message);
      return what.call->grant_caller(1);
    case frame_kind::half_close:
      what.call->finish();
      return;
    default:
      return;
    }
  };
  auto stub = here.stub();
  patient context;
  auto stream = stub->Both(&context);
  for (int i = 0; i < 1'000; ++i) {
    REQUIRE(stream->Write(text(std::to_string(i))));
    Item got;
    REQUIRE(stream->Read(&got));
    REQUIRE(got.text() == std::to_string(i));
  }
  stream->WritesDone();
  Item got;
  CHECK_FALSE(stream->Read(&got));
  CHECK(stream->Finish().ok());
}

TEST_CASE("grpc stream: both ends talk at once") {
  constexpr int items = 2'000;
  node here;
  struct state {
    std::mutex mutex;
    std::uint32_t credit = 0;
    std::deque<message_ptr> waiting;
    bool closed = false;
  } shared;
  // Echoes as far as the client reads, and asks for the next item when there is room for it.
  here.service->on_frame = [&](frame what) {
    std::vector<message_ptr> out;
    auto finish = false;
    {
      std::lock_guard guard{shared.mutex};
      if (what.kind == frame_kind::request) shared.credit = what.call->initial_credit();
      if (what.kind == frame_kind::credit) shared.credit += what.credit;
      if (what.kind == frame_kind::item) shared.waiting.push_back(what.message);
      if (what.kind == frame_kind::half_close) shared.closed = true;
      while (shared.credit > 0 && !shared.waiting.empty()) {
        out.push_back(shared.waiting.front());
        shared.waiting.pop_front();
        --shared.credit;
      }
      finish = shared.closed && shared.waiting.empty();
    }
    if (what.kind == frame_kind::request) what.call->grant_caller(4);
    for (auto& message : out) {
      what.call->reply_item(message);
      what.call->grant_caller(1);
    }
    if (finish) what.call->finish();
  };
  auto stub = here.stub();
  patient context;
  auto stream = stub->Both(&context);
  std::thread writer{[&] {
    for (int i = 0; i < items; ++i)
      stream->Write(text(std::to_string(i)));
    stream->WritesDone();
  }};
  std::set<std::string> seen;
  Item got;
  while (stream->Read(&got))
    seen.insert(got.text());
  writer.join();
  CHECK(stream->Finish().ok());
  CHECK(seen.size() == items);
}

TEST_CASE("grpc stream: a client that cancels takes its stream back from the service") {
  node here;
  auto stub = here.stub();
  auto kind = GENERATE(as<std::string>{}, "down", "up", "both");
  patient context;
  Item reply;
  std::unique_ptr<grpc::ClientReader<Item>> down;
  std::unique_ptr<grpc::ClientWriter<Item>> up;
  std::unique_ptr<grpc::ClientReaderWriter<Item, Item>> both;
  if (kind == "down") down = stub->Down(&context, Item{});
  if (kind == "up") up = stub->Up(&context, &reply);
  if (kind == "both") both = stub->Both(&context);
  auto request = here.service->next(frame_kind::request);
  context.TryCancel();
  auto cancel = here.service->next(frame_kind::cancel);
  CHECK(cancel.call == request.call);
  CHECK(cancel.outcome.code() == status_code::cancelled);
  request.call->reply_item(item("too late"));
  CHECK_FALSE(request.call->finish());
  auto status = down ? down->Finish() : up ? up->Finish() : both->Finish();
  CHECK(status.error_code() == grpc::StatusCode::CANCELLED);
}

TEST_CASE("grpc stream: a reply above the limit ends the stream, and the service is told") {
  node here{[](auto& options, auto&) { options.send_limit = 1'000; }};
  auto stub = here.stub();
  patient context;
  auto reader = stub->Down(&context, Item{});
  auto request = here.service->next(frame_kind::request);
  auto big = std::make_shared<Item>();
  big->set_data(std::string(2'000, 'x'));
  request.call->reply_item(item("small"));
  request.call->reply_item(big);
  Item got;
  CHECK(reader->Read(&got));
  CHECK_FALSE(reader->Read(&got));
  CHECK(reader->Finish().error_code() == grpc::StatusCode::RESOURCE_EXHAUSTED);
  frame_kind kind;
  while ((kind = here.service->next().kind) == frame_kind::credit) {
  }
  CHECK(kind == frame_kind::cancel);
}

TEST_CASE("grpc stream: the answer of a client stream above the limit is not a success") {
  node here{[](auto& options, auto&) { options.send_limit = 1'000; }};
  here.service->on_frame = [](frame what) {
    if (what.kind != frame_kind::request) return;
    auto big = std::make_shared<Item>();
    big->set_data(std::string(2'000, 'x'));
    what.call->answer(big);
  };
  auto stub = here.stub();
  patient context;
  Item reply;
  auto writer = stub->Up(&context, &reply);
  writer->WritesDone();
  CHECK(writer->Finish().error_code() == grpc::StatusCode::RESOURCE_EXHAUSTED);
}
