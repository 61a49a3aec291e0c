#include "discovery/actor_names/actor_names.hpp"

#include "discovery/actor_names/remote_names.hpp"
#include "runtime/contract/text_values.hpp"
#include "runtime/link/gate.hpp"

#include <caf/actor.hpp>
#include <caf/actor_cast.hpp>
#include <caf/actor_system.hpp>
#include <caf/attachable.hpp>
#include <caf/node_id.hpp>

#include <algorithm>
#include <map>
#include <mutex>
#include <optional>
#include <set>

namespace troupe {

namespace {

status check(std::string_view name) {
  if (name.empty() || name.size() > longest_actor_name)
    return invalid_argument("an actor's name has 1 to {} bytes, and not {}", longest_actor_name, name.size());
  const auto control = [](unsigned char c) { return c < 0x20 || c == 0x7F; };
  if (!is_utf8(name) || std::any_of(name.begin(), name.end(), control))
    return invalid_argument("an actor's name is UTF-8 without control characters");
  return {};
}

// Of a proxy: also whether its node is connected.
bool is_alive(const caf::actor& actor) noexcept {
  return actor
         && !caf::actor_cast<caf::abstract_actor*>(actor)->getf(caf::abstract_actor::is_cleaned_up_flag);
}

// Another handle of the same actor is not the same: a connection that was lost has ended one of them.
bool same_handle(const caf::actor& a, const caf::actor& b) noexcept {
  return caf::actor_cast<caf::abstract_actor*>(a) == caf::actor_cast<caf::abstract_actor*>(b);
}

} // namespace

class actor_names::core : public std::enable_shared_from_this<core> {
public:
  core(std::string own_node, actor_names_limits limits)
    : own_node_(std::move(own_node)), limits_(limits), remote_(own_node_) {}

  status connect(gate& link, entry_publisher& publisher);
  void disconnect();
  void close();
  status add(std::string name, const caf::actor& actor);
  void remove(std::string_view name, const caf::actor& actor);
  void ended(std::uint64_t registration);
  std::vector<caf::actor> find(std::string_view name) const;
  caf::actor find_one(std::string_view name) const;
  result<actor_watch> watch(std::string name, listener then);
  void unwatch(actor_watch which);
  void on_services(const registry_snapshot_ptr& now);
  void on_peers_changed();

private:
  class death_notice;

  struct registration {
    std::uint64_t id = 0;
    std::string name;
    caf::actor actor;
  };
  struct watcher {
    std::string name;
    std::shared_ptr<const listener> then;
    std::vector<caf::actor> told;
    bool told_any = false;
  };

  // Under the lock.
  std::vector<caf::actor> local(std::string_view name) const;
  std::vector<caf::actor> remote(std::string_view name) const;
  std::vector<caf::actor> all(std::string_view name) const;
  status publish(std::size_t number);
  caf::actor forget(std::size_t number); // gives what may be the last reference: let it go without the lock
  std::size_t find_registration(std::string_view name, const caf::actor& actor) const;
  void outdate(std::string_view name);
  // Takes out imported handles of a name that no entry has any more; of all names those that have ended. Gives
  // them to be let go without the lock.
  void forget_imported(std::string_view name, std::vector<caf::actor>& gone);
  void forget_ended(std::vector<caf::actor>& gone);

  // Without the lock.
  void tell();

  const std::string own_node_;
  const actor_names_limits limits_;
  mutable std::mutex mutex_; // guards what follows
  bool closed_ = false;
  gate* link_ = nullptr;
  entry_publisher* publisher_ = nullptr;
  std::vector<std::optional<registration>> own_; // by the number of their entries
  std::uint64_t registrations_ = 0;
  remote_names remote_;
  // By name and bytes. One that has ended stays as such until its entry goes, or its node may have come back:
  // imported anew, it would live until its node says once more that it has ended.
  using imported_handles = std::map<std::string, caf::actor, std::less<>>;
  mutable std::map<std::string, imported_handles, std::less<>> imported_;
  mutable std::uint64_t turn_ = 0;
  std::map<std::uint64_t, watcher> watchers_;
  std::uint64_t watches_ = 0;
  std::set<std::uint64_t> outdated_; // watchers to be told
  bool telling_ = false;             // a thread is at it, and tells what comes meanwhile
};

// Attached to a registered actor.
class actor_names::core::death_notice final : public caf::attachable {
public:
  struct token {
    static constexpr std::size_t token_type = 0x6E616D65; // none of CAF's
    const core* names;
    std::uint64_t registration;
  };

  death_notice(const std::shared_ptr<core>& names, std::uint64_t registration)
    : token_{names.get(), registration}, names_(names) {}

  void actor_exited(const caf::error&, caf::execution_unit*) override {
    if (auto names = names_.lock()) names->ended(token_.registration);
  }
  bool matches(const caf::attachable::token& what) override {
    if (what.subtype != token::token_type) return false;
    const auto* other = static_cast<const token*>(what.ptr);
    return other->names == token_.names && other->registration == token_.registration;
  }

private:
  token token_;
  std::weak_ptr<core> names_;
};

// -- registering

status actor_names::core::connect(gate& link, entry_publisher& publisher) {
  status first;
  {
    std::lock_guard lock{mutex_};
    link_ = &link;
    publisher_ = &publisher;
    for (std::size_t i = 0; i < own_.size(); ++i)
      if (own_[i])
        if (auto outcome = publish(i); !outcome.ok() && first.ok()) first = outcome;
  }
  on_peers_changed();
  return first;
}

void actor_names::core::disconnect() {
  decltype(imported_) imported;
  std::lock_guard lock{mutex_};
  imported.swap(imported_);
  link_ = nullptr;
  publisher_ = nullptr;
}

void actor_names::core::close() {
  // Whose last reference this is ends here, and tells of it: without the lock.
  std::vector<std::optional<registration>> own;
  std::map<std::uint64_t, watcher> watchers;
  decltype(imported_) imported;
  std::lock_guard lock{mutex_};
  closed_ = true;
  imported.swap(imported_);
  link_ = nullptr;
  publisher_ = nullptr;
  own.swap(own_);
  watchers.swap(watchers_);
  outdated_.clear();
}

status actor_names::core::publish(std::size_t number) {
  if (publisher_ == nullptr) return {};
  const auto& what = *own_[number];
  return publisher_->publish(make_actor_entry(number, what.name, link_->export_handle(what.actor)));
}

caf::actor actor_names::core::forget(std::size_t number) {
  auto gone = std::move(*own_[number]);
  own_[number].reset();
  if (publisher_ != nullptr) publisher_->withdraw(std::string{actor_entry_prefix} + std::to_string(number));
  outdate(gone.name);
  return std::move(gone.actor);
}

std::size_t actor_names::core::find_registration(std::string_view name, const caf::actor& actor) const {
  const auto at = std::find_if(own_.begin(), own_.end(), [&](const auto& each) {
    return each && each->name == name && each->actor == actor;
  });
  return static_cast<std::size_t>(at - own_.begin());
}

status actor_names::core::add(std::string name, const caf::actor& actor) {
  if (auto outcome = check(name); !outcome.ok()) return outcome;
  if (!actor) return invalid_argument("no actor is to be called {}", name);
  auto* inner = caf::actor_cast<caf::abstract_actor*>(actor);
  if (inner->node() != inner->home_system().node())
    return invalid_argument("the actor to be called {} is of another node, where it can be registered", name);
  std::uint64_t id = 0;
  {
    std::lock_guard lock{mutex_};
    if (closed_) return unavailable("the node {} has stopped; nobody gets a name there", own_node_);
    if (!is_alive(actor)) return not_found("the actor to be called {} has ended", name);
    if (find_registration(name, actor) != own_.size()) return {};
    auto free = static_cast<std::size_t>(std::find(own_.begin(), own_.end(), std::nullopt) - own_.begin());
    if (free >= limits_.names_per_node)
      return resource_exhausted("{} actors of {} have names, which are as many as may have; {} is one more",
                                free, own_node_, name);
    if (free == own_.size()) own_.emplace_back();
    id = ++registrations_;
    own_[free] = registration{id, name, actor};
    if (auto outcome = publish(free); !outcome.ok()) {
      own_[free].reset();
      return outcome;
    }
    outdate(name);
  }
  // Comes at once when it has ended meanwhile.
  inner->attach(caf::attachable_ptr{new death_notice(shared_from_this(), id)});
  tell();
  return {};
}

void actor_names::core::remove(std::string_view name, const caf::actor& actor) {
  std::uint64_t id = 0;
  {
    std::lock_guard lock{mutex_};
    const auto number = find_registration(name, actor);
    if (number == own_.size()) return;
    id = own_[number]->id;
    forget(number);
  }
  const death_notice::token own{this, id};
  caf::actor_cast<caf::abstract_actor*>(actor)->detach(own);
  tell();
}

void actor_names::core::ended(std::uint64_t registration) {
  caf::actor gone;
  {
    std::lock_guard lock{mutex_};
    for (std::size_t i = 0; i < own_.size(); ++i) {
      if (!own_[i] || own_[i]->id != registration) continue;
      gone = forget(i);
    }
  }
  tell();
}

// -- finding

std::vector<caf::actor> actor_names::core::local(std::string_view name) const {
  std::vector<caf::actor> out;
  for (const auto& each : own_)
    if (each && each->name == name && is_alive(each->actor)) out.push_back(each->actor);
  return out;
}

std::vector<caf::actor> actor_names::core::remote(std::string_view name) const {
  std::vector<caf::actor> out;
  if (link_ == nullptr) return out;
  const auto handles = remote_.handles(name);
  if (handles.empty()) return out;
  auto& imported = imported_[std::string{name}];
  for (const auto& bytes : handles) {
    auto known = imported.find(bytes);
    if (known == imported.end()) {
      auto handle = link_->import_handle(bytes);
      if (!handle) continue;
      known = imported.emplace(bytes, std::move(*handle)).first;
    }
    if (is_alive(known->second)) out.push_back(known->second);
  }
  return out;
}

void actor_names::core::forget_imported(std::string_view name, std::vector<caf::actor>& gone) {
  const auto known = imported_.find(name);
  if (known == imported_.end()) return;
  auto left = std::move(known->second);
  imported_.erase(known);
  imported_handles kept;
  for (const auto& bytes : remote_.handles(name))
    if (auto node = left.extract(bytes)) kept.insert(std::move(node));
  for (auto& [bytes, handle] : left)
    gone.push_back(std::move(handle));
  if (!kept.empty()) imported_.emplace(name, std::move(kept));
}

void actor_names::core::forget_ended(std::vector<caf::actor>& gone) {
  for (auto& [name, handles] : imported_) {
    for (auto each = handles.begin(); each != handles.end();) {
      if (is_alive(each->second)) {
        ++each;
        continue;
      }
      gone.push_back(std::move(each->second));
      each = handles.erase(each);
    }
  }
  std::erase_if(imported_, [](const auto& each) { return each.second.empty(); });
}

std::vector<caf::actor> actor_names::core::all(std::string_view name) const {
  auto out = local(name);
  auto others = remote(name);
  out.insert(out.end(), std::make_move_iterator(others.begin()), std::make_move_iterator(others.end()));
  return out;
}

std::vector<caf::actor> actor_names::core::find(std::string_view name) const {
  std::lock_guard lock{mutex_};
  return all(name);
}

caf::actor actor_names::core::find_one(std::string_view name) const {
  std::vector<caf::actor> found;
  std::lock_guard lock{mutex_};
  found = local(name);
  if (found.empty()) found = remote(name);
  return found.empty() ? caf::actor{} : found[turn_++ % found.size()];
}

// -- watching

result<actor_watch> actor_names::core::watch(std::string name, listener then) {
  if (auto outcome = check(name); !outcome.ok()) return outcome;
  std::uint64_t id = 0;
  {
    std::lock_guard lock{mutex_};
    if (closed_) return unavailable("the node {} has stopped; no name is watched there", own_node_);
    if (watchers_.size() >= limits_.watches)
      return resource_exhausted("{} names are watched, which are as many as may be", watchers_.size());
    id = ++watches_;
    watchers_[id] = {std::move(name), std::make_shared<const listener>(std::move(then)), {}, false};
    outdated_.insert(id);
  }
  tell();
  return actor_watch{id};
}

void actor_names::core::unwatch(actor_watch which) {
  watcher gone; // what it holds ends without the lock
  std::lock_guard lock{mutex_};
  const auto known = watchers_.find(which.value());
  if (known == watchers_.end()) return;
  gone = std::move(known->second);
  watchers_.erase(known);
  outdated_.erase(which.value());
}

void actor_names::core::outdate(std::string_view name) {
  for (const auto& [id, each] : watchers_)
    if (each.name == name) outdated_.insert(id);
}

void actor_names::core::tell() {
  std::vector<caf::actor> now, before; // let go without the lock
  std::unique_lock lock{mutex_};
  if (std::exchange(telling_, true)) return;
  while (!outdated_.empty()) {
    const auto id = *outdated_.begin();
    outdated_.erase(outdated_.begin());
    auto& which = watchers_.at(id);
    now = all(which.name);
    before = std::exchange(which.told, now);
    const bool is_new = !std::exchange(which.told_any, true)
                        || !std::equal(now.begin(), now.end(), before.begin(), before.end(), same_handle);
    const auto then = which.then;
    lock.unlock();
    if (is_new) (*then)(now);
    now.clear();
    before.clear();
    lock.lock();
  }
  telling_ = false;
}

void actor_names::core::on_services(const registry_snapshot_ptr& now) {
  std::vector<caf::actor> gone; // let go without the lock
  {
    std::lock_guard lock{mutex_};
    for (const auto& name : remote_.update(*now)) {
      forget_imported(name, gone);
      outdate(name);
    }
  }
  tell();
}

void actor_names::core::on_peers_changed() {
  std::vector<caf::actor> gone; // let go without the lock
  {
    std::lock_guard lock{mutex_};
    forget_ended(gone);
    for (const auto& [id, each] : watchers_)
      outdated_.insert(id);
  }
  tell();
}

// -- actor_names

actor_names::actor_names(std::string own_node, actor_names_limits limits)
  : core_(std::make_shared<core>(std::move(own_node), limits)) {}
actor_names::~actor_names() { core_->close(); }
status actor_names::connect(gate& link, entry_publisher& publisher) {
  return core_->connect(link, publisher);
}
void actor_names::disconnect() { core_->disconnect(); }
void actor_names::close() { core_->close(); }
status actor_names::register_actor(std::string name, const caf::actor& actor) {
  return core_->add(std::move(name), actor);
}
void actor_names::unregister_actor(std::string_view name, const caf::actor& actor) {
  core_->remove(name, actor);
}
std::vector<caf::actor> actor_names::find(std::string_view name) const { return core_->find(name); }
caf::actor actor_names::find_one(std::string_view name) const { return core_->find_one(name); }
result<actor_watch> actor_names::watch(std::string name, listener then) {
  return core_->watch(std::move(name), std::move(then));
}
void actor_names::unwatch(actor_watch which) { core_->unwatch(which); }
void actor_names::on_services(const registry_snapshot_ptr& now) { core_->on_services(now); }
void actor_names::on_peers_changed() { core_->on_peers_changed(); }

} // namespace troupe
