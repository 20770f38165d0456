// Types one key at a time into a command on a PTY and waits for its echo. Prints the median and the 99th percentile in
// microseconds. Usage: keyecho COUNT CMD ARG…   (the command must leave the terminal's echo on, as cat does)
#define _GNU_SOURCE
#include <pty.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>
#include <poll.h>

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec * 1e6 + t.tv_nsec / 1e3;
}

static int compare(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static int echo(int master, char key, int milliseconds)
{
    char buffer[256];
    if (write(master, &key, 1) != 1)
        return 0;
    for (;;) {
        struct pollfd p = {.fd = master, .events = POLLIN};
        if (poll(&p, 1, milliseconds) <= 0)
            return 0;
        ssize_t n = read(master, buffer, sizeof buffer);
        if (n <= 0)
            return 0;
        if (memchr(buffer, key, n))
            return 1;
    }
}

int main(int argc, char **argv)
{
    if (argc < 3)
        return 2;
    int count = atoi(argv[1]);
    double *times = calloc(count, sizeof *times);
    int master;
    struct winsize size = {.ws_row = 24, .ws_col = 80};
    pid_t pid = forkpty(&master, NULL, NULL, &size);
    if (pid == 0) {
        execvp(argv[2], argv + 2);
        _exit(127);
    }
    usleep(700 * 1000); // until it has started and the terminal is as it wants it
    for (int i = 0; i < 50; i++)
        echo(master, 'w', 2000);
    for (int i = 0; i < count; i++) {
        if (i % 60 == 59)
            echo(master, '\n', 2000);
        char key = 'a' + i % 20;
        double start = now();
        if (!echo(master, key, 2000))
            return 1;
        times[i] = now() - start;
        usleep(500);
    }
    kill(pid, SIGTERM);
    close(master);
    waitpid(pid, NULL, 0);
    qsort(times, count, sizeof *times, compare);
    printf("%.0f %.0f\n", times[count / 2], times[count * 99 / 100]);
    return 0;
}
