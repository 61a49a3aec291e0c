#include "discovery/gossip_transport/gossip_stream.hpp"

#include <algorithm>
#include <utility>

namespace troupe {
namespace {

// Sealed at a time: what waits is sealed late, so that a frame is young, and in the order of its number,
// when it arrives.
constexpr std::size_t batch_bytes = 256 * 1024;
// Far less than the receiver's window of numbers, as frames of another stream to it may overtake these.
constexpr unsigned batch_frames = 256;
// An idle stream keeps no larger buffer.
constexpr std::size_t kept_buffer = 4096;
// A node whose clock was behind is in time after the first answer; one more if the first was lost to the
// limit of answers a second.
constexpr unsigned most_hellos = 3;

} // namespace

gossip_stream::gossip_stream(gossip_surroundings& around, gossip_stream_owner& owner, std::uint64_t number,
                             std::uint64_t tag)
  : around_(around), owner_(owner), number_(number), tag_(tag), reader_(around.options.max_message_bytes),
    writer_(tag), began_(around.now()), active_(began_) {}

gossip_stream::~gossip_stream() = default;

void gossip_stream::dial(const endpoint& to) {
  dialed_ = peer_ = address_ = to;
  pending_ = around_.loop.connect(to, nullptr, around_.options.connect_timeout,
                                  [this](result<std::unique_ptr<byte_stream>> outcome) {
                                    const auto self = shared_from_this();
                                    const auto done = std::move(pending_);
                                    if (!outcome) return end(outcome.error());
                                    around_.meter.stream_opened();
                                    begin(std::move(*outcome));
                                    say_hello();
                                    flush();
                                  });
}

void gossip_stream::accept(std::unique_ptr<byte_stream> stream) {
  peer_ = address_ = stream->peer();
  begin(std::move(stream));
}

void gossip_stream::begin(std::unique_ptr<byte_stream> stream) {
  phase_ = phase::greeting;
  began_ = active_ = around_.now();
  stream_ = std::move(stream);
  stream_->begin(*this);
  arm();
}

status gossip_stream::send(gossip_topic topic, const endpoint& to, std::span<const std::byte> payload) {
  const auto limit = around_.options.max_queued_bytes;
  gossip_stream_writer::entry what{static_cast<std::uint8_t>(topic), to, {payload.begin(), payload.end()}};
  if (!writer_.put(std::move(what), limit))
    return resource_exhausted("{} bytes wait for {} already, and {} may", writer_.queued_bytes(),
                              to.to_string(), limit);
  count_queued();
  flush();
  return {};
}

void gossip_stream::leave() {
  if (over() || leaving_) return;
  leaving_ = true;
  const auto self = shared_from_this();
  owner_.on_leaving(*this);
  if (over()) return;
  if (phase_ != phase::open && writer_.empty()) return end({});
  flush();
}

void gossip_stream::end(const status& why) {
  if (over()) return;
  const auto self = shared_from_this();
  const bool unheard = dialed_ && !greeted();
  phase_ = phase::over;
  pending_.reset();
  timer_.reset();
  stream_.reset();
  const auto rest = writer_.take_rest();
  count_queued();
  owner_.on_unfinished(-static_cast<std::ptrdiff_t>(std::exchange(unfinished_, 0)));
  auto told = why;
  if (why.ok() && unheard)
    told = unavailable(
      "{} has closed the stream without a greeting: it may have other keys, or be of another cluster",
      peer_.to_string());
  else if (why.ok())
    told = unavailable("{} has closed the stream", peer_.to_string());
  for (const auto& each : rest)
    around_.receiver.on_unsent(
      {static_cast<gossip_topic>(each.topic), gossip_channel::stream, each.to, told});
  owner_.on_over(*this);
}

void gossip_stream::refuse(std::string_view subject, const status& why) {
  if (over()) return;
  around_.meter.stream_refused();
  around_.complain(subject, "a stream of the gossip is ended", address_, why.message());
  end(why);
}

bool gossip_stream::idle() const noexcept {
  return phase_ == phase::open && !writing_ && writer_.empty() && control_.empty() && !reader_.unfinished()
         && records_.held() == 0;
}

void gossip_stream::say_hello() {
  ++hellos_;
  byte_buffer plain;
  encode(gossip_hello{tag_, owner_.advertised()}, plain);
  put_control(plain);
}

void gossip_stream::put_control(std::span<const std::byte> plain) {
  const auto sealed = owner_.sealer().seal(plain, around_.now());
  if (!sealed) return end(sealed.error());
  append_record(*sealed, control_);
}

void gossip_stream::flush() {
  if (over() || !stream_ || writing_) return;
  auto out = std::exchange(spare_, {});
  out.clear();
  out.insert(out.end(), control_.begin(), control_.end());
  control_.clear();
  const auto add = [&](std::span<const std::byte> plain) {
    const auto sealed = owner_.sealer().seal(plain, around_.now());
    if (sealed) append_record(*sealed, out);
    return status_of(sealed);
  };
  for (unsigned i = 0;
       phase_ == phase::open && i < batch_frames && out.size() < batch_bytes && !writer_.empty(); ++i)
    if (auto sealed = add(writer_.next()); !sealed.ok()) return end(sealed);
  if (phase_ == phase::open && leaving_ && !said_goodbye_ && writer_.empty() && !peer_leaves_) {
    said_goodbye_ = true;
    goodbye_at_ = around_.now();
    if (auto sealed = add(writer_.goodbye()); !sealed.ok()) return end(sealed);
  }
  if (!out.empty()) {
    writing_ = true;
    write_began_ = around_.now();
    around_.meter.bytes_sent(gossip_channel::stream, out.size());
    stream_->write(std::move(out));
  } else if (peer_leaves_ && writer_.empty()) {
    return end({});
  }
  arm();
}

bool gossip_stream::take_frame(std::span<const std::byte> sealed) {
  const auto opened = owner_.sealer().open(sealed, address_, around_.now());
  if (const auto* why = std::get_if<refused_gossip>(&opened)) return take_refusal(*why);
  const auto& genuine = std::get<opened_gossip>(opened);
  if (genuine.payload.empty()) return take_time();
  const auto frame = decode_stream_frame(genuine.payload);
  if (!greeted()) {
    if (const auto* hello = std::get_if<gossip_hello>(&frame)) return take_hello(*hello, genuine);
    // Of the hello that was too old, and came before the sender was told the time.
    if (times_told_ > 0)
      end(unavailable("the greeting of {} was too old", address_.to_string()));
    else
      refuse("protocol", failed_precondition("a frame came before the hello"));
    return false;
  }
  if (genuine.sender != sender_) {
    refuse("protocol", data_loss("a frame of another sender"));
    return false;
  }
  return take_piece(frame);
}

// Our hello was too old for the other side, and a new one is not.
bool gossip_stream::take_time() {
  if (hellos_ == 0 || hellos_ >= most_hellos || (dialed_ && phase_ != phase::greeting)) return !over();
  if (!writer_.untouched()) {
    // What followed the hello is lost with it.
    end(unavailable("this node's clock was behind that of {}", peer_.to_string()));
    return false;
  }
  say_hello();
  flush();
  return !over();
}

bool gossip_stream::take_refusal(const refused_gossip& why) {
  around_.meter.dropped(gossip_channel::stream, why.why);
  if (why.should_tell_time && phase_ == phase::greeting && ++times_told_ < most_hellos) {
    put_control({});
    flush();
    return !over();
  }
  const auto told =
    unauthenticated("what came from {} is not taken: {}", address_.to_string(), to_string(why.why));
  if (why.why == gossip_drop::reflected) {
    // A seed list that names this node; nothing to warn of.
    around_.meter.stream_refused();
    end(told);
  } else {
    refuse(to_string(why.why), told);
  }
  return false;
}

bool gossip_stream::take_hello(const gossip_hello& hello, const opened_gossip& from) {
  reader_.begin(hello.tag);
  records_.set_limit(max_datagram_size);
  sender_ = from.sender;
  peer_ = hello.listens;
  if (peer_.port == 0)
    peer_ = address_;
  else if (peer_.address.is_any())
    peer_.address = address_.address;
  phase_ = phase::open;
  owner_.on_greeted(*this);
  if (over()) return false;
  if (!dialed_) say_hello();
  flush();
  return !over();
}

bool gossip_stream::take_piece(const gossip_stream_frame& frame) {
  auto outcome = reader_.take(frame);
  if (const auto* why = std::get_if<status>(&outcome)) {
    refuse("protocol", *why);
    return false;
  }
  if (!count_unfinished()) return false;
  if (const auto* piece = std::get_if<gossip_piece>(&frame);
      piece != nullptr && piece->topic >= 1 && piece->topic <= gossip_message_reader::topics) {
    auto& since = unfinished_since_[piece->topic];
    if (!reader_.unfinished(piece->topic))
      since.reset();
    else if (!since)
      since = around_.now();
  }
  if (std::holds_alternative<gossip_message_reader::unknown>(outcome)) {
    around_.meter.unknown_topic(gossip_channel::stream);
  } else if (std::holds_alternative<gossip_message_reader::farewell>(outcome)) {
    peer_leaves_ = true;
    owner_.on_leaving(*this);
    flush();
  } else if (const auto* message = std::get_if<gossip_message_reader::message>(&outcome)) {
    around_.meter.message_received();
    owner_.on_message(*this, message->topic, message->bytes);
  }
  return !over();
}

bool gossip_stream::count_unfinished() {
  const auto now = reader_.held();
  const auto change = static_cast<std::ptrdiff_t>(now) - static_cast<std::ptrdiff_t>(unfinished_);
  unfinished_ = now;
  if (change == 0 || owner_.on_unfinished(change)) return true;
  refuse("unfinished",
         resource_exhausted("messages on all streams have more than {} bytes that wait for their rest",
                            around_.options.max_unfinished_bytes));
  return false;
}

void gossip_stream::count_queued() {
  const auto now = writer_.queued_bytes();
  around_.meter.queued(static_cast<std::ptrdiff_t>(now) - static_cast<std::ptrdiff_t>(queued_));
  queued_ = now;
}

void gossip_stream::on_bytes(std::span<const std::byte> bytes) {
  const auto self = shared_from_this();
  around_.meter.bytes_received(gossip_channel::stream, bytes.size());
  active_ = around_.now();
  while (!bytes.empty()) {
    const auto step = records_.next(bytes);
    if (step.broken)
      return refuse("size",
                    invalid_argument("{} sends what is no frame of the gossip, or one that is too large",
                                     address_.to_string()));
    if (step.frame.empty()) break;
    unfinished_since_[0].reset();
    if (!take_frame(step.frame)) return;
  }
  records_.release();
  if (records_.held() > 0 && !unfinished_since_[0]) unfinished_since_[0] = active_;
  arm();
}

void gossip_stream::on_drained(byte_buffer spent) {
  const auto self = shared_from_this();
  writing_ = false;
  active_ = around_.now();
  if (spent.capacity() <= kept_buffer || !writer_.empty()) spare_ = std::move(spent);
  if (const auto sent = writer_.handed_over(); sent > 0) around_.meter.messages_sent(sent);
  count_queued();
  flush();
}

void gossip_stream::on_closed(const status& why) { end(why); }

monotonic_time gossip_stream::next_due() const noexcept {
  const auto& options = around_.options;
  if (phase_ == phase::connecting || over())
    return monotonic_time::max(); // connecting has a limit of its own
  if (phase_ == phase::greeting) return began_ + options.connect_timeout;
  auto due = monotonic_time::max();
  for (const auto& since : unfinished_since_)
    if (since) due = std::min(due, *since + options.message_timeout);
  if (writing_) due = std::min(due, write_began_ + options.message_timeout);
  if (said_goodbye_) due = std::min(due, std::max(goodbye_at_, active_) + options.connect_timeout);
  if (!leaving_ && idle()) due = std::min(due, active_ + options.idle_timeout);
  return due;
}

void gossip_stream::arm() {
  const auto due = next_due();
  if (due == monotonic_time::max() || (timer_ && armed_for_ <= due)) return;
  armed_for_ = due;
  timer_ = around_.loop.after(std::max(duration::zero(), duration{due - around_.now()}), [this] {
    const auto self = shared_from_this();
    timer_.reset();
    check_times();
    if (!over()) arm();
  });
}

void gossip_stream::check_times() {
  const auto now = around_.now();
  const auto& options = around_.options;
  if (phase_ == phase::greeting) {
    if (now < began_ + options.connect_timeout) return;
    return refuse("greeting", deadline_exceeded("{} has not greeted in time", address_.to_string()));
  }
  for (const auto& since : unfinished_since_)
    if (since && now >= *since + options.message_timeout)
      return refuse("slow", deadline_exceeded("a message of {} was not whole in time", peer_.to_string()));
  if (writing_ && now >= write_began_ + options.message_timeout)
    return refuse("unread", unavailable("{} does not read what it is sent", peer_.to_string()));
  if (said_goodbye_ && now >= std::max(goodbye_at_, active_) + options.connect_timeout) return end({});
  if (!leaving_ && idle() && now >= active_ + options.idle_timeout) leave();
}

} // namespace troupe
