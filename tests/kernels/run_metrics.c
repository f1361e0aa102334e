/* Measures pairs of planes from a file, each in memory of its own size, and prints a line for each.
 *
 * run_metrics PLANES RESULTS
 *
 * PLANES: for each pair: MetricsJob, the planes x and y, in rows of `width`, and the window. RESULTS: for each pair, the sum
 * of SSIMs; of 8-bit codes also of differences, squares, Laplacians and their squares.
 */

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "../../reports/metrics/metrics.h"

static void fail(const char *why)
{
    fprintf(stderr, "run_metrics: %s\n", why);
    exit(1);
}

static void *array(FILE *file, size_t bytes)
{
    void *memory = malloc(bytes);
    if (!memory || fread(memory, 1, bytes, file) != bytes) fail("no memory, or the file ends too early");
    return memory;
}

int main(int argc, char **argv)
{
    FILE *planes = argc == 3 ? fopen(argv[1], "rb") : 0, *results = planes ? fopen(argv[2], "w") : 0;
    if (!results) fail("needs PLANES and RESULTS");
    MetricsJob job;
    while (fread(&job, sizeof(job), 1, planes) == 1) {
        const size_t bytes = (size_t)(job.height * job.width * job.code_bytes);
        void *x = array(planes, bytes), *y = array(planes, bytes), *window = array(planes, METRICS_WINDOW * sizeof(float));
        job.x = x, job.y = y, job.window = window;
        double ssim;
        if (!vidsharp_ssim(&job, &ssim)) fail("no memory");
        fprintf(results, "%.17g", ssim);
        if (job.code_bytes == 1) {
            int64_t edges[2];
            vidsharp_edges(&job, edges);
            fprintf(results, " %" PRId64 " %" PRId64 " %" PRId64 " %" PRId64, vidsharp_differences(&job),
                    vidsharp_squares(&job), edges[0], edges[1]);
        }
        fprintf(results, "\n");
        free(x), free(y), free(window);
    }
    return fclose(results) ? 1 : 0;
}
