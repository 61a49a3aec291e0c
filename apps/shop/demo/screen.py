"""What the demonstration writes: sections, one line of progress, tables. Without a terminal: plain lines, few."""
import os
import shutil
import sys
import threading
import time


class Screen:
    def __init__(self, out=sys.stdout):
        self._out = out
        self._terminal = out.isatty() and os.environ.get("TERM") != "dumb"
        self._colours = self._terminal and "NO_COLOR" not in os.environ
        self._lock = threading.Lock()

    def paint(self, text, code):
        return f"\x1b[{code}m{text}\x1b[0m" if self._colours else text

    def bold(self, text):
        return self.paint(text, 1)

    def line(self, text=""):
        print(text, file=self._out, flush=True)

    def section(self, text):
        self.line()
        self.line(self.bold(text))

    def good(self, text):
        self.line(f"  {self.paint('ok', 32)}  {text}")

    def bad(self, text):
        self.line(f"  {self.paint('FAILED', 31)}  {text}")

    def fact(self, text):
        self.line(f"      {text}")

    def picture(self):
        return Picture(self)

    def progress(self, total, what):
        return Progress(self, total, what)

    def table(self, head, rows):
        widths = [max(len(str(row[column])) for row in [head, *rows]) for column in range(len(head))]

        def format_row(row):
            cells = [str(cell).ljust(width) if column == 0 else str(cell).rjust(width)
                     for column, (cell, width) in enumerate(zip(row, widths))]
            return "  " + "   ".join(cells)

        self.line(self.bold(format_row(head)))
        for row in rows:
            self.line(format_row(row))


class Progress:
    """A bar that is redrawn in its place; without a terminal, a line at each quarter."""

    def __init__(self, screen, total, what):
        self._screen, self._total, self._what = screen, total, what
        self._done = 0
        self._drawn = 0.0
        self._began = time.monotonic()

    def step(self, note=""):
        screen = self._screen
        with screen._lock:
            self._done += 1
            now = time.monotonic()
            last = self._done == self._total
            if screen._terminal:
                if not last and now - self._drawn < 0.05:
                    return
                self._drawn = now
                width = 30
                filled = width * self._done // self._total
                text = (f"  [{'#' * filled}{'.' * (width - filled)}] {self._done}/{self._total} {self._what}"
                        f"  {self._done / max(now - self._began, 1e-6):.0f}/s  {note}")
                text = text[:shutil.get_terminal_size().columns - 1]
                screen._out.write(f"\r\x1b[K{text}" + ("\n" if last else ""))
                screen._out.flush()
            elif last or self._done * 4 // self._total > (self._done - 1) * 4 // self._total:
                screen.line(f"  {self._done}/{self._total} {self._what}  {note}")


class Picture:
    """Lines that are redrawn in their place. Without a terminal: nothing but what keep() leaves."""

    def __init__(self, screen):
        self._screen = screen
        self._height = 0

    def draw(self, lines):
        screen = self._screen
        if not screen._terminal:
            return
        width = shutil.get_terminal_size().columns - 1
        with screen._lock:
            up = f"\x1b[{self._height}A" if self._height else ""
            screen._out.write(up + "".join(f"\r\x1b[K{self._cut(line, width)}\n" for line in lines))
            screen._out.flush()
        self._height = len(lines)

    def keep(self, lines):
        """Leaves the lines where they are; what is drawn next stands below."""
        if self._screen._terminal:
            self.draw(lines)
        else:
            for line in lines:
                self._screen.line(line)
        self._height = 0

    @staticmethod
    def _cut(line, width):
        """Shortens a line that would wrap. Colours take no room."""
        shown, out, rest = 0, "", line
        while rest:
            if rest.startswith("\x1b["):
                end = rest.index("m") + 1
                out, rest = out + rest[:end], rest[end:]
            elif shown < width:
                out, rest, shown = out + rest[0], rest[1:], shown + 1
            else:
                rest = rest[1:]
        return out
