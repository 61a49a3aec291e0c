// Jepsen's form of histories.
#include "runtime/environment/random_source.hpp"
#include "runtime/linearizability/jepsen_history.hpp"
#include "runtime/linearizability/linearizability.hpp"
#include "tests/runtime/linearizability/sequential_objects.hpp"
#include "tests/runtime/linearizability/traffic.hpp"

#include <catch2/catch.hpp>

using namespace troupe;
using namespace std::chrono_literals;

namespace {

std::string error_of(const std::string& text, const jepsen_limits& limits = {}) {
  const auto read = read_jepsen_history<register_model>(text, limits);
  return read ? "none" : read.error().to_string();
}

constexpr auto begins_write = R"({"process":0,"type":"invoke","f":"write","value":1}
)";

} // namespace

TEST_CASE("a history is written as Jepsen does") {
  history_of<register_model> history;
  const auto write = history.invoke_at(1us, 0, register_input::write("7"));
  const auto read = history.invoke_at(2us, 1, register_input::read());
  history.complete_at(3us, write, register_output::written());
  history.complete_at(4us, read, register_output::read("7"));
  const auto swap = history.invoke_at(5us, 0, register_input::compare_and_set(std::nullopt, "a \"b\""));
  history.complete_at(6us, swap, register_output::compared(false));
  const auto refused = history.invoke_at(7us, 0, register_input::write("007"));
  history.fail_at(8us, refused);
  CHECK(write_jepsen_history<register_model>(history) ==
        R"({"index":0,"process":0,"type":"invoke","f":"write","value":7,"time":1000}
{"index":1,"process":1,"type":"invoke","f":"read","value":null,"time":2000}
{"index":2,"process":0,"type":"ok","f":"write","value":7,"time":3000}
{"index":3,"process":1,"type":"ok","f":"read","value":7,"time":4000}
{"index":4,"process":0,"type":"invoke","f":"cas","value":[null,"a \"b\""],"time":5000}
{"index":5,"process":0,"type":"fail","f":"cas","value":[null,"a \"b\""],"time":6000,"error":"compare-failed"}
{"index":6,"process":0,"type":"invoke","f":"write","value":"007","time":7000}
{"index":7,"process":0,"type":"fail","f":"write","value":"007","time":8000}
)");
}

TEST_CASE("a process has one operation at a time; one that is left open retires it") {
  history_of<queue_model> history;
  history.invoke(0, queue_input::enqueue("a")); // left open
  const auto second = history.invoke(0, queue_input::enqueue("b"));
  const auto third = history.invoke(0, queue_input::dequeue()); // while the second is open
  const auto other = history.invoke(1, queue_input::dequeue());
  history.complete(second, queue_output::enqueued());
  const auto fourth = history.invoke(0, queue_input::dequeue());
  history.complete(third, queue_output::empty());
  history.complete(fourth, queue_output::dequeued("b"));
  history.complete(other, queue_output::empty());
  CHECK(write_jepsen_history<queue_model>(history) ==
        R"({"index":0,"process":0,"type":"invoke","f":"enqueue","value":"a","time":0}
{"index":1,"process":2,"type":"invoke","f":"enqueue","value":"b","time":0}
{"index":2,"process":3,"type":"invoke","f":"dequeue","value":null,"time":0}
{"index":3,"process":1,"type":"invoke","f":"dequeue","value":null,"time":0}
{"index":4,"process":2,"type":"ok","f":"enqueue","value":"b","time":0}
{"index":5,"process":2,"type":"invoke","f":"dequeue","value":null,"time":0}
{"index":6,"process":3,"type":"fail","f":"dequeue","value":null,"time":0,"error":"empty"}
{"index":7,"process":2,"type":"ok","f":"dequeue","value":"b","time":0}
{"index":8,"process":1,"type":"fail","f":"dequeue","value":null,"time":0,"error":"empty"}
{"index":9,"process":0,"type":"info","f":"enqueue","value":"a","time":0}
)");
}

TEST_CASE("all functions of the models are written and read") {
  using sequential::key_value_object;
  history_of<key_value_model> history;
  const auto done = [&](key_value_input input, key_value_output output) {
    history.complete(history.invoke(0, std::move(input)), std::move(output));
  };
  done(key_value_input::get("x"), key_value_output::got(std::nullopt));
  done(key_value_input::put("x", ""), key_value_output::stored());
  done(key_value_input::append("x", "\xc3\xa9"), key_value_output::stored());
  done(key_value_input::get("x"), key_value_output::got("\xc3\xa9"));
  done(key_value_input::compare_and_set("x", "1", "-3"), key_value_output::compared(false));
  done(key_value_input::remove("x"), key_value_output::stored());
  done(key_value_input::compare_and_set("x", std::nullopt, "nil"), key_value_output::compared(true));
  const auto read = read_jepsen_history<key_value_model>(write_jepsen_history<key_value_model>(history));
  REQUIRE(read.has_value());
  CHECK(read->operations() == history.operations());
}

TEMPLATE_LIST_TEST_CASE("what was written reads as the same operations", "", sequential::all_objects) {
  using model = typename TestType::model;
  random_source random{11};
  for (int i = 0; i < 200; ++i) {
    std::vector<sequential::move> moves(60);
    for (auto& one : moves)
      one = {static_cast<std::uint8_t>(random.next()), static_cast<std::uint8_t>(random.next()),
             static_cast<std::uint8_t>(random.next())};
    const auto history = sequential::drive<TestType>(moves, 100);
    const auto read = read_jepsen_history<model>(write_jepsen_history<model>(history));
    REQUIRE(read.has_value());
    REQUIRE(read->problem().ok());
    auto expected = history.operations();
    REQUIRE(read->operations().size() == expected.size());
    for (std::size_t k = 0; k < expected.size(); ++k)
      expected[k].client = read->operations()[k].client; // a process of its own after one that was left open
    REQUIRE(read->operations() == expected);
  }
}

TEST_CASE("what is no history is refused, with the line and the reason") {
  const std::string write = begins_write;
  CHECK(error_of("") == "none");
  CHECK(error_of("\n  \n") == "none");
  CHECK(error_of(write) == "none");
  CHECK(error_of(write + R"({"process":0,"type":"info","f":"write","value":1})") == "none");
  CHECK(error_of(R"({"process":"nemesis","type":"info","f":"partition"})") == "none");
  CHECK(error_of(write + "{") == "INVALID_ARGUMENT: line 2: not JSON: incomplete JSON");
  CHECK(error_of("[]") == "INVALID_ARGUMENT: line 1: not a JSON object");
  CHECK(error_of("{}") == "INVALID_ARGUMENT: line 1: \"process\" is missing");
  CHECK(error_of(R"({"process":-1,"type":"ok","f":"read"})")
        == "INVALID_ARGUMENT: line 1: \"process\" is -1, outside 0 to 2147483647");
  CHECK(error_of(R"({"process":0,"type":"okay","f":"read"})")
        == "INVALID_ARGUMENT: line 1: there is no type \"okay\"; it is invoke, ok, fail or info");
  CHECK(error_of(R"({"process":0,"type":"invoke"})") == "INVALID_ARGUMENT: line 1: \"f\" is not a text");
  CHECK(error_of(R"({"process":0,"type":"invoke","f":"pop"})")
        == "INVALID_ARGUMENT: line 1: there is no function \"pop\"; there are read, write and cas");
  CHECK(error_of(R"({"process":0,"type":"invoke","f":"write","value":1.5})")
        == "INVALID_ARGUMENT: line 1: the value 1.5E0 is not a text, an integer or null");
  CHECK(error_of(R"({"process":0,"type":"invoke","f":"cas","value":[1]})")
        == "INVALID_ARGUMENT: line 1: the value [1] is not an array of two");
  CHECK(error_of(R"({"process":0,"type":"invoke","f":"read","time":"now"})")
        == "INVALID_ARGUMENT: line 1: \"time\" is not an integer");
  CHECK(error_of("\n" + write + write)
        == "INVALID_ARGUMENT: line 3: process 0 calls while its operation of line 2 is open");
  CHECK(error_of(R"({"process":0,"type":"ok","f":"read","value":1})")
        == "INVALID_ARGUMENT: line 1: process 0 ends an operation that it did not begin");
  CHECK(error_of(write + R"({"process":0,"type":"ok","f":"read","value":1})")
        == "INVALID_ARGUMENT: line 2: it ends read, and line 1 began write");
  CHECK(error_of(write + R"({"process":0,"type":"ok","f":"write","value":2})")
        == "INVALID_ARGUMENT: line 2: the call has the value 1, its end 2");
  CHECK(error_of(R"({"index":4,"process":0,"type":"invoke","f":"read"}
{"index":4,"process":0,"type":"ok","f":"read","value":null})")
        == "INVALID_ARGUMENT: line 2: \"index\" is 4 after 4; lines are in order");
}

TEST_CASE("a history of another key or element is refused") {
  const auto key_value =
    read_jepsen_history<key_value_model>(R"({"process":0,"type":"invoke","f":"get","value":["x",null]}
{"process":0,"type":"ok","f":"get","value":["y",1]})");
  REQUIRE_FALSE(key_value.has_value());
  CHECK(key_value.error().message() == "line 2: [\"y\",1] is not about the key x");
  const auto set = read_jepsen_history<set_model>(R"({"process":0,"type":"invoke","f":"add","value":"x"}
{"process":0,"type":"ok","f":"add","value":["x",1]})");
  REQUIRE_FALSE(set.has_value());
  CHECK(set.error().message()
        == "line 2: the value [\"x\",1] is not an array of an element and true, false or null");
}

TEST_CASE("reading is bounded") {
  const std::string write = begins_write;
  CHECK(error_of(write + write, {.max_events = 1})
        == "RESOURCE_EXHAUSTED: line 2: there are more than 1 events");
  CHECK(error_of(write, {.max_line = 10})
        == "RESOURCE_EXHAUSTED: line 1: it has 51 bytes; at most 10 are read");
  CHECK(error_of(std::string(100'000, '[')).starts_with("INVALID_ARGUMENT: line 1: not JSON"));
}
