#include "runtime/environment/disk.hpp"

#include "runtime/environment/disk_error.hpp"

#include <cerrno>
#include <system_error>

namespace troupe {
namespace {

status_code code_of(int error) noexcept {
  switch (error) {
  case ENOENT:
    return status_code::not_found;
  case EEXIST:
    return status_code::already_exists;
  case EACCES:
  case EPERM:
  case EROFS:
    return status_code::permission_denied;
  case ENOSPC:
  case EDQUOT:
  case EFBIG:
  case EMFILE:
  case ENFILE:
  case ENOMEM:
    return status_code::resource_exhausted;
  case EIO:
    return status_code::data_loss;
  case EISDIR:
  case ENOTDIR:
  case ENOTEMPTY:
  case EBUSY:
  case EXDEV:
    return status_code::failed_precondition;
  case EINVAL:
  case ENAMETOOLONG:
  case ELOOP:
    return status_code::invalid_argument;
  default:
    return status_code::internal;
  }
}

} // namespace

status disk_failure(std::string_view what, std::string_view path, int error) {
  return {code_of(error),
          fmt::format("cannot {} '{}': {}", what, path, std::generic_category().message(error))};
}

status rename_failure(std::string_view from, std::string_view to, int error) {
  return {code_of(error),
          fmt::format("cannot rename '{}' to '{}': {}", from, to, std::generic_category().message(error))};
}

result<std::string> read_file(disk& from, std::string_view path, std::uint64_t limit) {
  auto opened = from.open(path, open_mode::read);
  if (!opened) return opened.error();
  file& source = **opened;
  // The size is only a hint: what procfs shows has size 0, and files grow. So read until the end.
  std::string out;
  constexpr std::size_t step = 64 * 1024;
  while (true) {
    const std::size_t before = out.size();
    out.resize(before + step);
    auto got = source.read_at(before, std::as_writable_bytes(std::span{out}.subspan(before)));
    if (!got) return got.error();
    out.resize(before + *got);
    if (out.size() > limit) return resource_exhausted("'{}' has more than {} bytes", path, limit);
    if (*got == 0) return out;
  }
}

status replace_file(disk& to, std::string_view path, std::string_view content) {
  const std::string fresh = std::string{path} + ".new";
  {
    auto opened = to.open(fresh, open_mode::create_empty);
    if (!opened) return opened.error();
    if (status s = (*opened)->write_at(0, std::as_bytes(std::span{content})); !s.ok()) return s;
    if (status s = (*opened)->sync(); !s.ok()) return s;
  }
  if (status s = to.rename(fresh, path); !s.ok()) return s;
  return to.sync_directory(folder_of(path));
}

std::string folder_of(std::string_view path) {
  while (path.size() > 1 && path.back() == '/')
    path.remove_suffix(1);
  const auto slash = path.rfind('/');
  if (slash == std::string_view::npos) return ".";
  if (slash == 0) return "/";
  return std::string{path.substr(0, slash)};
}

} // namespace troupe
