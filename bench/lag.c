// lag: reads what pace printed, and says how much later each line arrived: median, 99th percentile and maximum in milliseconds.
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

static int compare(const void *a, const void *b) {
    double x = *(const double *)a, y = *(const double *)b;
    return x < y ? -1 : x > y;
}

int main(void) {
    size_t count = 0, room = 1 << 16;
    double *lags = malloc(room * sizeof *lags);
    char *line = NULL;
    size_t size = 0;
    while (getline(&line, &size, stdin) > 0) {
        struct timespec t;
        clock_gettime(CLOCK_MONOTONIC, &t);
        long long printed = atoll(line);
        if (printed == 0) continue;
        if (count == room) lags = realloc(lags, (room *= 2) * sizeof *lags);
        lags[count++] = ((t.tv_sec * 1000000000LL + t.tv_nsec) - printed) / 1e6;
    }
    if (count == 0) return 1;
    qsort(lags, count, sizeof *lags, compare);
    printf("%.2f %.2f %.2f\n", lags[count / 2], lags[(size_t)(count * 0.99)], lags[count - 1]);
    return 0;
}
