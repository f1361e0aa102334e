/* What is measured on pairs of planes: metrics.h says what. Plain C that compilers make vectors of. */

#include "metrics.h"

#include "../../models/fused/aligned.h"
#include "../../models/fused/x86_features.h"

#include <stdlib.h>
#include <string.h>

/* On x86-64, for a processor with AVX2, whatever the one that compiles it; elsewhere, for what the compiler takes for
 * granted. */
#if defined(__x86_64__) && defined(__GNUC__)
#define VECTORS __attribute__((target("avx2,fma")))
#else
#define VECTORS
#endif
#define WINDOW METRICS_WINDOW
#define MAPS 4    /* x, y, 2xy and x^2 + y^2 */
#define BLOCK 512 /* columns at a time: more rows of them than the window's would leave the cache */
#define WIDE (BLOCK + 16)
#define SUMS 16
#define FEW 2048 /* products of 8-bit codes of which 32 bits hold a sum */

int vidsharp_metrics_version(void) { return METRICS_VERSION; }

int vidsharp_metrics_job_bytes(void) { return sizeof(MetricsJob); }

int vidsharp_metrics_runs_here(void)
{
#if defined(__x86_64__) && defined(__GNUC__)
    return x86_features().avx2;
#else
    return 1;
#endif
}

/* Structural similarity. In one pass: each row is slid over by the window along, the last eleven of them down, and their
 * means compared, while all that is in cache. Sums take their terms in one order, and both planes take the same steps: so
 * equal ones give exactly 1 everywhere. */

VECTORS static void read_codes(const void *codes, int32_t bytes, int64_t count, float grey, float *out)
{
    if (bytes == 1)
        for (int64_t i = 0; i < count; i++) out[i] = ((const uint8_t *)codes)[i] - grey;
    else
        for (int64_t i = 0; i < count; i++) out[i] = ((const uint16_t *)codes)[i] - grey;
}

/* The window's mean of what lies at the same place in eleven rows. */
VECTORS static void slide(const float *const rows[WINDOW], const float *window, float *restrict out)
{
    for (int i = 0; i < BLOCK; i++) {
        float sum = 0;
        for (int k = 0; k < WINDOW; k++) sum += window[k] * rows[k][i];
        out[i] = sum;
    }
}

/* What a block of columns is worked on in: too much for the stack of a thread. */
typedef struct {
    float seen[MAPS][WIDE];           /* the row that was read last */
    float along[WINDOW][MAPS][BLOCK]; /* the last rows, slid over along */
    float means[MAPS][BLOCK], scores[BLOCK];
} Room;

/* The sum over `places` columns from `left` on, of which the window sees ten more. */
VECTORS static double sum_of_block(const MetricsJob *job, int64_t left, int64_t places, Room *room)
{
    float(*seen)[WIDE] = room->seen, (*along)[MAPS][BLOCK] = room->along, (*means)[BLOCK] = room->means;
    float *scores = room->scores;
    const float *rows[WINDOW];
    const float both = job->c1 + job->c2, c1 = job->c1, grey = job->grey;
    const uint8_t *x = (const uint8_t *)job->x + left * job->code_bytes, *y = (const uint8_t *)job->y + left * job->code_bytes;
    double sums[SUMS] = {0}, sum = 0;
    memset(room->seen, 0, sizeof(room->seen));
    for (int64_t row = 0; row < job->height; row++, x += job->x_stride, y += job->y_stride) {
        read_codes(x, job->code_bytes, places + WINDOW - 1, grey, seen[0]);
        read_codes(y, job->code_bytes, places + WINDOW - 1, grey, seen[1]);
        for (int i = 0; i < WIDE; i++) {
            const float a = seen[0][i], b = seen[1][i];
            seen[2][i] = 2 * a * b + both; /* constants stay what they are in means: here they are where they are needed */
            seen[3][i] = (a - b) * (a - b) + seen[2][i];
        }
        for (int map = 0; map < MAPS; map++) {
            for (int k = 0; k < WINDOW; k++) rows[k] = seen[map] + k;
            slide(rows, job->window, along[row % WINDOW][map]);
        }
        if (row < WINDOW - 1) continue;
        for (int map = 0; map < MAPS; map++) {
            for (int k = 0; k < WINDOW; k++) rows[k] = along[(row + 1 + k) % WINDOW][map];
            slide(rows, job->window, means[map]);
        }
        for (int i = 0; i < BLOCK; i++) {
            const float a = means[0][i], b = means[1][i], product = 2 * a * b + c1, difference = (a - b) * (a - b);
            const float luma = product + (a + b + grey) * (2 * grey); /* 2(a + g)(b + g) + C1: compared as it was */
            scores[i] = luma * (means[2][i] - product) / ((luma + difference) * (means[3][i] - product - difference));
        }
        for (int i = (int)places; i < BLOCK; i++) scores[i] = 0;
        for (int i = 0; i < BLOCK; i += SUMS)
            for (int k = 0; k < SUMS; k++) sums[k] += scores[i + k];
    }
    for (int k = 0; k < SUMS; k++) sum += sums[k];
    return sum;
}

int vidsharp_ssim(const MetricsJob *job, double *sum)
{
    Room *room = aligned_alloc(64, (sizeof(Room) + 63) / 64 * 64);
    if (!room) return 0;
    const int64_t width = job->width - WINDOW + 1;
    *sum = 0;
    for (int64_t left = 0; left < width; left += BLOCK)
        *sum += sum_of_block(job, left, width - left < BLOCK ? width - left : BLOCK, room);
    free_aligned(room);
    return 1;
}

/* The others, exactly. */

static int64_t least(int64_t a, int64_t b) { return a < b ? a : b; }

/* Sum of |x - y|, or of its square. */
VECTORS static inline __attribute__((always_inline)) int64_t sum_of_differences(const MetricsJob *job, const int squared)
{
    int64_t total = 0;
    for (int64_t row = 0; row < job->height; row++) {
        const uint8_t *x = (const uint8_t *)job->x + row * job->x_stride, *y = (const uint8_t *)job->y + row * job->y_stride;
        for (int64_t left = 0; left < job->width; left += FEW) {
            uint32_t sum = 0;
            for (int64_t i = left; i < least(left + FEW, job->width); i++) {
                const int difference = x[i] - y[i];
                sum += squared ? difference * difference : difference < 0 ? -difference : difference;
            }
            total += sum;
        }
    }
    return total;
}

VECTORS int64_t vidsharp_differences(const MetricsJob *job) { return sum_of_differences(job, 0); }

VECTORS int64_t vidsharp_squares(const MetricsJob *job) { return sum_of_differences(job, 1); }

VECTORS void vidsharp_edges(const MetricsJob *job, int64_t sums[2])
{
    sums[0] = sums[1] = 0;
    for (int64_t row = 1; row < job->height - 1; row++) {
        const uint8_t *at = (const uint8_t *)job->x + row * job->x_stride, *above = at - job->x_stride, *below = at + job->x_stride;
        for (int64_t left = 1; left < job->width - 1; left += FEW) {
            int32_t sum = 0;
            uint32_t squares = 0;
            for (int64_t i = left; i < least(left + FEW, job->width - 1); i++) {
                const int32_t edge = above[i] + below[i] + at[i - 1] + at[i + 1] - 4 * at[i];
                sum += edge;
                squares += (uint32_t)(edge * edge);
            }
            sums[0] += sum;
            sums[1] += squares;
        }
    }
}
