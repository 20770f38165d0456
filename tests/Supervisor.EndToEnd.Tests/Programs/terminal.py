"""A terminal for one command. Prints every byte that reaches it, and types when it has seen what it waits for.

    terminal.py COLUMNSxROWS [--slow] [--on TEXT KEYS]... COMMAND...

--slow reads like a far-away terminal. TEXT and KEYS are Python string literals without their quotes. The status is the
command's, or 128 and the number of the signal it died of.
"""
import fcntl
import os
import signal
import struct
import sys
import termios
import time


def bytes_of(text):
    return text.encode("latin-1").decode("unicode_escape").encode("latin-1")


def start(command, columns, rows):
    master, slave = os.openpty()
    fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
    pid = os.fork()
    if pid == 0:
        os.close(master)
        os.setsid()
        fcntl.ioctl(slave, termios.TIOCSCTTY, 0)
        for target in range(3):
            os.dup2(slave, target)
        if slave > 2:
            os.close(slave)
        # Python ignores these.
        for number in signal.SIGPIPE, signal.SIGXFSZ:
            signal.signal(number, signal.SIG_DFL)
        os.execvp(command[0], command)
    os.close(slave)
    return pid, master


def main(words):
    columns, rows = map(int, words.pop(0).split("x"))
    slow, talk = False, []
    while words[0].startswith("--"):
        option = words.pop(0)
        if option == "--slow":
            slow = True
        else:
            talk.append((bytes_of(words.pop(0)), bytes_of(words.pop(0))))
    pid, master = start(words, columns, rows)
    unread = b""
    while True:
        try:
            piece = os.read(master, 512 if slow else 65536)
        except OSError:
            # EIO: nobody has the terminal open any more.
            break
        os.write(1, piece)
        unread = unread + piece if talk else b""
        while talk and talk[0][0] in unread:
            text, keys = talk.pop(0)
            unread = unread[unread.index(text) + len(text):]
            os.write(master, keys)
        if slow:
            time.sleep(0.0005)
    # Not closed before: the hang-up would kill a command that is just about to exit.
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])


status = main(sys.argv[1:])
sys.exit(status if status >= 0 else 128 - status)
