#include "runtime/environment/dns_message.hpp"
#include "tests/runtime/environment/dns_answer.hpp"

#include <catch2/catch.hpp>

using namespace troupe;

namespace {

result<std::vector<service_record>> parse(const std::string& message) {
  return parse_service_answer(std::as_bytes(std::span{message}));
}

} // namespace

TEST_CASE("service records come sorted by priority, larger weights first") {
  dns_answer answer{0x1234, "_troupe._udp.example.org"};
  answer.add_service(20, 0, 4000, "c.example.org");
  answer.add_service(10, 1, 4000, "a.example.org");
  answer.add_alias("other.example.org");
  answer.add_service(10, 5, 4001, "b.example.org");
  const auto records = parse(answer.bytes());
  REQUIRE(records.has_value());
  CHECK(*records
        == std::vector<service_record>{
          {"b.example.org", 4001, 10, 5}, {"a.example.org", 4000, 10, 1}, {"c.example.org", 4000, 20, 0}});
}

TEST_CASE("an answer without records, or with the single target that means 'not here', is NOT_FOUND") {
  CHECK(parse(dns_answer{1, "x"}.bytes()).error().message() == "no service records of that name");
  dns_answer decidedly_not{1, "x"};
  decidedly_not.add_service(0, 0, 0, "");
  CHECK(parse(decidedly_not.bytes()).error().code() == status_code::not_found);
  CHECK(parse(dns_answer{1, "x", 3}.bytes()).error() == not_found("no such name"));
  CHECK(parse(dns_answer{1, "x", 2}.bytes()).error() == unavailable("the name server reports error 2"));
}

TEST_CASE("no prefix of an answer, and no loop of pointers, is accepted or read past its end") {
  dns_answer answer{1, "x.example"};
  answer.add_service(1, 2, 3, "host.example");
  const std::string whole = answer.bytes();
  REQUIRE(parse(whole).has_value());
  for (std::size_t size = 0; size < whole.size(); ++size) {
    INFO(size);
    CHECK(parse(whole.substr(0, size)).error() == data_loss("the name server's answer is malformed"));
  }
  std::string looping = whole;
  looping[12] = static_cast<char>(0xC0); // the question's name points at itself
  looping[13] = 12;
  CHECK_FALSE(parse(looping).has_value());
  std::string question = whole;
  question[2] = 0; // a question is not an answer
  CHECK_FALSE(parse(question).has_value());
  std::string wrong_size = whole;
  ++wrong_size[wrong_size.size() - 21]; // the record claims one byte more than its fields have
  CHECK_FALSE(parse(wrong_size).has_value());
}

TEST_CASE("more records than the limit are left out") {
  dns_answer answer{1, "x"};
  for (std::uint16_t i = 0; i < 300; ++i)
    answer.add_service(0, 0, i, "h");
  CHECK(parse(answer.bytes())->size() == max_lookup_results);
}
