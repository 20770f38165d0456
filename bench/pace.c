// pace BYTES_PER_SECOND SECONDS LINE_BYTES: prints lines at a steady rate, each beginning with the time it was printed
// (CLOCK_MONOTONIC, nanoseconds), and says on stderr how many bytes a second it could print.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static long long now(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec * 1000000000LL + t.tv_nsec;
}

int main(int argc, char **argv) {
    if (argc != 4) {
        fprintf(stderr, "pace BYTES_PER_SECOND SECONDS LINE_BYTES\n");
        return 2;
    }
    double rate = atof(argv[1]), seconds = atof(argv[2]);
    int length = atoi(argv[3]);
    char *line = malloc(length + 32);
    long long start = now(), sent = 0;
    for (;;) {
        long long t = now();
        double elapsed = (t - start) / 1e9;
        if (elapsed >= seconds) break;
        if (sent > rate * elapsed) {
            struct timespec nap = {0, 200000};
            nanosleep(&nap, NULL);
            continue;
        }
        int n = sprintf(line, "%lld ", t);
        while (n < length - 1) line[n++] = 'x';
        line[n++] = '\n';
        for (int at = 0; at < n;) {
            ssize_t w = write(1, line + at, n - at);
            if (w <= 0) return 1;
            at += w;
        }
        sent += n;
    }
    fprintf(stderr, "%.0f\n", sent / ((now() - start) / 1e9));
    return 0;
}
