// A page for people: the operations of /openapi.json by service, with forms that send requests.
#pragma once

#include <span>
#include <string>
#include <string_view>

namespace troupe {

// One self-contained HTML document (UTF-8), the same at every call: its own style and script, nothing from
// other hosts. Meant for /docs: it reads "openapi.json" relative to its own address. Lives as long as the
// program.
std::string_view docs_page();

// The Content-Security-Policy header to send with the page. It allows the page's own style and script by
// their hashes and nothing else of the kind, and requests to the page's own host and to the origins in
// `servers`
// ("https://api.example.org"; paths are cut off, relative URLs need no entry and are skipped).
std::string docs_page_policy(std::span<const std::string> servers = {});

} // namespace troupe
