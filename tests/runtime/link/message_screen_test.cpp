#include "runtime/link/message_screen.hpp"

#include <catch2/catch.hpp>

using namespace troupe;

namespace {

status screened(std::string_view text) {
  return screen_message(std::as_bytes(std::span{text.data(), text.size()}));
}

std::string many(std::size_t count) {
  std::string out;
  for (std::size_t i = 0; i < count; ++i)
    out += "\x0C@<>+@message";
  return out;
}

} // namespace

TEST_CASE("messages of most types pass") {
  CHECK(screened("").ok());
  CHECK(screened("@").ok());
  CHECK(screened("@<>").ok());
  CHECK(screened("@<>+@i32+@str+shop::order").ok());
  CHECK(screened("@<>+@str write to group@example.org or config_value@example.org").ok());
}

TEST_CASE("groups and configuration values do not pass, wherever they are in a message") {
  CHECK(screened("@<>+@group").message() == "a message with a group, which stays on its node");
  CHECK_FALSE(screened("@<>+@i32+@group_down").ok());
  CHECK_FALSE(screened("@<>+@config_value").ok());
  CHECK_FALSE(screened("@<>+@message...@<>+@i32+@config_value").ok());
}

TEST_CASE("messages hold so many others and no more") {
  CHECK(screened(many(most_inner_messages + 1)).ok());
  CHECK(screened(many(most_inner_messages + 2)).message() == "more than 100 messages in one");
}
