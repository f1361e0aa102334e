/* Sums over pairs of planes, which reports/metrics/ssim.py and reports/metrics/frame_metrics.py divide: the contract of the C library. The planes
 * are of one size and type. Several threads may call at once. Nothing is checked.
 */

#ifndef VIDSHARP_METRICS_H
#define VIDSHARP_METRICS_H

#include <stdint.h>

#define METRICS_VERSION 2 /* of all that is declared here: metrics_library.py wants its own */
#define METRICS_WINDOW 11 /* side of SSIM's window */

typedef struct {
    const void *x, *y;          /* uint8_t or uint16_t, in rows of `width`; read only */
    int64_t x_stride, y_stride; /* bytes from one row to the next */
    int64_t height, width;
    int32_t code_bytes; /* 1 or 2 */
    /* For SSIM: */
    float grey; /* near the planes' mean; it is taken off the codes: squares of small numbers leave floats more digits */
    float c1, c2;
    const float *window; /* [METRICS_WINDOW], summing to 1 */
} MetricsJob;

/* The sum of structural similarities over the places where the window lies inside; sides are METRICS_WINDOW or more. Equal
 * planes give exactly 1 at each. Floats: the last bits depend on the processor. Returns 0 where there is no memory, else 1. */
int vidsharp_ssim(const MetricsJob *job, double *sum);

/* The sums of |x - y| and of its square: exact, of 8-bit codes. */
int64_t vidsharp_differences(const MetricsJob *job);
int64_t vidsharp_squares(const MetricsJob *job);

/* The sums of x's Laplacian and of its square, over the places whose four neighbours are inside: exact, of 8-bit codes. */
void vidsharp_edges(const MetricsJob *job, int64_t sums[2]);

/* Whether this processor has the instructions that the above was compiled to. */
int vidsharp_metrics_runs_here(void);

/* For callers in other languages: whether they mean the same by all this. */
int vidsharp_metrics_version(void);
int vidsharp_metrics_job_bytes(void);

#endif
