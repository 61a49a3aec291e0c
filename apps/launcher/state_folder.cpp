#include "apps/launcher/state_folder.hpp"

#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <fstream>
#include <iterator>
#include <sstream>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

namespace troupe::launcher {

namespace {

constexpr std::string_view record_name = "cluster.json";

result<std::string> content_of(const std::filesystem::path& file) {
  std::ifstream in{file, std::ios::binary};
  if (!in) return not_found("cannot read {}", file.string());
  return std::string{std::istreambuf_iterator<char>{in}, {}};
}

} // namespace

status state_folder::take() {
  std::error_code error;
  std::filesystem::create_directories(path_, error);
  if (error) return unavailable("cannot make the folder {}: {}", path_.string(), error.message());
  // Settings with secrets may be printed into the logs.
  ::chmod(path_.c_str(), 0700);
  // Never closed: the lock is held as long as the process lives, however it ends. Nodes do not inherit it.
  const int lock = ::open(file("lock").c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (lock < 0)
    return unavailable("cannot write into the folder {}: {}", path_.string(), std::strerror(errno));
  if (::flock(lock, LOCK_EX | LOCK_NB) == 0) return {};
  ::close(lock);
  const auto running = read();
  return already_exists("a cluster runs already in {}{}", path_.string(),
                        running ? " (process " + std::to_string(running->process.pid) + ")" : std::string{});
}

status state_folder::write(const cluster_record& record) const {
  const auto part = file("cluster.json.part");
  {
    std::ofstream out{part, std::ios::binary | std::ios::trunc};
    out << to_json(record) << "\n";
    if (!out.flush()) return unavailable("cannot write {}", part);
  }
  std::error_code error;
  std::filesystem::rename(part, path_ / record_name, error);
  return error ? unavailable("cannot write {}: {}", file(record_name), error.message()) : status{};
}

result<cluster_record> state_folder::read() const {
  auto text = content_of(path_ / record_name);
  if (!text) return text.error();
  auto out = parse_cluster_record(*text);
  if (!out) return invalid_argument("{}: {}", file(record_name), out.error().message());
  return out;
}

result<state_folder> find_state_folder(const std::filesystem::path& where) {
  std::error_code error;
  std::filesystem::path newest;
  std::filesystem::file_time_type newest_time;
  for (std::filesystem::directory_iterator each{where / ".troupe", error}, end; !error && each != end;
       each.increment(error)) {
    std::error_code none;
    const auto time = std::filesystem::last_write_time(each->path() / record_name, none);
    if (none || (!newest.empty() && time <= newest_time)) continue;
    newest = each->path();
    newest_time = time;
  }
  if (newest.empty())
    return not_found("there is no cluster in {}\nfix: start one with `troupe up cluster.yaml`, or name its "
                     "folder with --state DIR, "
                     "or a node's operators' door with --admin HOST:PORT",
                     (where / ".troupe").string());
  return state_folder{newest};
}

process_id identify(int pid) {
  process_id out{pid, 0};
  if (pid <= 0) return out;
  const auto text = content_of("/proc/" + std::to_string(pid) + "/stat");
  if (!text) return out;
  // The name in parentheses may hold anything; behind it come the state (3) and, as the 22nd field, the
  // start.
  std::istringstream rest{text->substr(text->rfind(')') + 1)};
  std::string field;
  for (int number = 3; number <= 22 && rest >> field; ++number) {
    if (number == 3 && (field == "Z" || field == "X")) return out;
    if (number == 22) out.born = std::stoull(field);
  }
  return out;
}

bool is_running(const process_id& process) { return process.born != 0 && identify(process.pid) == process; }

} // namespace troupe::launcher
