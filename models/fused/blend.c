/* A blend student (models/blend.py) on codes, fused: each row of cells goes through all layers while it is in cache.
 *
 * Every layer keeps only the rows that the next one still sees, in a ring. Nearly all products are of 16-bit integers, of
 * which an instruction does twice as many as of floats. Plain C, called through ctypes; nothing of Python or torch is
 * needed to build it.
 */

#if defined(__x86_64__) && defined(__GNUC__) && !defined(__clang__)
#define HAS_VECTORS
#include <immintrin.h>
#endif
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define INLINE static inline __attribute__((always_inline))
#define UNROLL _Pragma("GCC unroll 16")
/* Else GCC keeps taps in registers from one column to the next, and the sums have to leave theirs. */
#define KEEP_ORDER __asm__ volatile("" ::: "memory")
#define BLOCK 3  /* vectors at a time */
#define PACK 8   /* output channels that lie side by side in the packed weights */
#define PAD 16   /* places around each row: rim cells and the reach of a dilated layer */
#define SLOPE 0.1f
#define NOISE (4.0f / 255)
#define MOST_LAYERS 32
#define MOST_CHANNELS 1024
#define MOST_BANDS 1024
#define MOST_PX (1 << 30)
#define VERSION 4 /* of Job and the order of weights; blend_library.py wants its own */

typedef struct {
    const void *codes;
    void *out;
    int64_t codes_stride, out_stride; /* in bytes */
    int64_t height, width;            /* in pixels */
    int64_t first, end, left, right;  /* rows and columns of cells to make */
    int32_t code_bytes, out_bytes;    /* 1 or 2; out 4: floats, neither rounded nor clipped */
    int32_t bands, channels, depth;
    int32_t zero; /* what is taken off codes before they are put in 16 bits */
    float peak;
    /* int32_t: pairs of 16-bit weights, for two inputs that lie side by side; floats scale their sums */
    const int32_t *dilations, *spectrum, *layers, *head, *taps;
    const float *spectrum_scale, *spectrum_bias, *enter, *enter_bias, *layers_scale, *layers_bias, *head_scale, *head_bias;
    /* Not for the caller: */
    int64_t wide, plane; /* cells in a row, and places from one plane's row to the next */
} Job;

/* Columns of cells. */
typedef struct {
    long from, to;
} Span;

typedef struct {
    void (*read)(const Job *, long, int32_t *);
    void (*enter)(const Job *, Span, const int32_t *, int32_t *);
    void (*layer)(const Job *, Span, int, const int32_t *const[3], int32_t *);
    void (*blend)(const Job *, long, const int32_t *, const int32_t *const[3]);
} Steps;

/* Instruction sets, slowest first; DOT adds up products of pairs of 16-bit integers, in one instruction where there is VNNI. */
#ifdef HAS_VECTORS
#define MADD_256(sums, a, b) ((sums) + (ints)_mm256_madd_epi16((__m256i)(a), (__m256i)(b)))
#define VNNI_256(sums, a, b) (ints)_mm256_dpwssd_avx_epi32((__m256i)(sums), (__m256i)(a), (__m256i)(b))
#define MADD_512(sums, a, b) ((sums) + (ints)_mm512_madd_epi16((__m512i)(a), (__m512i)(b)))
#define VNNI_512(sums, a, b) (ints)_mm512_dpwssd_epi32((__m512i)(sums), (__m512i)(a), (__m512i)(b))

#pragma GCC push_options
#pragma GCC target("avx2,fma")
#define NAME(x) x##_avx2
#define LANES 8
#define DOT MADD_256
#include "blend_rows.h"
#pragma GCC pop_options

#if __GNUC__ >= 11
#pragma GCC push_options
#pragma GCC target("avx2,fma,avxvnni")
#define NAME(x) x##_avx2_vnni
#define LANES 8
#define DOT VNNI_256
#include "blend_rows.h"
#pragma GCC pop_options
#define HAS_NARROW_VNNI __builtin_cpu_supports("avxvnni")
#else /* older compilers do not know these instructions */
#define read_row_avx2_vnni read_row_avx2
#define enter_row_avx2_vnni enter_row_avx2
#define layer_row_avx2_vnni layer_row_avx2
#define blend_row_avx2_vnni blend_row_avx2
#define HAS_NARROW_VNNI 0
#endif

#pragma GCC push_options
#pragma GCC target("avx512f,avx512bw,avx512dq,avx512vl,fma,prefer-vector-width=512")
#define NAME(x) x##_avx512
#define LANES 16
#define DOT MADD_512
#include "blend_rows.h"
#pragma GCC pop_options

#pragma GCC push_options
#pragma GCC target("avx512f,avx512bw,avx512dq,avx512vl,avx512vnni,fma,prefer-vector-width=512")
#define NAME(x) x##_avx512_vnni
#define LANES 16
#define DOT VNNI_512
#include "blend_rows.h"
#pragma GCC pop_options

#define STEPS(set) {read_row_##set, enter_row_##set, layer_row_##set, blend_row_##set}
static const Steps SETS[] = {STEPS(avx2), STEPS(avx2_vnni), STEPS(avx512), STEPS(avx512_vnni)};

/* Those that this processor has: bit 0 is the first of them. */
int vidsharp_sets(void)
{
    __builtin_cpu_init();
    const int avx2 = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
    const int avx512 = __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
                       __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl");
    const int narrow = avx2 && HAS_NARROW_VNNI, wide = avx512 && __builtin_cpu_supports("avx512vnni");
    return avx2 | narrow << 1 | avx512 << 2 | wide << 3;
}

static const Steps *steps_of(int set)
{
    const int there = set >= 0 && set < (int)(sizeof(SETS) / sizeof(*SETS)) && vidsharp_sets() >> set & 1;
    return there ? &SETS[set] : 0;
}
#else
int vidsharp_sets(void) { return 0; }

static const Steps *steps_of(int set) { return set ? 0 : 0; }
#endif

int vidsharp_version(void) { return VERSION; }

int vidsharp_job_bytes(void) { return sizeof(Job); }

/* A layer's last rows. Rows outside of the picture are zeros. */
typedef struct {
    int32_t *rows;
    const int32_t *zeros;
    int64_t size, count, height;
} Ring;

static int32_t *ring_row(const Ring *ring, int64_t row) { return ring->rows + row % ring->count * ring->size + PAD; }

static const int32_t *seen_row(const Ring *ring, int64_t row)
{
    return row < 0 || row >= ring->height ? ring->zeros + PAD : ring_row(ring, row);
}

static int64_t least(int64_t a, int64_t b) { return a < b ? a : b; }
static int64_t most(int64_t a, int64_t b) { return a > b ? a : b; }

/* What lies right of the picture in a row that was made in whole vectors: the next layer sees zeros there. */
static void clear_beyond(const Job *job, int32_t *row)
{
    for (int pair = 0; pair < job->channels / 2; pair++)
        memset(row + pair * job->plane + job->wide, 0, (job->plane - PAD - job->wide) * sizeof(*row));
}

/* The columns that lie at most `reach` from those to make. */
static Span columns(const Job *job, int64_t reach)
{
    return (Span){most(job->left - reach, 0), least(job->right + reach, job->wide)};
}

/* Why a job is not done: blend_library.py has the sentences. */
enum { DONE, NO_MEMORY, NO_SUCH_SET, BAD_LAYERS, BAD_DILATION, BAD_CHANNELS, BAD_BANDS, BAD_BYTES, BAD_PEAK, BAD_PLACE };

/* What would have it read or write elsewhere, or sum beyond 32 bits. Sizes of the arrays and what is in them, but for codes,
 * are left to the caller. */
static int fault_of(const Job *job)
{
    if (job->depth < 1 || job->depth >= MOST_LAYERS) return BAD_LAYERS;
    for (int l = 0; l < job->depth; l++)
        if (job->dilations[l] < 1 || job->dilations[l] > PAD) return BAD_DILATION;
    if (job->channels < PACK || job->channels > MOST_CHANNELS || job->channels % PACK) return BAD_CHANNELS;
    if (job->bands < 0 || job->bands > MOST_BANDS) return BAD_BANDS;
    if (job->code_bytes != 1 && job->code_bytes != 2) return BAD_BYTES;
    if (job->out_bytes != job->code_bytes && job->out_bytes != 4) return BAD_BYTES;
    const float most_code = job->code_bytes == 1 ? 255 : 65535;
    if (!(job->peak >= 255 && job->peak <= most_code)) return BAD_PEAK;
    if (job->zero != (job->peak >= 32768 ? 32768 : 0)) return BAD_PEAK;
    if (job->height < 1 || job->width < 1 || job->height > MOST_PX || job->width > MOST_PX) return BAD_PLACE;
    if (job->first < 0 || job->first > job->end || job->end > (job->height + 3) / 4) return BAD_PLACE;
    if (job->left < 0 || job->left > job->right || job->right > (job->width + 3) / 4) return BAD_PLACE;
    return DONE;
}

/* Makes rows `first`..`end` of cells, and in them columns `left`..`right`. Codes above the peak are taken for the peak.
 * Returns DONE, or why nothing was written. */
int vidsharp_blend(const Job *given, int set)
{
    const Steps *steps = steps_of(set);
    if (!steps) return NO_SUCH_SET;
    const int fault = fault_of(given);
    if (fault) return fault;
    Job made = *given, *job = &made;
    const int64_t high = (job->height + 3) / 4;
    job->wide = (job->width + 3) / 4;
    job->plane = (job->wide + 47) / 48 * 48 + 3 * PAD; /* whole vectors from any column on reach one PAD farther */
    if (job->plane % 32 == 0) job->plane += 16; /* planes an even number of cache lines apart would share places in it */

    const int depth = job->depth;
    const int64_t row_size = job->channels / 2 * job->plane, cell_size = 8 * job->plane;
    int64_t places = row_size + 4 * cell_size;
    for (int l = 0; l <= depth; l++) places += row_size * (l < depth ? 2 * job->dilations[l] + 1 : 1);
    int32_t *memory = aligned_alloc(64, (places + 15) / 16 * 64), *next = memory;
    if (!memory) return NO_MEMORY;
    memset(memory, 0, (places + 15) / 16 * 64);

    const int32_t *zeros = next;
    next += row_size;
    int32_t *cells = next + PAD; /* rows 0..2: a ring of what the filters see; 3: what the guide is given */
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
            const int32_t *rows[3] = {seen_row(&rings[l], row - far), seen_row(&rings[l], row), seen_row(&rings[l], row + far)};
            steps->layer(job, columns(job, reach[l + 1]), l, rows, ring_row(&rings[l + 1], row));
            clear_beyond(job, ring_row(&rings[l + 1], row));
        }
        row = top - reach[0];
        if (row < job->first || row >= job->end) continue;
        for (; read <= row + 1; read++) steps->read(job, read, cells + (read + 1) % 3 * cell_size);
        const int32_t *around[3];
        for (int i = 0; i < 3; i++) around[i] = cells + (row + i) % 3 * cell_size;
        steps->blend(job, row, ring_row(&rings[depth], row), around);
    }
    free(memory);
    return DONE;
}
