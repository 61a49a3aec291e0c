// The flags of a program: --http.port=8080, --http.port 8080, --http.enabled, --no-http.enabled, --config
// node.yaml.
#pragma once

#include "runtime/configuration/schema.hpp"

#include <map>
#include <span>
#include <string>
#include <vector>

namespace troupe {

struct flag_assignment {
  std::string path;    // "http.port"; of a table's element "logging.levels.http"
  std::string element; // of a table: which element ("http")
  std::string value;
  bool from_file = false; // --http.token_file: the value names the file of a secret
  std::string flag;       // as written, without its value: "--http.port"
};

// A command line, taken apart. It is not an error to have errors: --help should still be obeyed.
struct command_line {
  bool help = false;
  bool print = false;                               // --print-config
  std::vector<std::string> files;                   // of --config, in order
  std::map<std::string, std::string> program_flags; // of settings_schema::add_flag(), by name
  std::vector<flag_assignment> assignments;         // in order
  std::vector<std::string> errors;                  // for load_settings() to report with all others
};

// `arguments` without the program's name. Values may follow "=" or be the next argument; a boolean needs
// none. Arguments that are no flags are errors.
command_line parse_command_line(const settings_schema& schema, std::span<const std::string> arguments);

} // namespace troupe
