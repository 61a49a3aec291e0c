#include "discovery/gossip_seal/gossip_sealer.hpp"

#include "discovery/gossip_seal/cluster_time.hpp"
#include "discovery/gossip_seal/known_senders.hpp"

#include <openssl/crypto.h>

#include <algorithm>
#include <utility>

namespace troupe {

static_assert(gossip_overhead == gossip_header_size + gossip_tag_size);
static_assert(gossip_last_sequence == gossip_largest_number);

namespace {

using namespace std::chrono_literals;

constexpr std::size_t largest_name = 255;
constexpr std::size_t most_senders = 1'000'000;

std::uint32_t run_of(std::uint64_t sequence) {
  return static_cast<std::uint32_t>(sequence / gossip_messages_a_key);
}

gossip_cipher::nonce_view nonce_of(std::span<const std::byte> header) {
  return header.subspan<gossip_nonce_offset, gossip_nonce_size>();
}

status check(const gossip_sealer_options& options) {
  if (options.cluster.empty() || options.cluster.size() > largest_name)
    return invalid_argument("a cluster's name has 1 to {} bytes, and not {}", largest_name,
                            options.cluster.size());
  if (options.node.empty() || options.node.size() > largest_name)
    return invalid_argument("a node's name has 1 to {} bytes, and not {}", largest_name, options.node.size());
  if (options.freshness < 1s || options.freshness > 1h)
    return invalid_argument("the gossip's freshness is from 1 s to 1 h, and not {} ms",
                            options.freshness / 1ms);
  if (options.forget_after < 1s || options.forget_after > 24h)
    return invalid_argument("a silent sender is forgotten after 1 s to 24 h, and not {} ms",
                            options.forget_after / 1ms);
  if (options.max_senders < 1 || options.max_senders > most_senders)
    return invalid_argument("1 to {} senders can be remembered, and not {}", most_senders,
                            options.max_senders);
  if (options.first_sequence < 1 || options.first_sequence > gossip_last_sequence)
    return invalid_argument("sequence numbers are from 1 to {}", gossip_last_sequence);
  return {};
}

// Different for any two starts: by their entropy, and should that ever repeat, by the node's name and the
// time.
bool name_sender(const gossip_sealer_options& options, sender_instance& out) {
  const auto number = [](std::int64_t value) {
    std::array<std::byte, 8> bytes;
    for (std::size_t i = 0; i < bytes.size(); ++i)
      bytes[i] = static_cast<std::byte>(static_cast<std::uint64_t>(value) >> 8 * i & 0xFF);
    return bytes;
  };
  const auto wall = number(std::chrono::duration_cast<duration>(options.started.time_since_epoch()).count());
  const auto monotonic = number(std::chrono::duration_cast<duration>(options.now.time_since_epoch()).count());
  constexpr std::string_view purpose = "troupe gossip 1 sender";
  gossip_digest digest;
  if (!sha256({std::as_bytes(std::span{purpose}), options.entropy, wall, monotonic,
               std::as_bytes(std::span{options.node})},
              digest))
    return false;
  std::copy_n(digest.begin(), out.size(), out.begin());
  return true;
}

status openssl_failed() { return internal("OpenSSL failed to seal a datagram of the gossip"); }

} // namespace

struct gossip_sealer::parts {
  parts(gossip_sealer_options from, gossip_cipher made)
    : options(std::move(from)), cipher(std::move(made)), time(options.started, options.now),
      senders(
        {options.max_senders, static_cast<std::uint64_t>(options.freshness / 1ms), options.forget_after}),
      next_sequence(options.first_sequence) {}

  std::optional<gossip_drop> precheck(const gossip_header& header, const endpoint& from) const;
  bool is_genuine(const gossip_header& header, std::span<const std::byte> datagram, known_sender* known,
                  std::vector<std::byte>& payload);
  bool may_tell_time(monotonic_time now);

  gossip_sealer_options options;
  gossip_cipher cipher;
  cluster_time time;
  known_senders senders;
  cluster_hint cluster{};
  sender_instance self{};
  gossip_counters counts;

  std::uint64_t next_sequence;
  // The key that seals now, of which key and for which run.
  std::optional<key_fingerprint> sealing_of;
  std::uint32_t sealing_run = 0;
  gossip_secret sealing;
  // What the last is_genuine() derived.
  gossip_secret derived;

  monotonic_time telling_since{};
  std::uint32_t told = 0;
};

gossip_sealer::gossip_sealer(std::unique_ptr<parts> made) noexcept : parts_(std::move(made)) {}
gossip_sealer::~gossip_sealer() = default;
gossip_sealer::gossip_sealer(gossip_sealer&&) noexcept = default;
gossip_sealer& gossip_sealer::operator=(gossip_sealer&&) noexcept = default;

result<gossip_sealer> gossip_sealer::make(gossip_sealer_options options) {
  if (auto wrong = check(options); !wrong.ok()) return wrong;
  auto cipher = gossip_cipher::make();
  if (!cipher) return cipher.error();
  auto made = std::make_unique<parts>(std::move(options), std::move(*cipher));
  if (!hint_of(made->options.cluster, made->cluster) || !name_sender(made->options, made->self))
    return internal("OpenSSL has no SHA-256, which the gossip needs");
  return gossip_sealer{std::move(made)};
}

result<std::vector<std::byte>> gossip_sealer::seal(std::span<const std::byte> payload, monotonic_time now) {
  auto& my = *parts_;
  if (payload.size() > max_gossip_payload)
    return invalid_argument(
      "a payload of {} bytes does not fit a datagram of the gossip, which has room for {}", payload.size(),
      max_gossip_payload);
  if (my.next_sequence > gossip_last_sequence)
    return resource_exhausted("this node has sent as many datagrams as can be numbered; restart it");

  gossip_header header;
  header.sealed = is_sealed();
  header.cluster = my.cluster;
  header.sender = my.self;
  header.time = my.time.at(now);
  // Used up even when sealing fails below: nothing is ever sealed under it again.
  header.sequence = my.next_sequence++;
  if (header.sealed) header.key = my.options.keys->primary().fingerprint();

  std::vector<std::byte> out(payload.size() + gossip_overhead);
  const auto head = encode(header);
  std::copy(head.begin(), head.end(), out.begin());
  const auto body = std::span{out}.subspan(gossip_header_size, payload.size());
  gossip_tag tag{};
  if (header.sealed) {
    const auto run = run_of(header.sequence);
    if (my.sealing_of != header.key || my.sealing_run != run) {
      my.sealing_of.reset();
      if (!my.cipher.derive(my.options.keys->primary().secret(), my.self, run, my.sealing))
        return openssl_failed();
      my.sealing_of = header.key;
      my.sealing_run = run;
    }
    if (!my.cipher.seal(my.sealing, nonce_of(head), head, my.options.cluster, payload, body, tag))
      return openssl_failed();
  } else {
    std::copy(payload.begin(), payload.end(), body.begin());
    if (!checksum_of(my.options.cluster, head, payload, tag)) return openssl_failed();
  }
  std::copy(tag.begin(), tag.end(), out.end() - gossip_tag_size);
  ++my.counts.sealed;
  return out;
}

std::optional<gossip_drop> gossip_sealer::parts::precheck(const gossip_header& header,
                                                          const endpoint& from) const {
  if (header.cluster != cluster) return gossip_drop::other_cluster;
  if (header.sealed != options.keys.has_value())
    return header.sealed ? gossip_drop::unexpected_sealed : gossip_drop::unexpected_plain;
  if (!header.sealed && !options.plain_beyond_loopback && !from.address.is_loopback())
    return gossip_drop::not_loopback;
  if (header.sealed && options.keys->find(header.key) == nullptr) return gossip_drop::unknown_key;
  if (header.sender == self) return gossip_drop::reflected;
  return std::nullopt;
}

bool gossip_sealer::parts::is_genuine(const gossip_header& header, std::span<const std::byte> datagram,
                                      known_sender* known, std::vector<std::byte>& payload) {
  const auto head = datagram.first(gossip_header_size);
  const auto body = datagram.subspan(gossip_header_size, datagram.size() - gossip_overhead);
  gossip_tag tag;
  std::copy_n(datagram.end() - gossip_tag_size, tag.size(), tag.begin());
  if (!header.sealed) {
    gossip_tag fits;
    if (!checksum_of(options.cluster, head, body, fits)
        || CRYPTO_memcmp(fits.data(), tag.data(), tag.size()) != 0)
      return false;
    payload.assign(body.begin(), body.end());
    return true;
  }
  const auto run = run_of(header.sequence);
  if (known != nullptr && known->key_of == header.key && known->run == run) {
    derived = known->key;
  } else if (!cipher.derive(options.keys->find(header.key)->secret(), header.sender, run, derived)) {
    return false;
  }
  payload.resize(body.size());
  return cipher.open(derived, nonce_of(head), head, options.cluster, body, payload, tag);
}

bool gossip_sealer::parts::may_tell_time(monotonic_time now) {
  if (now - telling_since >= 1s) {
    telling_since = now;
    told = 0;
  }
  if (told >= options.time_answers_a_second) return false;
  ++told;
  return true;
}

std::variant<opened_gossip, refused_gossip> gossip_sealer::open(std::span<const std::byte> datagram,
                                                                const endpoint& from, monotonic_time now) {
  auto& my = *parts_;
  const auto refuse = [&](gossip_drop why, bool tell_time = false) {
    ++my.counts.dropped[static_cast<std::size_t>(why)];
    return refused_gossip{why, tell_time};
  };
  const auto decoded = decode_header(datagram);
  if (decoded.wrong) return refuse(*decoded.wrong);
  const auto& header = decoded.header;
  if (const auto wrong = my.precheck(header, from)) return refuse(*wrong);
  auto* known = my.senders.find(header.sender);
  // Before the tag, so that a flood of copies costs little: a copy has its number as well. A forgery that
  // claims a number that was seen is told as `replayed`; nothing is done with either.
  if (header.sequence == 0 || (known != nullptr && !known->seen.is_new(header.sequence)))
    return refuse(gossip_drop::replayed);

  opened_gossip out;
  if (!my.is_genuine(header, datagram, known, out.payload)) return refuse(gossip_drop::forged);
  const auto ours = my.time.at(now);
  if (my.senders.is_stale(known, header.time, ours, now))
    return refuse(gossip_drop::stale, my.may_tell_time(now));
  my.time.hear(header.time, now);
  auto& sender = my.senders.accept(header.sender, header.time, header.sequence, my.time.at(now), now);
  if (header.sealed) {
    sender.key_of = header.key;
    sender.run = run_of(header.sequence);
    sender.key = my.derived;
  }
  out.sender = header.sender;
  out.sequence = header.sequence;
  out.behind =
    std::chrono::milliseconds{static_cast<std::int64_t>(ours) - static_cast<std::int64_t>(header.time)};
  ++my.counts.opened;
  return out;
}

namespace {
status no_ring() {
  return failed_precondition("the gossip of this node is not encrypted: it has no keys to change");
}
} // namespace

status gossip_sealer::add_key(gossip_key key) {
  return is_sealed() ? parts_->options.keys->add(key) : no_ring();
}

status gossip_sealer::use_key(const key_fingerprint& which) {
  return is_sealed() ? parts_->options.keys->use(which) : no_ring();
}

status gossip_sealer::remove_key(const key_fingerprint& which) {
  if (!is_sealed()) return no_ring();
  auto done = parts_->options.keys->remove(which);
  if (!done.ok()) return done;
  // Nothing that was derived from it outlives it.
  parts_->senders.drop_keys(which);
  parts_->derived = {};
  if (parts_->sealing_of == which) {
    parts_->sealing_of.reset();
    parts_->sealing = {};
  }
  return {};
}

std::vector<gossip_keyring::entry> gossip_sealer::keys() const {
  return is_sealed() ? parts_->options.keys->list() : std::vector<gossip_keyring::entry>{};
}

bool gossip_sealer::is_sealed() const noexcept { return parts_->options.keys.has_value(); }

const sender_instance& gossip_sealer::sender() const noexcept { return parts_->self; }

gossip_counters gossip_sealer::counters() const noexcept {
  auto out = parts_->counts;
  out.senders = parts_->senders.size();
  out.evicted = parts_->senders.evicted();
  return out;
}

} // namespace troupe
