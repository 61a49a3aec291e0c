// The bytes that wait for a socket, in order. Small pieces are gathered in one block; a large one keeps its
// own storage, so that it is never copied. Without I/O.
#pragma once

#include <cstddef>
#include <deque>
#include <string>
#include <string_view>
#include <sys/uio.h>

namespace troupe {

class output_queue {
public:
  // Pieces of at least this size are not copied when they are given away.
  static constexpr std::size_t own_block = 32 * 1024;

  bool empty() const noexcept { return size_ == 0; }
  std::size_t size() const noexcept { return size_; }

  void append(std::string_view piece) {
    tail() += piece;
    size_ += piece.size();
  }

  void append(std::string&& piece) {
    if (piece.size() < own_block) {
      append(std::string_view{piece});
      return;
    }
    size_ += piece.size();
    blocks_.push_back(std::move(piece));
    sealed_ = true;
  }

  // Fills in what to write next, for one gathering write; returns how many of the `most` entries are used.
  std::size_t gather(iovec* into, std::size_t most) const noexcept {
    std::size_t used = 0;
    std::size_t skip = taken_;
    for (const auto& block : blocks_) {
      if (used == most) break;
      if (block.size() > skip) into[used++] = {const_cast<char*>(block.data()) + skip, block.size() - skip};
      skip = 0;
    }
    return used;
  }

  // `bytes` of what gather() gave were written.
  void consume(std::size_t bytes) {
    size_ -= bytes;
    taken_ += bytes;
    while (!blocks_.empty() && taken_ >= blocks_.front().size()) {
      taken_ -= blocks_.front().size();
      if (blocks_.size() == 1 && blocks_.front().capacity() <= own_block) {
        blocks_.front().clear(); // its storage serves the next response
        sealed_ = false;
        break;
      }
      blocks_.pop_front();
    }
    if (blocks_.empty()) sealed_ = false;
  }

  void clear() {
    blocks_.clear();
    size_ = taken_ = 0;
    sealed_ = false;
  }

private:
  // The block that small pieces go to. One that is being written and has grown large is left alone.
  std::string& tail() {
    if (blocks_.empty() || sealed_ || blocks_.back().size() >= own_block) blocks_.emplace_back();
    sealed_ = false;
    return blocks_.back();
  }

  std::deque<std::string> blocks_;
  std::size_t size_ = 0;
  std::size_t taken_ = 0; // of the first block
  bool sealed_ = false;   // the last block was given away as it is
};

} // namespace troupe
