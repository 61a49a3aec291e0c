// One end of a TLS connection without I/O: ciphertext in, plain text out, and the other way round. Internal
// to this component.
#pragma once

#include "runtime/core/status.hpp"
#include "runtime/environment/event_loop.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

struct ssl_st;
struct x509_st;
struct x509_store_ctx_st;

namespace troupe {

// For one thread.
class stream_tls {
public:
  enum class side { client, server };
  enum class state {
    handshake, // wants more ciphertext
    open,
    closed, // the peer said that it sends no more
    failed, // see failure(); an alert for the peer may be in output()
  };

  // RFC 8446 section 5.5: a key of AES-GCM is good for 2^24.5 records; ours is changed long before.
  static constexpr std::uint64_t default_records_a_key = 1ULL << 23;
  // The largest plain text of a record (RFC 8446 section 5.1).
  static constexpr std::size_t record_size = 16 * 1024;

  // `peer` is how messages call it: its address. `credentials` is not null.
  stream_tls(stream_credentials_ptr credentials, side which, std::string peer,
             std::uint64_t records_a_key = default_records_a_key);
  ~stream_tls();
  stream_tls(const stream_tls&) = delete;
  stream_tls& operator=(const stream_tls&) = delete;

  // Lends ciphertext of the peer, until keep_rest(). Precondition: has_input() is false.
  void offer(std::span<const std::byte> ciphertext);
  // Copies what was offered and not used.
  void keep_rest();
  bool has_input() const noexcept { return !input_.empty(); }

  // Goes on with the handshake as far as the input goes.
  state handshake();

  // The plain text of as many records as there are and as fit; `into` has room for one at least. Zero: more
  // ciphertext is needed, or see current().
  std::size_t read(std::span<std::byte> into);

  // Encrypts all of it. False: current() is failed, or the handshake is not done.
  bool write(std::span<const std::byte> plain);

  // Tells the peer that no more comes. No effect unless the session is open or closed.
  void say_goodbye();

  // Ciphertext for the peer, for the caller to send and to remove.
  byte_buffer& output() noexcept { return output_; }

  state current() const noexcept { return state_; }
  // Whether the input ended in the midst of the handshake, or without the peer's goodbye.
  const status& failure() const noexcept { return failure_; }
  // What the peer's certificate proves. Once the handshake is done.
  std::vector<std::string> peer_names() const;

  // How often the own key was changed.
  std::uint64_t key_updates() const noexcept { return key_updates_; }

private:
  struct bio;

  void fail(int returned);
  void fail(status why);
  status explain_failure(unsigned long code) const;
  static int judge(int good, x509_store_ctx_st* context);

  stream_credentials_ptr credentials_;
  side side_;
  std::string peer_;
  std::uint64_t records_a_key_;
  ssl_st* ssl_;
  state state_ = state::handshake;
  status failure_;
  std::string disbelief_; // why the peer's certificate was not believed
  bool peer_seen_ = false;
  std::uint64_t records_ = 0; // written with the current key
  std::uint64_t key_updates_ = 0;
  std::span<const std::byte> input_; // into what was offered, or into kept_
  byte_buffer kept_;
  byte_buffer output_;
};

} // namespace troupe
