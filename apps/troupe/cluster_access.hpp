// How a command finds the cluster that it is about. Internal to apps/troupe.
#pragma once

#include "apps/launcher/state_folder.hpp"
#include "apps/troupe/admin_client.hpp"
#include "apps/troupe/command.hpp"

#include <functional>
#include <string>
#include <utility>
#include <vector>

namespace troupe::cli {

struct cluster_choice {
  std::string state; // --state; empty: the newest of .troupe in the working directory
  std::string admin; // --admin; empty: by the state
  bool json = false;
  bool watch = false;
};

void add_state_option(CLI::App& command, cluster_choice& into);
void add_admin_option(CLI::App& command, cluster_choice& into);   // and --state
void add_reader_options(CLI::App& command, cluster_choice& into); // --json, --watch

// The folder that is meant. NOT_FOUND says how to start a cluster.
result<launcher::state_folder> chosen_folder(const cluster_choice& choice);

// Of the nodes that can be asked, any: that of --admin, or those that `troupe up` runs.
result<std::vector<admin_door>> chosen_doors(const cluster_choice& choice);

// The answer of the first that answers, and which it is.
result<std::pair<boost::json::value, admin_door>> ask_any(const cluster_choice& choice,
                                                          std::string_view path);

// The door of the node of that name, which any of the others knows. NOT_FOUND names those there are.
result<admin_door> door_of(const cluster_choice& choice, const std::string& node);

// Calls `look` once, or with --watch each second until the reader of the output is gone, with what it gives
// on a cleared screen when that is a terminal. Returns the exit code: that of the last look.
using look_result = result<std::string>; // what to print
int show(const cluster_choice& choice, session& now, const std::function<look_result()>& look);

// What `troupe members` prints: a table, or JSON.
look_result look_at_members(const cluster_choice& choice);

// Prints an error as `error: ...`; returns the exit code 1.
int complain(session& now, const status& why);

// Whether the stream is this process's standard output and that a terminal.
bool is_terminal(const std::ostream& out);

// The text, number or list (with commas between) of a key, or nothing.
std::string text_at(const boost::json::value& in, std::string_view key);
// The elements of the list at a key, or none.
const boost::json::array& list_at(const boost::json::value& in, std::string_view key);

} // namespace troupe::cli
