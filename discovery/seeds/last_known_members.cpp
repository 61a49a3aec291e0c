#include "discovery/seeds/last_known_members.hpp"

#include <algorithm>
#include <utility>

namespace troupe {
namespace {

constexpr auto complaint_period = std::chrono::minutes{1};

// Makes a folder that survives a crash, with those above it that are missing. One that is there may have been
// made by a process that did not come to sync it.
status make_folder(disk& on, const std::string& folder) {
  std::vector<std::string> to_sync;
  for (std::string at = folder; at != "." && at != "/"; at = folder_of(at)) {
    const auto there = on.exists(at);
    if (!there) return there.error();
    if (!*there || at == folder) to_sync.push_back(folder_of(at));
  }
  if (auto s = on.create_folders(folder); !s.ok()) return s;
  for (const auto& each : to_sync)
    if (auto s = on.sync_directory(each); !s.ok()) return s;
  return {};
}

} // namespace

result<std::unique_ptr<last_known_members>> last_known_members::open(last_known_options options,
                                                                     const environment& world,
                                                                     event_loop& loop, logging* logs) {
  using namespace std::chrono_literals;
  if (options.path.empty()) return invalid_argument("last known members: the path is missing");
  if (options.limit < 1 || options.limit > max_member_file_entries)
    return invalid_argument("last known members: the limit is {}; it must be from 1 to {}", options.limit,
                            max_member_file_entries);
  if (options.interval < 100ms || options.interval > 24h)
    return invalid_argument("last known members: the interval must be from 100 ms to 24 h");
  return std::unique_ptr<last_known_members>{new last_known_members{std::move(options), world, loop, logs}};
}

last_known_members::last_known_members(last_known_options options, const environment& world, event_loop& loop,
                                       logging* logs)
  : options_(std::move(options)), world_(world), loop_(loop),
    log_(logs != nullptr ? logs->get("seeds") : logger{}), salt_(world.random.split("last_known_members")),
    quota_(complaint_period, 2) {}

last_known_members::~last_known_members() = default;

std::vector<endpoint> last_known_members::read() {
  const auto content = read_file(world_.disk, options_.path, max_member_file_bytes);
  if (!content && content.error().code() == status_code::not_found) return {};
  auto members = content ? decode_members(*content) : result<std::vector<endpoint>>{content.error()};
  if (!members) {
    log_.warning("the members of before cannot be read; starting without them",
                 {{"path", options_.path}, {"why", members.error().message()}});
    return {};
  }
  written_ = *content;
  std::erase_if(*members, [this](const endpoint& each) {
    return std::find(options_.own.begin(), options_.own.end(), each) != options_.own.end();
  });
  return std::move(*members);
}

void last_known_members::remember(std::vector<known_member> members) {
  std::erase_if(members, [this](const known_member& each) {
    return each.where.port == 0 || each.where.address.is_any()
           || std::find(options_.own.begin(), options_.own.end(), each.where) != options_.own.end();
  });
  if (members.empty()) return;
  members_ = std::move(members);
  waiting_ = true;
  if (!timer_) write_or_wait();
}

void last_known_members::write_or_wait() {
  timer_.reset();
  if (!waiting_) return;
  const auto now = world_.clock.now();
  const auto due = ever_looked_ ? looked_at_ + options_.interval : now;
  if (due <= now && write().ok()) return;
  const auto again = due <= now ? options_.interval : duration{due - now};
  timer_ = loop_.after(again, [this] { write_or_wait(); });
}

status last_known_members::flush() {
  if (!waiting_) return {};
  timer_.reset();
  auto outcome = write();
  if (!outcome.ok()) write_or_wait();
  return outcome;
}

status last_known_members::write() {
  const auto now = world_.clock.now();
  ever_looked_ = true;
  looked_at_ = now;
  auto content = encode_members(choose_members(members_, options_.limit, salt_));
  if (content == written_) {
    waiting_ = false;
    return {};
  }
  auto outcome = folder_made_ ? status{} : make_folder(world_.disk, folder_of(options_.path));
  folder_made_ = outcome.ok();
  if (outcome.ok()) outcome = replace_file(world_.disk, options_.path, content);
  if (!outcome.ok()) {
    // Which of the two is there is not known: the next write must not be spared.
    written_.clear();
    folder_made_ = false;
    if (const auto withheld = quota_.take("write", now))
      log_.warning("the members cannot be written down; trying on",
                   {{"path", options_.path}, {"why", outcome.message()}, {"alike_not_logged", *withheld}});
    return outcome;
  }
  waiting_ = false;
  written_ = std::move(content);
  return {};
}

} // namespace troupe
