#include "sealers.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <concepts>
#include <cstring>
#include <new>
#include <sstream>

using namespace troupe;
using namespace troupe::gossip_test;

namespace {

const std::string good = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="; // 0, 1, ..., 31

std::string complaint(const std::string& text) {
  const auto key = gossip_key::parse(text);
  REQUIRE(key.has_error());
  CHECK(key.error().code() == status_code::invalid_argument);
  return key.error().message();
}

template <class T>
concept printable = requires(std::ostream& out, const T& value) {
  out << value;
};

} // namespace

TEST_CASE("a key is 32 bytes of base64") {
  const auto key = gossip_key::parse(good);
  REQUIRE(key.has_value());
  for (std::size_t i = 0; i < gossip_secret::size; ++i)
    CHECK(key->secret().bytes()[i] == static_cast<std::byte>(i));
  // All 64 digits are understood.
  const auto digits = gossip_key::parse("+/9zzZ0aAbBcCdDeEfFgGhHiIjJkKlLmMnNoOpPqQrQ=");
  REQUIRE(digits.has_value());
  std::string hex;
  for (const auto byte : digits->secret().bytes())
    hex += fmt::format("{:02x}", std::to_integer<int>(byte));
  CHECK(hex == "fbff73cd9d1a01b05c09d0de11f1601a11e22232642a52e63273683a93ea42b4");
}

TEST_CASE("what is wrong with a key is said, and never the key") {
  const std::string advice = "`openssl rand -base64 32` makes one";
  CHECK(complaint("") == "a gossip key is empty; " + advice);
  CHECK(complaint(good.substr(0, 40))
        == "a gossip key is 32 bytes in base64, which are 44 characters; this one has 40; " + advice);
  CHECK(complaint(std::string(64, 'f')) == "a gossip key is in hexadecimal, and base64 is wanted; " + advice);
  CHECK(complaint(good + "\n") == "a gossip key has a space or a line's end at character 45");
  CHECK(complaint(good + "\r\n") == "a gossip key has a space or a line's end at character 46");
  auto text = good;
  text[4] = ' ';
  CHECK(complaint(text) == "a gossip key has a space or a line's end at character 5");
  text[4] = '_';
  CHECK(complaint(text) == "a gossip key is in base64url: write \"+\" for \"-\" and \"/\" for \"_\"");
  text[4] = '%';
  CHECK(complaint(text) == "a gossip key has something at character 5 that is not base64; " + advice);
  text[4] = '\0';
  CHECK(complaint(text) == "a gossip key has something at character 5 that is not base64; " + advice);
  text = good;
  text[42] = '=';
  CHECK(complaint(text)
        == "a gossip key ends too early, with \"=\" at character 43: it is shorter than 32 bytes");
  text = good;
  text[43] = 'A';
  CHECK(complaint(text)
        == "a gossip key is 33 bytes, as it does not end with \"=\", and must be 32; " + advice);
  text[43] = '.';
  CHECK(complaint(text) == "a gossip key has something at character 44 that is not base64; " + advice);
  text = good;
  text[42] = '9'; // for '8'
  CHECK(complaint(text) == "a gossip key was altered: the last bits of its base64 are not zero; " + advice);
  CHECK(complaint(std::string(43, 'A') + "=")
        == "a gossip key is 32 times the same byte, which is not random; " + advice);
}

TEST_CASE("a key has no printed form, and is overwritten at its end") {
  STATIC_REQUIRE_FALSE(printable<gossip_key>);
  STATIC_REQUIRE_FALSE(printable<gossip_secret>);
  STATIC_REQUIRE_FALSE(fmt::is_formattable<gossip_key>::value);
  STATIC_REQUIRE_FALSE(fmt::is_formattable<gossip_secret>::value);

  alignas(gossip_key) std::array<unsigned char, sizeof(gossip_key)> place{};
  const auto holds_key = [&] {
    const std::array<unsigned char, 4> beginning{4, 5, 6, 7};
    return std::search(place.begin(), place.end(), beginning.begin(), beginning.end()) != place.end();
  };
  auto* key = new (place.data()) gossip_key{gossip_key::parse(good).value()};
  CHECK(holds_key());
  key->~gossip_key();
  CHECK_FALSE(holds_key());
}

TEST_CASE("a fingerprint names a key") {
  const auto a = key_of('a').fingerprint();
  CHECK(a == key_of('a').fingerprint());
  CHECK(a != key_of('b').fingerprint());
  const auto text = a.to_string();
  CHECK(text.size() == 16);
  CHECK(key_fingerprint::parse(text) == a);
  auto upper = text;
  std::transform(upper.begin(), upper.end(), upper.begin(),
                 [](char c) { return c >= 'a' && c <= 'f' ? static_cast<char>(c - 'a' + 'A') : c; });
  CHECK(key_fingerprint::parse(upper) == a);
  for (const auto* wrong : {"", "0123", "0123456789abcdeg", "0123456789abcdef0", " 123456789abcdef"})
    CHECK_FALSE(key_fingerprint::parse(wrong).has_value());
}

TEST_CASE("the primary key cannot be removed, others can") {
  const auto a = key_of('a').fingerprint();
  const auto b = key_of('b').fingerprint();
  using entry = gossip_keyring::entry;
  gossip_keyring ring{key_of('a')};
  CHECK(ring.list() == std::vector<entry>{{a, true}});
  CHECK(ring.use(b).code() == status_code::not_found);
  CHECK(ring.remove(b) == not_found("no gossip key {} on the ring", b.to_string()));
  REQUIRE(ring.add(key_of('b')).ok());
  REQUIRE(ring.add(key_of('b')).ok()); // again, as when a command is repeated
  CHECK(ring.list() == std::vector<entry>{{a, true}, {b, false}});
  CHECK(ring.remove(a).code() == status_code::failed_precondition);
  REQUIRE(ring.use(b).ok());
  CHECK(ring.primary() == key_of('b'));
  CHECK(ring.list() == std::vector<entry>{{a, false}, {b, true}});
  REQUIRE(ring.remove(a).ok());
  CHECK(ring.list() == std::vector<entry>{{b, true}}); // still primary, at another place
  CHECK(ring.find(a) == nullptr);
  CHECK(*ring.find(b) == key_of('b'));
}

TEST_CASE("a ring has eight keys at most") {
  gossip_keyring ring{key_of('a')};
  for (const char which : std::string_view{"bcdefgh"})
    REQUIRE(ring.add(key_of(which)).ok());
  CHECK(ring.add(key_of('i')).code() == status_code::resource_exhausted);
  CHECK(ring.add(key_of('h')).ok());
  CHECK(ring.size() == gossip_keyring::max_keys);
  REQUIRE(ring.remove(key_of('b').fingerprint()).ok());
  CHECK(ring.add(key_of('i')).ok());
}
