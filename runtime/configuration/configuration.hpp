// Puts the settings together: default < file < variable < flag, every mistake reported at once.
//
//   file      http: {port: 8080}          of several files, later ones win
//   variable  TROUPE_HTTP__PORT=8080      "__" stands for the dot
//   flag      --http.port=8080
//
// A list replaces that of a lower layer; a table is merged with it, element by element. A secret can also be
// given as the name of a file (token_file, TROUPE_HTTP__TOKEN_FILE, --http.token_file), whose content without
// the final line break is the value.
#pragma once

#include "runtime/configuration/command_line.hpp"
#include "runtime/configuration/settings.hpp"
#include "runtime/core/result.hpp"
#include "runtime/environment/disk.hpp"

#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace troupe {

// Mistakes listed in one report; the rest is counted.
inline constexpr std::size_t max_configuration_errors = 50;

struct configuration_file {
  std::string name; // for messages
  std::string content;
};

struct configuration_input {
  std::vector<configuration_file> files; // later ones win
  // The process's variables. Those that begin with TROUPE_ and contain "__" are settings, and unknown ones
  // errors; all others are not ours.
  std::map<std::string, std::string> variables;
  command_line flags;
  // Reads the file of a secret; null: secrets in files are errors.
  std::function<result<std::string>(const std::string& path)> read_secret;
};

// Pure but for read_secret. INVALID_ARGUMENT with all mistakes in the message, a line each, in the order of
// files, variables and flags: "node.yaml:3:9: http.port is '99999'; it must be an integer from 0 to 65535".
result<settings> load_settings(const settings_schema& schema, const configuration_input& input);

// Reads the files (that of the variable TROUPE_CONFIG first, then those of --config) and secrets from the
// disk, and loads. Files have at most 1 MiB, those of secrets 64 KiB.
result<settings> load_settings(const settings_schema& schema, const command_line& flags,
                               const std::map<std::string, std::string>& variables, disk& from);

} // namespace troupe
