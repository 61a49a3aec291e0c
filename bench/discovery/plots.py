"""Line plots as SVG, written by hand: a logarithmic x axis of cluster sizes, one or two lines."""
import math

WIDTH, HEIGHT = 560, 340
LEFT, RIGHT, TOP, BOTTOM = 64, 20, 44, 56
COLOURS = ("#1f5fa8", "#b5541c")


def steps(most):
    """Round numbers from 0 to `most` and a little beyond."""
    rough = most / 4
    unit = 10 ** math.floor(math.log10(rough))
    step = next(unit * factor for factor in (1, 2, 2.5, 5, 10) if unit * factor >= rough)
    return [step * i for i in range(int(math.ceil(most / step)) + 1)]


def number(value):
    return f"{value:,.0f}" if value == int(value) else f"{value:g}"


def plot(title, y_title, lines):
    """lines: (label, [(x, y)...], dashed)."""
    xs = sorted({x for _, points, _ in lines for x, _ in points})
    ticks = steps(max(y for _, points, _ in lines for _, y in points) * 1.1)
    low, high = math.log10(xs[0]), math.log10(xs[-1])

    def across(x):
        return LEFT + (math.log10(x) - low) / (high - low) * (WIDTH - LEFT - RIGHT)

    def up(y):
        return HEIGHT - BOTTOM - y / ticks[-1] * (HEIGHT - TOP - BOTTOM)

    out = [f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" font-family="sans-serif" font-size="12">',
           f'<rect width="{WIDTH}" height="{HEIGHT}" fill="white"/>',
           f'<text x="{LEFT}" y="22" font-size="14" font-weight="bold">{title}</text>']
    for y in ticks:
        out.append(f'<line x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{up(y):.1f}" y2="{up(y):.1f}" stroke="#ddd"/>')
        out.append(f'<text x="{LEFT - 8}" y="{up(y) + 4:.1f}" text-anchor="end">{number(y)}</text>')
    for x in xs:
        out.append(f'<line x1="{across(x):.1f}" x2="{across(x):.1f}" y1="{up(0):.1f}" y2="{up(0) + 5:.1f}" stroke="#444"/>')
        out.append(f'<text x="{across(x):.1f}" y="{up(0) + 19:.1f}" text-anchor="middle">{number(x)}</text>')
    out.append(f'<line x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{up(0):.1f}" y2="{up(0):.1f}" stroke="#444"/>')
    out.append(f'<text x="{(LEFT + WIDTH - RIGHT) / 2}" y="{HEIGHT - 14}" text-anchor="middle">members (logarithmic)</text>')
    out.append(f'<text transform="translate(18 {(TOP + HEIGHT - BOTTOM) / 2}) rotate(-90)" text-anchor="middle">{y_title}</text>')
    for index, (label, points, dashed) in enumerate(lines):
        colour = COLOURS[index % len(COLOURS)]
        path = " ".join(f"{across(x):.1f},{up(y):.1f}" for x, y in points)
        style = ' stroke-dasharray="5 4"' if dashed else ""
        out.append(f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="2"{style}/>')
        if not dashed:
            out += [f'<circle cx="{across(x):.1f}" cy="{up(y):.1f}" r="3.5" fill="{colour}"/>' for x, y in points]
        at = TOP + 10 + 17 * index
        out.append(f'<line x1="{LEFT + 14}" x2="{LEFT + 40}" y1="{at - 4}" y2="{at - 4}" stroke="{colour}" stroke-width="2"{style}/>')
        out.append(f'<text x="{LEFT + 46}" y="{at}">{label}</text>')
    return "\n".join([*out, "</svg>", ""])


def write(points, folder):
    """points: what the section `scale` printed."""
    folder.mkdir(parents=True, exist_ok=True)
    size = points["dissemination"][-1][0]
    per_decade = points["dissemination"][-1][1] / math.log10(size)
    logarithm = [(x, per_decade * math.log10(x)) for x, _ in points["dissemination"]]
    (folder / "discovery-bytes.svg").write_text(plot(
        "What a member sends", "bytes a period of 1 s", [("membership, 1% loss", points["bytes"], False)]))
    (folder / "discovery-messages.svg").write_text(plot(
        "How many messages a member sends", "messages a period of 1 s", [("membership, 1% loss", points["messages"], False)]))
    (folder / "discovery-dissemination.svg").write_text(plot(
        "Until all know of a change", "periods of 1 s", [("median of 9, 1% loss", points["dissemination"], False),
                                                          ("a multiple of log(n)", logarithm, True)]))
