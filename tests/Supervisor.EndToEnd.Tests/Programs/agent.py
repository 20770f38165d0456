"""A screen like a coding agent's: all the terminal modes such programs use, and everything that arrives, in hexadecimal.

Ctrl-Z suspends it, "!" runs a question in a child, "s" streams lines above the rest, "q" leaves.
"""
import os
import signal
import subprocess
import sys
import termios
import tty

ENTER = (
    "\x1b[?1049h"  # alternate screen
    "\x1b[?2004h"  # bracketed paste
    "\x1b[?1000h\x1b[?1002h\x1b[?1006h"  # mouse: buttons, drags, as SGR reports
    "\x1b[?1004h"  # focus
    "\x1b[>1u\x1b[>4;2m"  # keys as CSI u, by either protocol
    "\x1b[?25l\x1b[5 q"  # no cursor, and its shape
    "\x1b]2;agent\x07"  # title
)
LEAVE = "\x1b[?25h\x1b[0 q\x1b[>4m\x1b[<u\x1b[?1004l\x1b[?1006l\x1b[?1002l\x1b[?1000l\x1b[?2004l\x1b[?1049l"

seen = bytearray()
streamed = 0
cooked = termios.tcgetattr(0)


def put(text):
    data = text.encode()
    while data:
        data = data[os.write(1, data):]


def draw(*_):
    columns, rows = os.get_terminal_size(0)
    lines = [seen[i:i + 24].hex(" ") for i in range(0, len(seen), 24)]
    body = "".join(f"\x1b[{i + 3};1H\x1b[38;2;{40 * i % 256};200;90m{line}\x1b[m" for i, line in enumerate(lines[:rows - 4]))
    put(f"\x1b[?2026h\x1b[2J\x1b[1;1H\x1b[7m agent {columns}x{rows} streamed {streamed} \x1b[m{body}\x1b[{rows};1H\x1b[2m> \x1b[m\x1b[?2026l")


def enter():
    tty.setraw(0)
    put(ENTER)
    draw()


def leave():
    put(LEAVE)
    termios.tcsetattr(0, termios.TCSADRAIN, cooked)


def suspend():
    leave()
    os.kill(0, signal.SIGTSTP)
    enter()


def ask():
    leave()
    subprocess.run(["bash", "-c", "read -r -p 'allow? ' x; echo \"<$x>\""], check=False)
    enter()


def stream():
    global streamed
    columns, rows = os.get_terminal_size(0)
    put(f"\x1b[2;{rows - 2}r\x1b[{rows - 2};1H")
    for i in range(500):
        streamed += 1
        put(f"\r\n\x1b[3{i % 8}mstep {streamed}\x1b[m")
    put("\x1b[r")
    draw()


signal.signal(signal.SIGWINCH, draw)
enter()
put("\x1b[6n\x1b[c")  # where is the cursor, and what are you: answered by the terminal, through its input
while True:
    data = os.read(0, 1000)
    if not data or data == b"q":
        break
    if data == b"\x1a":
        suspend()
    elif data == b"!":
        ask()
    elif data == b"s":
        stream()
    else:
        seen += data
        draw()
leave()
print("received", len(seen), "bytes")
sys.exit(6)
