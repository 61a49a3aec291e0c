#include "runtime/link/message_screen.hpp"

#include <string_view>

namespace troupe {

// A message begins with its type names, joined by "+" behind "@<>"; CAF's own begin with "@".
status screen_message(byte_view payload) {
  const std::string_view text{reinterpret_cast<const char*>(payload.data()), payload.size()};
  std::size_t messages = 0;
  for (auto at = text.find('@'); at != text.npos; at = text.find('@', at + 1)) {
    const auto rest = text.substr(at);
    if (rest.starts_with("@<>") && ++messages > most_inner_messages + 1)
      return invalid_argument("more than {} messages in one", most_inner_messages);
    if (at == 0 || text[at - 1] != '+') continue;
    for (const std::string_view refused : {"@config_value", "@group"})
      if (rest.starts_with(refused))
        return invalid_argument("a message with a {}, which stays on its node", refused.substr(1));
  }
  return {};
}

} // namespace troupe
