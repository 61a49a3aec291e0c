// The pure halves of a stream: every cut, every truncation, what is too large, what is out of place.
#include "discovery/gossip_transport/gossip_stream_reader.hpp"
#include "discovery/gossip_transport/gossip_stream_writer.hpp"

#include <catch2/catch.hpp>

#include <algorithm>
#include <string>

using namespace troupe;

namespace {

byte_buffer pattern(std::size_t size, unsigned seed = 0) {
  byte_buffer out(size);
  for (std::size_t i = 0; i < size; ++i)
    out[i] = static_cast<std::byte>((i * 7 + i / 251 + seed) & 0xFF);
  return out;
}

const endpoint somewhere{ip_address::v4(10, 0, 0, 7), 7401};

template <class Frame>
byte_buffer encoded(const Frame& what) {
  byte_buffer out;
  encode(what, out);
  return out;
}

gossip_piece piece(std::uint64_t index, std::uint8_t topic, std::uint32_t message, bool last,
                   std::span<const std::byte> bytes, std::uint64_t tag = 7) {
  return {.tag = tag, .index = index, .topic = topic, .message = message, .last = last, .bytes = bytes};
}

// Frames as they come out of a record reader that gets `bytes` in pieces of `step`.
std::vector<byte_buffer> read_in_steps(const byte_buffer& bytes, std::size_t step, std::size_t limit,
                                       bool& broken, std::size_t& most_held) {
  gossip_record_reader reader{limit};
  std::vector<byte_buffer> out;
  broken = false;
  most_held = 0;
  for (std::size_t at = 0; at < bytes.size() && !broken; at += step) {
    auto left = std::span{bytes}.subspan(at, std::min(step, bytes.size() - at));
    while (!left.empty()) {
      const auto got = reader.next(left);
      broken = got.broken;
      if (broken) break;
      if (!got.frame.empty()) out.emplace_back(got.frame.begin(), got.frame.end());
    }
    most_held = std::max(most_held, reader.held());
  }
  return out;
}

gossip_message_reader begun(std::size_t limit = 1000) {
  gossip_message_reader out{limit};
  out.begin(7);
  return out;
}

bool is_error(const gossip_message_reader::outcome& what) { return std::holds_alternative<status>(what); }
bool is_nothing(const gossip_message_reader::outcome& what) {
  return std::holds_alternative<gossip_message_reader::nothing>(what);
}

} // namespace

TEST_CASE("frames of each kind are read as they were written") {
  const gossip_hello hello{0x0123456789ABCDEF, somewhere};
  const auto hello_bytes = encoded(hello);
  CHECK(hello_bytes.size() == gossip_hello_size);
  CHECK(std::get<gossip_hello>(decode_stream_frame(hello_bytes)) == hello);
  const gossip_goodbye goodbye{1, 1ULL << 40};
  CHECK(std::get<gossip_goodbye>(decode_stream_frame(encoded(goodbye))) == goodbye);
  const auto content = pattern(100);
  const auto bytes = encoded(piece(5, 2, 0xDEADBEEF, true, content));
  CHECK(bytes.size() == content.size() + gossip_piece_overhead);
  const auto frame = decode_stream_frame(bytes);
  const auto& back = std::get<gossip_piece>(frame);
  CHECK(back.tag == 7);
  CHECK(back.index == 5);
  CHECK(back.topic == 2);
  CHECK(back.message == 0xDEADBEEF);
  CHECK(back.last);
  CHECK(std::equal(back.bytes.begin(), back.bytes.end(), content.begin(), content.end()));
}

TEST_CASE("a frame that is cut off anywhere is none, and neither is one of another kind") {
  for (const auto& whole : {encoded(gossip_hello{1, somewhere}), encoded(gossip_goodbye{1, 2}),
                            encoded(piece(0, 1, 0, true, {}))}) {
    for (std::size_t size = 0; size < whole.size(); ++size)
      CHECK(std::holds_alternative<std::monostate>(decode_stream_frame(std::span{whole}.first(size))));
    CHECK_FALSE(std::holds_alternative<std::monostate>(decode_stream_frame(whole)));
  }
  for (int kind = 0; kind < 256; ++kind) {
    auto bytes = pattern(64);
    bytes[0] = static_cast<std::byte>(kind);
    bytes[22] = std::byte{0};
    CHECK(std::holds_alternative<std::monostate>(decode_stream_frame(bytes)) == (kind < 0x80 || kind > 0x82));
  }
  auto odd = encoded(piece(0, 1, 0, true, {}));
  odd.back() = std::byte{2}; // neither the last piece nor not the last
  CHECK(std::holds_alternative<std::monostate>(decode_stream_frame(odd)));
}

TEST_CASE("a hello and a goodbye may say more one day") {
  auto hello = encoded(gossip_hello{1, somewhere});
  hello.resize(hello.size() + 40);
  CHECK(std::get<gossip_hello>(decode_stream_frame(hello)).listens == somewhere);
  auto goodbye = encoded(gossip_goodbye{1, 2});
  goodbye.resize(goodbye.size() + 1);
  CHECK(std::get<gossip_goodbye>(decode_stream_frame(goodbye)).index == 2);
}

TEST_CASE("records are found wherever the bytes are cut") {
  const std::vector<byte_buffer> frames{pattern(58), pattern(59, 1), pattern(200, 2), pattern(58, 3)};
  byte_buffer bytes;
  for (const auto& each : frames)
    append_record(each, bytes);
  bool broken = false;
  std::size_t held = 0;
  for (std::size_t step = 1; step <= bytes.size(); ++step) {
    CHECK(read_in_steps(bytes, step, 200, broken, held) == frames);
    CHECK_FALSE(broken);
    CHECK(held < 204);
  }
  // One cut, at each place.
  for (std::size_t cut = 0; cut <= bytes.size(); ++cut) {
    gossip_record_reader reader{200};
    std::vector<byte_buffer> out;
    for (auto part :
         {std::span<const std::byte>{bytes}.first(cut), std::span<const std::byte>{bytes}.subspan(cut)})
      while (!part.empty())
        if (const auto got = reader.next(part); !got.frame.empty())
          out.emplace_back(got.frame.begin(), got.frame.end());
    CHECK(out == frames);
    CHECK(reader.held() == 0);
  }
}

TEST_CASE("a length that no frame has breaks the stream before anything is held for it") {
  bool broken = false;
  std::size_t held = 0;
  for (const std::size_t size :
       {std::size_t{0}, std::size_t{1}, gossip_overhead - 1, std::size_t{315}, std::size_t{0xFFFFFF}}) {
    byte_buffer bytes;
    append_record(pattern(size), bytes);
    for (const std::size_t step : {std::size_t{1}, std::size_t{5}, bytes.size()}) {
      CHECK(read_in_steps(bytes, step, gossip_record_reader::stranger_limit, broken, held).empty());
      CHECK(broken);
      CHECK(held <= gossip_record_prefix);
    }
  }
  const byte_buffer largest_length(4, std::byte{0xFF});
  CHECK(read_in_steps(largest_length, 1, max_datagram_size, broken, held).empty());
  CHECK(broken);
}

TEST_CASE("a hello fits the limit for strangers, and a largest frame the other") {
  CHECK(gossip_hello_size + gossip_overhead <= gossip_record_reader::stranger_limit);
  gossip_record_reader reader;
  byte_buffer bytes;
  append_record(pattern(max_datagram_size), bytes);
  std::span<const std::byte> left{bytes};
  CHECK(reader.next(left).broken);
  reader = gossip_record_reader{};
  reader.set_limit(max_datagram_size);
  left = bytes;
  CHECK(reader.next(left).frame.size() == max_datagram_size);
}

TEST_CASE("messages of two topics may be interleaved, each in its order") {
  auto reader = begun();
  const auto a = pattern(300);
  const auto b = pattern(200, 5);
  CHECK(is_nothing(reader.take(piece(0, 1, 10, false, std::span{a}.first(100)))));
  CHECK(is_nothing(reader.take(piece(1, 2, 11, false, std::span{b}.first(50)))));
  CHECK(reader.held() == 150);
  CHECK(reader.unfinished(1));
  CHECK(reader.unfinished(2));
  CHECK(is_nothing(reader.take(piece(2, 1, 10, false, std::span{a}.subspan(100, 150)))));
  auto second = reader.take(piece(3, 2, 11, true, std::span{b}.subspan(50)));
  CHECK(std::get<gossip_message_reader::message>(second).topic == 2);
  CHECK(std::get<gossip_message_reader::message>(second).bytes == b);
  CHECK(reader.held() == 250);
  CHECK_FALSE(reader.unfinished(2));
  auto third = reader.take(piece(4, 2, 12, true, {}));
  CHECK(std::get<gossip_message_reader::message>(third).bytes.empty());
  auto first = reader.take(piece(5, 1, 10, true, std::span{a}.subspan(250)));
  CHECK(std::get<gossip_message_reader::message>(first).bytes == a);
  CHECK(reader.held() == 0);
  CHECK_FALSE(reader.unfinished());
}

TEST_CASE("what is out of place breaks the stream") {
  const auto some = pattern(10);
  SECTION("before the hello") {
    gossip_message_reader reader{1000};
    CHECK(is_error(reader.take(piece(0, 1, 0, true, some))));
  }
  SECTION("a second hello, and what is nothing") {
    auto reader = begun();
    CHECK(is_error(reader.take(gossip_hello{7, somewhere})));
    CHECK(is_error(reader.take(std::monostate{})));
  }
  SECTION("of another stream") {
    auto reader = begun();
    CHECK(is_error(reader.take(piece(0, 1, 0, true, some, 8))));
    CHECK(is_error(reader.take(gossip_goodbye{8, 0})));
  }
  SECTION("a frame is missing, or comes twice") {
    auto reader = begun();
    CHECK(is_error(reader.take(piece(1, 1, 0, true, some))));
    CHECK_FALSE(is_error(reader.take(piece(0, 1, 0, true, some))));
    CHECK(is_error(reader.take(piece(0, 1, 1, true, some))));
    CHECK(is_error(reader.take(gossip_goodbye{7, 0})));
  }
  SECTION("a message begins before the one before it has ended") {
    auto reader = begun();
    CHECK(is_nothing(reader.take(piece(0, 1, 0, false, some))));
    CHECK(is_error(reader.take(piece(1, 1, 1, true, some))));
  }
  SECTION("a goodbye in the midst of a message") {
    auto reader = begun();
    CHECK(is_nothing(reader.take(piece(0, 1, 0, false, some))));
    CHECK(is_error(reader.take(gossip_goodbye{7, 1})));
  }
  SECTION("anything behind the goodbye") {
    auto reader = begun();
    CHECK(std::holds_alternative<gossip_message_reader::farewell>(reader.take(gossip_goodbye{7, 0})));
    CHECK(is_error(reader.take(piece(1, 1, 0, true, some))));
    CHECK(is_error(reader.take(gossip_goodbye{7, 1})));
  }
}

TEST_CASE("a message may be as large as the limit, and not larger") {
  auto reader = begun(100);
  CHECK(is_nothing(reader.take(piece(0, 1, 0, false, pattern(60)))));
  auto whole = reader.take(piece(1, 1, 0, true, pattern(40)));
  CHECK(std::get<gossip_message_reader::message>(whole).bytes.size() == 100);
  CHECK(is_nothing(reader.take(piece(2, 1, 1, false, pattern(60)))));
  CHECK(is_error(reader.take(piece(3, 1, 1, true, pattern(41)))));
  auto another = begun(100);
  CHECK(is_error(another.take(piece(0, 2, 0, true, pattern(101)))));
}

TEST_CASE("a message of an unknown topic is read and not held") {
  auto reader = begun(100);
  for (const int topic : {0, 3, 255}) {
    const auto index = static_cast<std::uint64_t>(topic == 0 ? 0 : topic == 3 ? 2 : 4);
    CHECK(is_nothing(reader.take(piece(index, static_cast<std::uint8_t>(topic), 0, false, pattern(1000)))));
    CHECK(reader.held() == 0);
    CHECK(std::holds_alternative<gossip_message_reader::unknown>(
      reader.take(piece(index + 1, static_cast<std::uint8_t>(topic), 0, true, pattern(1000)))));
  }
}

TEST_CASE("what a writer cuts, a reader puts together") {
  const auto full = gossip_stream_writer::piece_size;
  std::vector<gossip_stream_writer::entry> sent;
  gossip_stream_writer writer{7};
  const std::size_t no_limit = 1u << 30;
  unsigned seed = 0;
  for (const std::size_t size :
       {std::size_t{0}, std::size_t{1}, full - 1, full, full + 1, 2 * full, 5 * full + 3})
    for (const std::uint8_t topic : {1, 2, 1}) {
      sent.push_back({topic, somewhere, pattern(size, ++seed)});
      CHECK(writer.put(gossip_stream_writer::entry{sent.back()}, no_limit));
    }
  gossip_message_reader reader{1u << 20};
  reader.begin(7);
  std::vector<gossip_message_reader::message> got;
  std::size_t frames = 0;
  while (!writer.empty()) {
    const auto frame = writer.next();
    REQUIRE(frame.size() <= max_gossip_payload);
    ++frames;
    auto outcome = reader.take(decode_stream_frame(frame));
    REQUIRE_FALSE(is_error(outcome));
    if (auto* message = std::get_if<gossip_message_reader::message>(&outcome)) got.push_back(*message);
  }
  CHECK(writer.next().empty());
  CHECK(frames == 3 * (1 + 1 + 1 + 1 + 2 + 2 + 6));
  REQUIRE(got.size() == sent.size());
  for (const std::uint8_t topic : {1, 2}) {
    std::vector<byte_buffer> in, out;
    for (const auto& each : sent)
      if (each.topic == topic) in.push_back(each.bytes);
    for (const auto& each : got)
      if (each.topic == topic) out.push_back(each.bytes);
    CHECK(in == out);
  }
  CHECK(writer.handed_over() == sent.size());
  CHECK(writer.queued_bytes() == 0);
  CHECK(std::holds_alternative<gossip_message_reader::farewell>(
    reader.take(decode_stream_frame(writer.goodbye()))));
}

TEST_CASE("a small message of one topic does not wait for a large one of another") {
  gossip_stream_writer writer{7};
  REQUIRE(writer.put({1, somewhere, pattern(20 * gossip_stream_writer::piece_size)}, 1u << 30));
  (void)writer.next();
  REQUIRE(writer.put({2, somewhere, pattern(10)}, 1u << 30));
  const auto first = writer.next();
  const auto second = writer.next();
  const auto a = decode_stream_frame(first);
  const auto b = decode_stream_frame(second);
  CHECK((std::get<gossip_piece>(a).topic == 2 || std::get<gossip_piece>(b).topic == 2));
}

TEST_CASE("a writer takes as much as its limit, and tells what was not handed over") {
  gossip_stream_writer writer{7};
  const auto cost = 100 + gossip_stream_writer::bytes_a_message;
  CHECK(writer.put({1, somewhere, pattern(100, 1)}, 3 * cost));
  CHECK(writer.put({1, somewhere, pattern(100, 2)}, 3 * cost));
  CHECK(writer.put({2, somewhere, pattern(100, 3)}, 3 * cost));
  CHECK_FALSE(writer.put({2, somewhere, {}}, 3 * cost));
  CHECK(writer.queued_bytes() == 3 * cost);
  (void)writer.next();
  CHECK(writer.queued_bytes() == 3 * cost); // not handed over yet
  CHECK(writer.handed_over() == 1);
  CHECK(writer.queued_bytes() == 2 * cost);
  CHECK_FALSE(writer.put({1, somewhere, pattern(101)}, 3 * cost));
  (void)writer.next(); // the one of topic 2
  const auto rest = writer.take_rest();
  REQUIRE(rest.size() == 2);
  CHECK(rest[0].bytes == pattern(100, 3));
  CHECK(rest[1].bytes == pattern(100, 2));
  CHECK(writer.queued_bytes() == 0);
  CHECK(writer.empty());
}
