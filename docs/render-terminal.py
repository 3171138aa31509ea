#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Run a command at a terminal of its own and draw what it printed as SVG on standard output.

    docs/render-terminal.py --columns 104 -- quaymaster audit > docs/audit.svg

Nothing is left out, added or changed: the picture has the lines the command wrote, with their colours, below a line that
names the command. Only what quaymaster writes is understood: text, line ends, and the colours of ECMA-48 (SGR).
"""
import argparse
import fcntl
import html
import os
import pty
import re
import shlex
import struct
import sys
import termios

CELL_WIDTH, LINE_HEIGHT, FONT_SIZE, MARGIN = 8.4, 18, 14, 16
BACKGROUND, FOREGROUND, FAINT = "#16181d", "#d6d9df", "#8d939e"
COLOURS = {  # SGR foreground colours, all at least 4.5:1 on the background
    30: "#8d939e", 31: "#ff7b72", 32: "#7ee787", 33: "#e3b341", 34: "#79c0ff", 35: "#d2a8ff", 36: "#56d4dd", 37: "#d6d9df",
    90: "#8d939e", 91: "#ffa198", 92: "#7ee787", 93: "#e3b341", 94: "#a5d6ff", 95: "#d2a8ff", 96: "#56d4dd", 97: "#ffffff",
}
SGR = re.compile(r"\x1b\[([0-9;]*)m")


def run(argv, columns):
    """What the command writes to a terminal that wide, and its exit status."""
    pid, terminal = pty.fork()
    if pid == 0:
        fcntl.ioctl(1, termios.TIOCSWINSZ, struct.pack("HHHH", 50, columns, 0, 0))
        try:
            os.execvp(argv[0], argv)
        except OSError as error:
            os.write(2, f"{argv[0]}: {error.strerror}\n".encode())
            os._exit(127)
    output = b""
    while True:
        try:
            part = os.read(terminal, 65536)
        except OSError:  # EIO: the other end is closed
            break
        if not part:
            break
        output += part
    status = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    return output.decode("utf-8", "replace").replace("\r\n", "\n"), status


class Pen:
    def __init__(self):
        self.reset()

    def reset(self):
        self.fill, self.bold = FOREGROUND, False

    def take(self, parameters):
        for number in (int(p or 0) for p in parameters.split(";")):
            if number == 0:
                self.reset()
            elif number == 1:
                self.bold = True
            elif number == 2:
                self.fill = FAINT
            elif number in (22, 39):
                self.fill, self.bold = FOREGROUND, self.bold and number == 39
            elif number in COLOURS:
                self.fill = COLOURS[number]

    @property
    def attributes(self):
        weight = ' font-weight="bold"' if self.bold else ""
        return f'fill="{self.fill}"{weight}'


def pieces(text):
    """(piece, parameters): plain texts, each with the SGR sequence behind it or None."""
    at = 0
    for match in SGR.finditer(text):
        yield text[at:match.start()], match[1]
        at = match.end()
    yield text[at:], None


def draw_line(pen, line, y):
    """
    One <text> for each run of a colour and each stretch without a gap. Its length is given, so that columns stand whatever
    the viewer's font is; gaps are not drawn, since viewers differ in what they make of several blanks.
    """
    column = 0
    for piece, parameters in pieces(line):
        for part in re.finditer(r"\S+(?: \S+)*", piece):
            x = MARGIN + (column + part.start()) * CELL_WIDTH
            yield (f'<text x="{x:.1f}" y="{y}" textLength="{len(part[0]) * CELL_WIDTH:.1f}" '
                   f'lengthAdjust="spacingAndGlyphs" {pen.attributes}>{html.escape(part[0], quote=False)}</text>')
        column += len(piece)
        if parameters is not None:
            pen.take(parameters)


def draw(command, output, columns):
    lines = [f"\x1b[2m# {command}\x1b[0m", *output.rstrip("\n").split("\n")]
    width = max(columns, *(len(SGR.sub("", line)) for line in lines)) * CELL_WIDTH + 2 * MARGIN
    height = len(lines) * LINE_HEIGHT + 2 * MARGIN
    pen = Pen()
    yield (f'<svg xmlns="http://www.w3.org/2000/svg" width="{width:.0f}" height="{height}" '
           f'viewBox="0 0 {width:.0f} {height}" font-family="monospace" font-size="{FONT_SIZE}">')
    yield f"<title>Output of: {html.escape(command)}</title>"
    yield f'<rect width="100%" height="100%" rx="6" fill="{BACKGROUND}"/>'
    for number, line in enumerate(lines):
        yield from draw_line(pen, line, MARGIN + number * LINE_HEIGHT + FONT_SIZE)
    yield "</svg>"


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--columns", type=int, default=104)
    parser.add_argument("--shown-as", help="the command as the picture names it, where it is run through another one")
    parser.add_argument("command", nargs="+")
    arguments = parser.parse_args()
    output, status = run(arguments.command, arguments.columns)
    for line in draw(arguments.shown_as or shlex.join(arguments.command), output, arguments.columns):
        print(line)
    return status


if __name__ == "__main__":
    sys.exit(main())
