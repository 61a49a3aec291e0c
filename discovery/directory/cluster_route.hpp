// What a cluster's directory knows of one service, and its choice. Internal to this component.
#pragma once

#include "discovery/directory/cluster_directory.hpp"
#include "discovery/directory/published.hpp"

#include <atomic>
#include <span>

namespace troupe {

// What is known of all nodes. Guarded by the directory's mutex.
struct cluster_directory::knowledge {
  struct member {
    member_state state = member_state::alive;
    monotonic_time since;
  };
  struct peer {
    peer_end_ptr end;
    std::vector<std::string> services;
  };

  // Members that died or left and are kept; of more the longest gone are forgotten.
  static constexpr std::size_t most_gone = 1024;
  void forget_the_longest_gone();

  const member* find_member(std::string_view node) const noexcept {
    const auto found = members.find(node);
    return found == members.end() ? nullptr : &found->second;
  }

  std::map<std::string, member, std::less<>> members;
  std::vector<peer> peers;
  registry_snapshot_ptr services = std::make_shared<const registry_snapshot>();
};

// choose() and choose_other() are thread-safe; all else is under the directory's mutex.
class cluster_directory::cluster_route final : public service_route {
public:
  cluster_route(std::string service, instance_route& local, const cluster_directory& owner);

  result<call_end_ptr> choose(const call& what) noexcept override;
  result<call_end_ptr> choose_other(const call& what, std::span<const call_end_ptr> failed) noexcept override;

  // A connected peer offers the service, stops to do so, is gone.
  void add(const peer_end_ptr& peer);
  void stopping(const peer_end_ptr& peer);
  void remove(const peer_end_ptr& peer, const std::string& why, monotonic_time when);
  // The places of the service in the registry, null for none.
  void set_places(std::shared_ptr<const service_places> now, monotonic_time when);
  const std::shared_ptr<const service_places>& places() const noexcept { return places_; }
  // Publishes anew who takes calls.
  void update();

  std::vector<std::string> peers() const;

private:
  // Somebody who takes calls.
  struct candidate {
    peer_end_ptr end;
    std::uint32_t instances = 1;
    bool operator==(const candidate&) const = default;
  };
  using candidates = std::vector<candidate>;
  struct choices {
    candidates ready;
    candidates draining;
    bool operator==(const choices&) const = default;
  };
  // A connected peer that announced the service.
  struct offer {
    peer_end_ptr end;
    bool stopping = false;
  };
  // A node that used to play it.
  struct loss {
    std::string node;
    std::string why; // the connection's end; empty: there was none
    monotonic_time when;
  };
  enum flag : std::uint8_t { any_ready = 1, any_draining = 2, own_draining = 4 };

  call_end_ptr pick(const choices& of) noexcept;
  const peer_end_ptr& pick(const candidates& of) noexcept; // not empty
  call_end_ptr pick_other(const candidates& of, std::span<const call_end_ptr> failed) noexcept;
  void lose(std::string_view node, const std::string& why, monotonic_time when);
  std::vector<loss>::const_iterator find_loss(std::string_view node) const noexcept;
  const service_place* place_of(std::string_view node) const noexcept;
  const offer* offer_of(std::string_view node) const noexcept;

  status refusal() const;
  std::string say(const service_place& place) const;
  std::string say(const offer& made) const;
  std::string say(const loss& lost) const;
  static std::string in_brackets(const std::string& why);

  static constexpr std::size_t most_losses = 8;

  const std::string service_;
  instance_route& local_;
  const cluster_directory& owner_;
  std::atomic<std::uint8_t> flags_ = 0; // of choices_ and this node, so that most calls need not look at them
  std::atomic<std::uint64_t> turn_ = 0;
  published<choices> choices_;
  std::vector<offer> offers_;
  std::shared_ptr<const service_places> places_;
  std::vector<loss> losses_; // the latest last
};

} // namespace troupe
