// Histories made by hand, drawn and in Jepsen's form, each with the verdict that a person gave it.
#include "runtime/linearizability/jepsen_history.hpp"
#include "runtime/linearizability/linearizability.hpp"
#include "tests/runtime/linearizability/brute_force.hpp"
#include "tests/runtime/linearizability/drawn_history.hpp"
#include "tests/runtime/linearizability/sequential_objects.hpp"

#include <catch2/catch.hpp>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <set>

using namespace troupe;

namespace {

using words = std::vector<std::string>;

cell_value cell(const std::string& word) { return word == "nil" ? cell_value{} : cell_value{word}; }

bool answer(const std::string& word) {
  REQUIRE((word == "yes" || word == "no"));
  return word == "yes";
}

[[noreturn]] void not_understood(const words& from) {
  std::string text;
  for (const auto& word : from)
    text += word + " ";
  FAIL("there is no operation: " << text);
  std::abort();
}

// "write 1", "read 1", "read nil", "read" (no answer), "cas 1 2 yes"
std::pair<register_input, std::optional<register_output>> understand_register(const words& from) {
  if (from[0] == "write" && from.size() == 2)
    return {register_input::write(cell(from[1])), register_output::written()};
  if (from[0] == "read" && from.size() == 1) return {register_input::read(), std::nullopt};
  if (from[0] == "read" && from.size() == 2)
    return {register_input::read(), register_output::read(cell(from[1]))};
  if (from[0] == "cas" && from.size() == 3)
    return {register_input::compare_and_set(cell(from[1]), cell(from[2])), std::nullopt};
  if (from[0] == "cas" && from.size() == 4)
    return {register_input::compare_and_set(cell(from[1]), cell(from[2])),
            register_output::compared(answer(from[3]))};
  not_understood(from);
}

// "put x 1", "get x 1", "delete x", "append x 1", "cas x 1 2 yes"
std::pair<key_value_input, std::optional<key_value_output>> understand_key_value(const words& from) {
  const auto stored = key_value_output::stored();
  if (from[0] == "put" && from.size() == 3) return {key_value_input::put(from[1], from[2]), stored};
  if (from[0] == "append" && from.size() == 3) return {key_value_input::append(from[1], from[2]), stored};
  if (from[0] == "delete" && from.size() == 2) return {key_value_input::remove(from[1]), stored};
  if (from[0] == "get" && from.size() == 2) return {key_value_input::get(from[1]), std::nullopt};
  if (from[0] == "get" && from.size() == 3)
    return {key_value_input::get(from[1]), key_value_output::got(cell(from[2]))};
  if (from[0] == "cas" && from.size() == 4)
    return {key_value_input::compare_and_set(from[1], cell(from[2]), from[3]), std::nullopt};
  if (from[0] == "cas" && from.size() == 5)
    return {key_value_input::compare_and_set(from[1], cell(from[2]), from[3]),
            key_value_output::compared(answer(from[4]))};
  not_understood(from);
}

// "enqueue 1", "dequeue 1", "dequeue empty", "dequeue" (no answer)
std::pair<queue_input, std::optional<queue_output>> understand_queue(const words& from) {
  if (from[0] == "enqueue" && from.size() == 2)
    return {queue_input::enqueue(from[1]), queue_output::enqueued()};
  if (from[0] == "dequeue" && from.size() == 1) return {queue_input::dequeue(), std::nullopt};
  if (from[0] == "dequeue" && from.size() == 2)
    return {queue_input::dequeue(),
            from[1] == "empty" ? queue_output::empty() : queue_output::dequeued(from[1])};
  not_understood(from);
}

// "add a yes", "remove a no", "contains a yes"; without an answer: done, or not told
std::pair<set_input, std::optional<set_output>> understand_set(const words& from) {
  if (from.size() < 2 || from.size() > 3) not_understood(from);
  const auto told = from.size() == 3 ? set_output::of(answer(from[2])) : set_output::done();
  if (from[0] == "add") return {set_input::add(from[1]), told};
  if (from[0] == "remove") return {set_input::remove(from[1]), told};
  if (from[0] == "contains") return {set_input::contains(from[1]), told};
  not_understood(from);
}

// Both the checker and the search that leaves nothing out must say what the person said.
template <class Object>
void check_drawings(const std::string& file, auto understand) {
  using model = typename Object::model;
  std::set<std::string> names;
  int yes = 0;
  int no = 0;
  for (const auto& each : drawn::read_drawings(file)) {
    INFO(file << ": " << each.name);
    CHECK(names.insert(each.name).second);
    const auto history = drawn::history_of<model>(each, understand);
    REQUIRE(history.problem().ok());
    const auto report = linearizable(history, model{});
    INFO(report.text);
    CHECK(to_string(report.verdict) == each.verdict);
    CHECK(sequential::brute_force<Object>{history.operations()}.linearizable()
          == (each.verdict == "linearizable"));
    ++(report ? yes : no);
    if (report) continue;
    const auto& blocked = history.operations()[report.counterexample.blocked.value()];
    int marked = 0;
    for (const auto& one : each.operations) {
      if (!one.blocked) continue;
      ++marked;
      CHECK(one.client == blocked.client);
      const auto [input, output] = understand(one.words);
      CHECK(input == blocked.input);
      CHECK(output == blocked.output);
    }
    CHECK(marked == 1);
  }
  CHECK(yes >= 14);
  CHECK(no >= 14);
  CHECK(yes + no >= 30);
}

template <class Model>
linearizability_report check_file(const std::filesystem::path& file) {
  std::ifstream in{file};
  const std::string text{std::istreambuf_iterator<char>{in}, {}};
  const auto history = read_jepsen_history<Model>(text);
  INFO(file);
  if (!history) FAIL(history.error().to_string());
  return linearizable(*history, Model{});
}

} // namespace

TEST_CASE("drawn histories of a register") {
  check_drawings<sequential::register_object>("histories/register.txt", understand_register);
}

TEST_CASE("drawn histories of a key-value store") {
  check_drawings<sequential::key_value_object>("histories/key_value.txt", understand_key_value);
}

TEST_CASE("drawn histories of a queue") {
  check_drawings<sequential::queue_object>("histories/queue.txt", understand_queue);
}

TEST_CASE("drawn histories of a set") {
  check_drawings<sequential::set_object>("histories/set.txt", understand_set);
}

TEST_CASE("histories in Jepsen's form") {
  // MODEL/VERDICT/why.json
  int found = 0;
  const std::filesystem::path folder{TROUPE_TEST_FOLDER "/histories"};
  for (const auto& entry : std::filesystem::recursive_directory_iterator{folder}) {
    if (entry.path().extension() != ".json") continue;
    ++found;
    const auto verdict = entry.path().parent_path().filename();
    const auto model = entry.path().parent_path().parent_path().filename();
    linearizability_report report;
    if (model == "register")
      report = check_file<register_model>(entry);
    else if (model == "key_value")
      report = check_file<key_value_model>(entry);
    else if (model == "queue")
      report = check_file<queue_model>(entry);
    else if (model == "set")
      report = check_file<set_model>(entry);
    else
      FAIL(entry.path() << " is in the folder of no model");
    INFO(entry.path() << "\n" << report.text);
    CHECK(report.verdict
          == (verdict == "right" ? linearizability_verdict::linearizable
                                 : linearizability_verdict::not_linearizable));
    CHECK((verdict == "right" || verdict == "wrong"));
  }
  CHECK(found >= 12);
}
