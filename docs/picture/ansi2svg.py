"""Turns what `tmux capture-pane -ep` prints (text and colours, no cursor movement) into an SVG on stdout."""
import html
import re
import sys

CELL, LINE, MARGIN = 8.4, 19, 18
NORMAL = "#d7dae0"
COLOURS = {30: "#282c34", 31: "#e06c75", 32: "#98c379", 33: "#e5c07b", 34: "#61afef", 35: "#c678dd", 36: "#56b6c2",
           37: NORMAL, 90: "#7f848e", 91: "#e06c75", 92: "#98c379", 93: "#e5c07b", 94: "#61afef", 95: "#c678dd",
           96: "#56b6c2", 97: "#ffffff"}


def spans(line):
    colour, bold, start = NORMAL, False, 0
    for match in list(re.finditer(r"\x1b\[([0-9;]*)m", line)) + [None]:
        end = match.start() if match else len(line)
        if end > start:
            yield line[start:end], colour, bold
        if match is None:
            return
        start = match.end()
        for code in (int(c or 0) for c in match.group(1).split(";")):
            if code == 0:
                colour, bold = NORMAL, False
            elif code == 1:
                bold = True
            elif code == 39:
                colour = NORMAL
            elif code in COLOURS:
                colour = COLOURS[code]


def main():
    lines = [re.sub(r"\x1b\([B0]", "", line) for line in sys.stdin.read().rstrip("\n").split("\n")]
    width = max(len(re.sub(r"\x1b\[[0-9;]*m", "", line)) for line in lines)
    w, h = width * CELL + 2 * MARGIN, len(lines) * LINE + 2 * MARGIN
    print(f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {w:.0f} {h:.0f}" width="{w:.0f}" height="{h:.0f}"'
          f' font-family="ui-monospace,Menlo,Consolas,DejaVu Sans Mono,monospace" font-size="14">')
    print(f'<rect width="100%" height="100%" rx="10" fill="#21252b"/>')
    for row, line in enumerate(lines):
        column = 0
        y = MARGIN + (row + 0.75) * LINE
        for text, colour, bold in spans(line):
            if text.strip():
                weight = ' font-weight="bold"' if bold else ""
                print(f'<text x="{MARGIN + column * CELL:.1f}" y="{y:.1f}" fill="{colour}"{weight} xml:space="preserve"'
                      f' textLength="{len(text) * CELL:.1f}">{html.escape(text)}</text>')
            column += len(text)
    print("</svg>")


main()
