/* A blend student (models/blend.py) on codes, fused: each row of cells goes through all layers while it is in cache.
 *
 * Every layer keeps only the rows that the next one still sees, in a ring. Plain C, called through ctypes; nothing of
 * Python or torch is needed to build it.
 */

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define INLINE static inline __attribute__((always_inline))
#define UNROLL _Pragma("GCC unroll 16")
/* Else GCC keeps taps in registers from one column to the next, and the sums have to leave theirs. */
#define KEEP_ORDER __asm__ volatile("" ::: "memory")
#define BLOCK 3  /* vectors at a time */
#define PACK 8   /* output channels that lie side by side in the packed weights */
#define PAD 16   /* floats around each row: rim cells and the reach of a dilated layer */
#define SLOPE 0.1f
#define NOISE (4.0f / 255)
#define MOST_LAYERS 32
#define VERSION 2 /* of Job and the order of weights; blend_library.py wants its own */

typedef struct {
    const void *codes;
    void *out;
    int64_t codes_stride, out_stride; /* in bytes */
    int64_t height, width;            /* in pixels */
    int64_t first, end, left, right;  /* rows and columns of cells to make */
    int32_t code_bytes, out_bytes;    /* 1 or 2; out 4: floats, neither rounded nor clipped */
    int32_t bands, channels, depth;
    float peak;
    const int32_t *dilations;
    const float *spectrum, *spectrum_bias, *enter, *enter_bias, *layers, *head, *head_bias, *taps;
    /* Not for the caller: */
    int64_t wide, plane; /* cells in a row, and floats from one channel's row to the next */
} Job;

/* Columns of cells. */
typedef struct {
    long from, to;
} Span;

typedef struct {
    void (*read)(const Job *, long, float *);
    void (*enter)(const Job *, Span, const float *, float *);
    void (*layer)(const Job *, Span, int, const float *const[3], float *);
    void (*blend)(const Job *, long, const float *, const float *const[3]);
} Steps;

#if defined(__x86_64__) && defined(__GNUC__) && !defined(__clang__)
#pragma GCC push_options
#pragma GCC target("avx2,fma")
#define LANES 8
#define GROUP 4
#define NAME(x) x##_avx2
#include "blend_rows.h"
#undef LANES
#undef GROUP
#undef NAME
#pragma GCC pop_options
#pragma GCC push_options
#pragma GCC target("avx512f,avx512bw,avx512dq,avx512vl,fma,prefer-vector-width=512")
#define LANES 16
#define GROUP 8
#define NAME(x) x##_avx512
#include "blend_rows.h"
#undef LANES
#undef GROUP
#undef NAME
#pragma GCC pop_options

static const Steps AVX2 = {read_row_avx2, enter_row_avx2, layer_row_avx2, blend_row_avx2};
static const Steps AVX512 = {read_row_avx512, enter_row_avx512, layer_row_avx512, blend_row_avx512};

/* The widest vectors that this processor has, in bits: 512, 256, or 0 where this file has nothing for it. */
int vidsharp_vector_bits(void)
{
    __builtin_cpu_init();
    if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512dq") &&
        __builtin_cpu_supports("avx512vl"))
        return 512;
    return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") ? 256 : 0;
}

static const Steps *steps_for(int bits) { return bits == 512 ? &AVX512 : bits == 256 ? &AVX2 : 0; }
#else
int vidsharp_vector_bits(void) { return 0; }

static const Steps *steps_for(int bits) { return bits ? 0 : 0; }
#endif

int vidsharp_version(void) { return VERSION; }

int vidsharp_job_bytes(void) { return sizeof(Job); }

/* A layer's last rows. Rows outside of the picture are zeros. */
typedef struct {
    float *rows;
    const float *zeros;
    int64_t size, count, height;
} Ring;

static float *ring_row(const Ring *ring, int64_t row) { return ring->rows + row % ring->count * ring->size + PAD; }

static const float *seen_row(const Ring *ring, int64_t row)
{
    return row < 0 || row >= ring->height ? ring->zeros + PAD : ring_row(ring, row);
}

static int64_t least(int64_t a, int64_t b) { return a < b ? a : b; }
static int64_t most(int64_t a, int64_t b) { return a > b ? a : b; }

/* What lies right of the picture in a row that was made in whole vectors: the next layer sees zeros there. */
static void clear_beyond(const Job *job, float *row)
{
    for (int c = 0; c < job->channels; c++)
        memset(row + c * job->plane + job->wide, 0, (job->plane - PAD - job->wide) * sizeof(float));
}

/* The columns that lie at most `reach` from those to make. */
static Span columns(const Job *job, int64_t reach)
{
    return (Span){most(job->left - reach, 0), least(job->right + reach, job->wide)};
}

/* Makes rows `first`..`end` of cells, and in them columns `left`..`right`. Returns 0; 1: no memory, 2: nothing for vectors of so many bits. */
int vidsharp_blend(const Job *given, int bits)
{
    const Steps *steps = steps_for(bits);
    if (!steps || given->depth >= MOST_LAYERS) return 2;
    Job made = *given, *job = &made;
    const int64_t high = (job->height + 3) / 4;
    job->wide = (job->width + 3) / 4;
    job->plane = (job->wide + 47) / 48 * 48 + 3 * PAD; /* whole vectors from any column on reach one PAD farther */
    if (job->plane % 32 == 0) job->plane += 16; /* planes an even number of cache lines apart would share places in it */

    const int depth = job->depth;
    const int64_t row_size = job->channels * job->plane, cell_size = 16 * job->plane;
    int64_t floats = row_size + 4 * cell_size;
    for (int l = 0; l <= depth; l++) floats += row_size * (l < depth ? 2 * job->dilations[l] + 1 : 1);
    float *memory = aligned_alloc(64, (floats + 15) / 16 * 64), *next = memory;
    if (!memory) return 1;
    memset(memory, 0, (floats + 15) / 16 * 64);

    const float *zeros = next;
    next += row_size;
    float *cells = next + PAD; /* rows 0..2: a ring of what the filters see; 3: what the guide is given */
    next += 4 * cell_size;
    Ring rings[MOST_LAYERS];
    int64_t reach[MOST_LAYERS]; /* how many rows beyond the output each layer's input must be made */
    for (int l = depth, far = 0; l >= 0; l--) {
        far += l < depth ? job->dilations[l] : 0;
        reach[l] = far;
    }
    for (int l = 0; l <= depth; l++) {
        rings[l] = (Ring){next, zeros, row_size, l < depth ? 2 * job->dilations[l] + 1 : 1, high};
        next += row_size * rings[l].count;
    }

    int64_t read = job->first - 1; /* the next row of cells that the filters will need */
    for (int64_t top = most(job->first - reach[0], 0); top < job->end + reach[0]; top++) {
        int64_t row = top;
        if (row < high) {
            steps->read(job, row, cells + 3 * cell_size);
            steps->enter(job, columns(job, reach[0]), cells + 3 * cell_size, ring_row(&rings[0], row));
            clear_beyond(job, ring_row(&rings[0], row));
        }
        for (int l = 0; l < depth; l++) {
            const int64_t far = job->dilations[l];
            row -= far;
            if (row < most(job->first - reach[l + 1], 0)) break;
            if (row >= least(job->end + reach[l + 1], high)) continue;
            const float *rows[3] = {seen_row(&rings[l], row - far), seen_row(&rings[l], row), seen_row(&rings[l], row + far)};
            steps->layer(job, columns(job, reach[l + 1]), l, rows, ring_row(&rings[l + 1], row));
            clear_beyond(job, ring_row(&rings[l + 1], row));
        }
        row = top - reach[0];
        if (row < job->first || row >= job->end) continue;
        for (; read <= row + 1; read++) steps->read(job, read, cells + (read + 1) % 3 * cell_size);
        const float *around[3];
        for (int i = 0; i < 3; i++) around[i] = cells + (row + i) % 3 * cell_size;
        steps->blend(job, row, ring_row(&rings[depth], row), around);
    }
    free(memory);
    return 0;
}
