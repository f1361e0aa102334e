/* Does jobs from a file with every instruction set that this processor has: compiled by any compiler, for any processor,
 * with sanitizers or without. Each array lies in memory of its own size, so that AddressSanitizer sees who leaves it.
 *
 * run_jobs JOBS RESULTS
 *
 * JOBS: int32 version, int32 sizeof(Job), then for each job: Job, and for each of its pointers, in order, int64 bytes and
 * the array. RESULTS: for each job and instruction set: int32 set, int32 fault, int64 bytes and the array `out`.
 */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../../models/fused/blend.h"

#define ARRAYS 17

static void fail(const char *why)
{
    fprintf(stderr, "run_jobs: %s\n", why);
    exit(1);
}

static void get(FILE *file, void *to, size_t bytes)
{
    if (fread(to, 1, bytes, file) != bytes) fail("the file ends too early");
}

static void put(FILE *file, const void *from, size_t bytes)
{
    if (fwrite(from, 1, bytes, file) != bytes) fail("the results cannot be written");
}

static void *copy_of(const void *from, size_t bytes)
{
    void *copy = malloc(bytes);
    if (!copy) fail("no memory");
    return memcpy(copy, from, bytes);
}

static void run_all(Job *job, int64_t bytes, FILE *results)
{
    void *given = job->out;
    for (int32_t set = 0; set < SETS; set++) {
        if (!(vidsharp_sets() >> set & 1)) continue;
        job->out = copy_of(given, (size_t)bytes);
        const int32_t fault = vidsharp_blend(job, set);
        put(results, &set, sizeof(set));
        put(results, &fault, sizeof(fault));
        put(results, &bytes, sizeof(bytes));
        put(results, job->out, (size_t)bytes);
        free(job->out);
    }
    job->out = given;
}

int main(int argc, char **argv)
{
    FILE *jobs = argc == 3 ? fopen(argv[1], "rb") : 0, *results = jobs ? fopen(argv[2], "wb") : 0;
    if (!results) fail("needs JOBS and RESULTS");
    int32_t head[2];
    get(jobs, head, sizeof(head));
    if (head[0] != vidsharp_version() || head[1] != vidsharp_job_bytes()) fail("these jobs are of another version");
    Job job;
    while (fread(&job, sizeof(job), 1, jobs) == 1) {
        const void **pointers[ARRAYS] = {
            (const void **)&job.codes,         (const void **)&job.out,         (const void **)&job.guide,
            (const void **)&job.dilations,     (const void **)&job.radii,       (const void **)&job.spectrum,
            (const void **)&job.layers,        (const void **)&job.head,        (const void **)&job.taps,
            (const void **)&job.spectrum_scale, (const void **)&job.spectrum_bias, (const void **)&job.enter,
            (const void **)&job.enter_bias,    (const void **)&job.layers_scale, (const void **)&job.layers_bias,
            (const void **)&job.head_scale,    (const void **)&job.head_bias,
        };
        void *arrays[ARRAYS];
        int64_t bytes, out_bytes = 0;
        for (int i = 0; i < ARRAYS; i++) {
            get(jobs, &bytes, sizeof(bytes));
            if (!(arrays[i] = malloc((size_t)bytes))) fail("no memory");
            get(jobs, arrays[i], (size_t)bytes);
            if (pointers[i] == (const void **)&job.out) out_bytes = bytes;
            memcpy(pointers[i], &arrays[i], sizeof(arrays[i]));
            if (pointers[i] == (const void **)&job.guide && !bytes) job.guide = 0;
        }
        run_all(&job, out_bytes, results);
        for (int i = 0; i < ARRAYS; i++) free(arrays[i]);
    }
    return fclose(results) ? 1 : 0;
}
