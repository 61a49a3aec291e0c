#include "apps/troupe/command.hpp"

#include <caf/config.hpp>
#include <google/protobuf/stubs/common.h>

namespace troupe::cli {

void add_version_command(CLI::App& parent, session& now) {
  auto* command = parent.add_subcommand("version", "Print the versions of Troupe and of what it is built on");
  command->callback([&now] {
    now.out << "troupe " TROUPE_VERSION "\n"
            << "protobuf " << google::protobuf::internal::VersionString(GOOGLE_PROTOBUF_VERSION) << "\n"
            << "CAF " << CAF_VERSION / 10000 << "." << CAF_VERSION / 100 % 100 << "." << CAF_VERSION % 100
            << "\n";
  });
}

} // namespace troupe::cli
