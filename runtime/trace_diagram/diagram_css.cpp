#include "runtime/trace_diagram/markup.hpp"

namespace troupe {

// Plain rules instead of variables: many programs that show SVG know no variables.
std::string_view diagram_css() noexcept {
  return R"css(svg { font-family: system-ui, "Segoe UI", "DejaVu Sans", sans-serif; font-size: 12px; }
.page { fill: #ffffff; }
.heading { font-size: 15px; font-weight: 600; fill: #1f2328; }
.note, .key { fill: #424a53; }
.tick { font-size: 10.5px; font-variant-numeric: tabular-nums; fill: #656d76; }
.grid { stroke: #eaeef2; stroke-width: 1; fill: none; }
.head rect { fill: #eef4fb; stroke: #7d9cc0; }
.head .name { font-weight: 600; fill: #1f2328; }
.lifeline { stroke: #8c959f; stroke-width: 1.5; fill: none; }
.down { stroke: #cfd5dc; stroke-width: 1.5; stroke-dasharray: 2 6; fill: none; }
.paused { fill: #f2d9a8; stroke: #bf8700; }
.focus { stroke: #cf222e; stroke-width: 1.5; stroke-dasharray: 8 3; fill: none; }
.label { font-size: 11px; fill: #1f2328; stroke: #ffffff; stroke-width: 3px; stroke-linejoin: round; paint-order: stroke; }
.message .line, .message .end { stroke: #0969da; stroke-width: 1.4; fill: none; }
.message .head { fill: #0969da; stroke-width: 0; }
.message .hit { stroke: #000000; stroke-opacity: 0; stroke-width: 11; fill: none; }
.message .label { fill: #0a3d7c; }
.message.again .line { stroke-dasharray: 5 3; }
.message.lost .line, .message.lost .end { stroke: #cf222e; }
.message.lost .cross { stroke-width: 2.2; }
.message.lost .label { fill: #a40e26; }
.message.open .line { stroke-dasharray: 2 3; }
.message.open .ring { fill: #ffffff; }
.message:hover .line { stroke-width: 3; }
.mark:hover .label, .message:hover .label { text-decoration: underline; }
.deliver .shape { fill: #1a7f37; }
.run .shape { fill: #8c959f; }
.run .label { fill: #656d76; }
.timer .shape { fill: #9a6700; }
.timer .label { fill: #7d4e00; }
.life .shape { fill: #1a7f37; }
.crash .shape { stroke: #cf222e; stroke-width: 3; fill: none; }
.crash .label, .fault .label { font-weight: 600; fill: #a40e26; }
.halt .shape { fill: #bf8700; }
.fault .shape { fill: #cf222e; }
.bar { fill: #f3b1b7; }
.bar:hover { fill: #cf222e; }
.across { stroke: #cf222e; stroke-width: 1; stroke-dasharray: 6 4; fill: none; }
.log .across { stroke: #8250df; }
.log .shape { fill: #ffffff; stroke: #8250df; }
.log .label { fill: #6639ba; }
.other .shape { fill: #57606a; }
@media (prefers-color-scheme: dark) {
.page { fill: #0d1117; }
.heading, .head .name, .label { fill: #e6edf3; }
.note, .key { fill: #b1bac4; }
.tick { fill: #8d96a0; }
.grid { stroke: #1c222b; }
.head rect { fill: #17253a; stroke: #4d74a8; }
.lifeline { stroke: #6e7681; }
.down { stroke: #373e47; }
.paused { fill: #4d3a10; stroke: #d29922; }
.bar { fill: #6e2a30; }
.focus, .across { stroke: #f85149; }
.label { stroke: #0d1117; }
.message .line, .message .end { stroke: #58a6ff; }
.message .head { fill: #58a6ff; }
.message .label { fill: #a5d0ff; }
.message.lost .line, .message.lost .end { stroke: #f85149; }
.message.lost .label, .crash .label, .fault .label { fill: #ff9c95; }
.message.open .ring { fill: #0d1117; }
.deliver .shape, .life .shape { fill: #3fb950; }
.run .label { fill: #8d96a0; }
.timer .shape, .halt .shape { fill: #d29922; }
.timer .label { fill: #e3b341; }
.crash .shape { stroke: #f85149; }
.fault .shape { fill: #f85149; }
.log .shape { fill: #0d1117; stroke: #a371f7; }
.log .label { fill: #cbb2fb; }
.log .across { stroke: #a371f7; }
.other .shape { fill: #8d96a0; }
}
)css";
}

} // namespace troupe
