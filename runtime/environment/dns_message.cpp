#include "runtime/environment/dns_message.hpp"

#include <algorithm>
#include <optional>
#include <tuple>

namespace troupe {
namespace {

constexpr std::uint16_t type_srv = 33;
constexpr std::uint16_t class_internet = 1;
constexpr int max_name_jumps = 32;         // compression pointers in one name; bounds a loop of them
constexpr std::size_t max_name_size = 255; // RFC 1035 section 2.3.4

class reader {
public:
  explicit reader(std::span<const std::byte> message) : message_(message) {}

  std::size_t position() const noexcept { return at_; }
  bool skip(std::size_t count) noexcept {
    if (message_.size() - at_ < count) return false;
    at_ += count;
    return true;
  }
  std::optional<std::uint8_t> u8() noexcept {
    if (at_ >= message_.size()) return std::nullopt;
    return static_cast<std::uint8_t>(message_[at_++]);
  }
  std::optional<std::uint16_t> u16() noexcept {
    const auto high = u8();
    const auto low = u8();
    if (!high || !low) return std::nullopt;
    return static_cast<std::uint16_t>(*high << 8 | *low);
  }

  // A domain name without the final dot, compressed or not; "" is the root.
  std::optional<std::string> name() {
    std::string out;
    std::optional<std::size_t> resume; // where the record goes on after the first pointer
    for (int jumps = 0;;) {
      const auto length = u8();
      if (!length) return std::nullopt;
      if (*length == 0) break;
      if ((*length & 0xC0) == 0xC0) {
        const auto low = u8();
        if (!low || ++jumps > max_name_jumps) return std::nullopt;
        if (!resume) resume = at_;
        at_ = static_cast<std::size_t>((*length & 0x3F) << 8 | *low);
        continue;
      }
      if (*length > 63 || message_.size() - std::min(at_, message_.size()) < *length) return std::nullopt;
      if (!out.empty()) out += '.';
      for (int i = 0; i < *length; ++i)
        out += static_cast<char>(message_[at_++]);
      if (out.size() > max_name_size) return std::nullopt;
    }
    if (resume) at_ = *resume;
    return out;
  }

private:
  std::span<const std::byte> message_;
  std::size_t at_ = 0;
};

status malformed() { return data_loss("the name server's answer is malformed"); }

} // namespace

result<std::vector<service_record>> parse_service_answer(std::span<const std::byte> message) {
  reader in{message};
  const auto id = in.u16();
  const auto flags = in.u16();
  const auto questions = in.u16();
  const auto answers = in.u16();
  if (!id || !flags || !questions || !answers || !in.skip(4)) return malformed();
  if ((*flags & 0x8000) == 0) return malformed(); // a question, not an answer
  constexpr int name_error = 3;
  const int response_code = *flags & 0x0F;
  if (response_code == name_error) return not_found("no such name");
  if (response_code != 0) return unavailable("the name server reports error {}", response_code);
  for (int i = 0; i < *questions; ++i) {
    if (!in.name() || !in.skip(4)) return malformed();
  }
  std::vector<service_record> out;
  for (int i = 0; i < *answers; ++i) {
    const auto owner = in.name();
    const auto type = in.u16();
    const auto klass = in.u16();
    if (!owner || !type || !klass || !in.skip(4)) return malformed(); // 4: time to live
    const auto size = in.u16();
    if (!size) return malformed();
    const std::size_t end = in.position() + *size;
    if (*type != type_srv || *klass != class_internet) { // an alias on the way, usually
      if (!in.skip(*size)) return malformed();
      continue;
    }
    const auto priority = in.u16();
    const auto weight = in.u16();
    const auto port = in.u16();
    const auto target = in.name();
    if (!priority || !weight || !port || !target || in.position() != end) return malformed();
    if (target->empty() || out.size() == max_lookup_results) continue;
    out.push_back({*target, *port, *priority, *weight});
  }
  if (out.empty()) return not_found("no service records of that name");
  std::sort(out.begin(), out.end(), [](const service_record& a, const service_record& b) {
    return std::tie(a.priority, b.weight, a.target, a.port)
           < std::tie(b.priority, a.weight, b.target, b.port);
  });
  return out;
}

} // namespace troupe
