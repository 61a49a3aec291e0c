// Files, as journals and configuration need them: positioned reads and writes, and a promise about what
// survives a crash. Real, or simulated with torn writes and lost unsynced data.
//
// What survives a crash: content of a file up to its last sync() that succeeded; a created, renamed or
// removed name only after sync_directory() of its folder. Anything later may survive wholly, partly or not at
// all.
#pragma once

#include "runtime/core/result.hpp"
#include "runtime/core/status.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace troupe {

enum class open_mode : std::uint8_t {
  read,         // must exist
  read_write,   // must exist
  create,       // read and write; made when it does not exist
  create_new,   // read and write; must not exist
  create_empty, // read and write; made, or emptied when it exists
};

// An open file; destroying it closes it (and promises nothing about its content: sync() first).
//
// Errors name the path: NOT_FOUND, ALREADY_EXISTS, PERMISSION_DENIED, RESOURCE_EXHAUSTED (disk, quota or
// descriptors are used up), DATA_LOSS (the device failed), FAILED_PRECONDITION (a folder where a file is
// meant, or the reverse), INTERNAL for the rest. All calls block the calling thread for as long as the device
// takes.
class file {
public:
  virtual ~file() = default;

  // Reads into `into` from `offset`; fewer bytes only at the end of the file, 0 at or after it. Thread-safe.
  virtual result<std::size_t> read_at(std::uint64_t offset, std::span<std::byte> into) = 0;

  // Writes all of `from` at `offset`; a gap before it reads as zeros. After an error any part may have been
  // written. Thread-safe for ranges that do not overlap.
  virtual status write_at(std::uint64_t offset, std::span<const std::byte> from) = 0;

  // Writes all of `from` after the last byte that this handle knows of; gives the offset where it begins.
  // Thread-safe. What another handle wrote meanwhile is not seen and may be overwritten: one handle a file
  // writes.
  virtual result<std::uint64_t> append(std::span<const std::byte> from) = 0;

  // Makes what was written so far survive a crash. A file whose sync failed stays failed, because the kernel
  // may have dropped the data it could not write: every later sync() gives the same error until it is opened
  // anew.
  virtual status sync() = 0;

  // Cuts the file, or extends it with zeros, to `size` bytes.
  virtual status truncate(std::uint64_t size) = 0;

  virtual result<std::uint64_t> size() const = 0;

  // As it was opened.
  virtual const std::string& path() const noexcept = 0;
};

// Held until it is destroyed or its process ends.
class disk_lock {
public:
  virtual ~disk_lock() = default;
};

// Thread-safe. Paths are absolute or relative to the process's (the simulated node's) working directory.
class disk {
public:
  virtual ~disk() = default;

  virtual result<std::unique_ptr<file>> open(std::string_view path, open_mode mode) = 0;

  // Replaces `to` when it exists; at any moment, also of a crash, `to` is the old file or the new one.
  virtual status rename(std::string_view from, std::string_view to) = 0;

  // Removes a file or an empty folder. NOT_FOUND when there is none.
  virtual status remove(std::string_view path) = 0;

  virtual result<bool> exists(std::string_view path) = 0;

  // The names (not paths) in a folder, sorted, without "." and "..".
  virtual result<std::vector<std::string>> list(std::string_view folder) = 0;

  // Makes a folder and those above it that are missing. No error when it exists.
  virtual status create_folders(std::string_view path) = 0;

  // Makes names created, renamed or removed in a folder survive a crash.
  virtual status sync_directory(std::string_view folder) = 0;

  // Takes the lock that a file stands for (made when missing), so that two nodes never use one folder.
  // FAILED_PRECONDITION, at once, when it is held, in this process or another.
  virtual result<std::unique_ptr<disk_lock>> lock(std::string_view path) = 0;
};

// A whole file as text; RESOURCE_EXHAUSTED when it has more than `limit` bytes.
result<std::string> read_file(disk& from, std::string_view path, std::uint64_t limit);

// Makes or replaces a file so that a crash at any moment leaves the old content or the new: writes
// `path`.new, syncs, renames, syncs the folder.
status replace_file(disk& to, std::string_view path, std::string_view content);

// The folder that a path's last element is in: "." for a bare name, "/" for "/name".
std::string folder_of(std::string_view path);

} // namespace troupe
