/* The way of a plane through a blend student, fused: each row of cells goes through all layers while it is in cache.
 *
 * Every layer keeps only the rows that the next one still sees, in a ring. Nearly all products are of 16-bit integers, of
 * which an instruction does twice as many as of floats. What is done with a row: rows.h.
 */

#include "blend.h"

#include <stdlib.h>
#include <string.h>

#include "aligned.h"
#include "guided.h"
#include "rows.h"

#define MOST_PX (1 << 30)

static const Steps *const STEPS[SETS] = {
    [GENERIC] = &steps_generic,
#ifdef HAS_NEON
    [NEON] = &steps_neon,
#endif
#ifdef HAS_X86
    [AVX2] = &steps_avx2,
    [AVX512] = &steps_avx512,
    [AVX512_VNNI] = &steps_avx512_vnni,
#ifdef HAS_AVX2_VNNI
    [AVX2_VNNI] = &steps_avx2_vnni,
#endif
#endif
};

int vidsharp_sets(void)
{
    int sets = 1 << GENERIC;
#ifdef HAS_NEON
    sets |= 1 << NEON; /* all of these processors have it */
#endif
#ifdef HAS_X86
    sets |= x86_sets();
#endif
    return sets;
}

static const Steps *steps_of(int set) { return set >= 0 && set < SETS && vidsharp_sets() >> set & 1 ? STEPS[set] : 0; }

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

static int64_t cells_in(int64_t px) { return (px + FACTOR - 1) / FACTOR; }

/* What lies right of the picture in a row that was made in whole vectors: the next layer sees zeros there. */
static void clear_beyond(const Work *work, int32_t *row)
{
    const size_t places = (size_t)(work->plane - PAD - work->wide);
    for (int pair = 0; pair < work->job.channels / 2; pair++)
        memset(row + pair * work->plane + work->wide, 0, places * sizeof(*row));
}

/* The columns that lie at most `reach` from those to make. */
static Span columns(const Work *work, int64_t reach)
{
    return (Span){most(work->job.left - reach, 0), least(work->job.right + reach, work->wide)};
}

/* What would have it read or write elsewhere, or sum beyond 32 bits. Sizes of the arrays and what is in them, but for codes,
 * are left to the caller. */
static Fault fault_of(const Job *job)
{
    if (job->depth < 1 || job->depth > MOST_LAYERS) return BAD_LAYERS;
    for (int l = 0; l < job->depth; l++)
        if (job->dilations[l] < 1 || job->dilations[l] > MOST_DILATION) return BAD_DILATION;
    if (job->channels < PACK || job->channels > MOST_CHANNELS || job->channels % PACK) return BAD_CHANNELS;
    if (job->bands < 0 || job->bands > MOST_BANDS) return BAD_BANDS;
    if (job->between != 0 && (job->between != 1 || job->guide)) return BAD_BETWEEN;
    if (job->guided < 0 || job->guided > MOST_GUIDED || (job->guided && !job->guide)) return BAD_GUIDED;
    for (int k = 0; k < job->guided; k++)
        if (job->radii[k] != 2 && job->radii[k] != 4 && job->radii[k] != MOST_RADIUS) return BAD_GUIDED;
    if (job->code_bytes != 1 && job->code_bytes != 2) return BAD_BYTES;
    if (job->out_bytes != job->code_bytes && job->out_bytes != 4) return BAD_BYTES;
    const float most_code = job->code_bytes == 1 ? 255 : 65535;
    if (!(job->peak >= 255 && job->peak <= most_code)) return BAD_PEAK;
    if (job->zero != (job->peak >= 32768 ? 32768 : 0)) return BAD_PEAK;
    if (job->guided) {
        if (!(job->grain >= LEAST_GRAIN) || job->shift < -4 || job->shift > 4) return BAD_GUIDED;
        const int32_t above = 1 << (SAMPLE_BITS - 1 - job->shift); /* grey by so much, codes need more than SAMPLE_BITS */
        if (job->grey < 0 || job->grey > above || (int32_t)job->peak - job->grey >= above) return BAD_GUIDED;
    }
    if (job->height < 1 || job->width < 1 || job->height > MOST_PX || job->width > MOST_PX) return BAD_PLACE;
    if (job->first < 0 || job->first > job->end || job->end > cells_in(job->height)) return BAD_PLACE;
    if (job->left < 0 || job->left > job->right || job->right > cells_in(job->width)) return BAD_PLACE;
    return DONE;
}

/* Where all rows lie: one block of memory, zeroed. */
typedef struct {
    int32_t *memory;
    int32_t *codes; /* rows 0..2: a ring of what the filters see; from 3 on: what the first layer is given, of each plane */
    int64_t code_size;
    int32_t *guided; /* what guided filters hold */
    Ring rings[MOST_LAYERS + 1]; /* what each layer is given, and the head */
} Rows;

/* Planes with room for whole vectors from any column on, which may reach one PAD farther. */
static int64_t plane_size(int64_t wide)
{
    const int64_t block = BLOCK * MOST_LANES, size = (wide + block - 1) / block * block + 3 * PAD;
    return size % 32 ? size : size + 16; /* planes an even number of cache lines apart would share places in it */
}

static int64_t ring_rows(const Job *job, int layer) { return layer < job->depth ? 2 * job->dilations[layer] + 1 : 1; }

/* Returns whether there was memory. */
static int take_rows(const Work *work, Rows *rows)
{
    const Job *job = &work->job;
    const int64_t size = job->channels / 2 * work->plane;
    rows->code_size = CODE_PAIRS * work->plane;
    const int64_t guided = guided_places(work), of_codes = (3 + work->planes) * rows->code_size;
    int64_t places = size + of_codes + guided;
    for (int l = 0; l <= job->depth; l++) places += size * ring_rows(job, l);
    const size_t bytes = (size_t)(places + 15) / 16 * 64;
    int32_t *next = rows->memory = aligned_alloc(64, bytes);
    if (!next) return 0;
    memset(next, 0, bytes);
    const int32_t *zeros = next;
    next += size;
    rows->codes = next + PAD;
    next += of_codes;
    rows->guided = next;
    next += guided;
    for (int l = 0; l <= job->depth; l++) {
        rows->rings[l] = (Ring){next, zeros, size, ring_rows(job, l), cells_in(job->height)};
        next += size * rows->rings[l].count;
    }
    return 1;
}

/* Each row is read and goes as far through the layers as the rows below it that were made before allow. */
static void make_rows(const Work *work, const Steps *steps, const Rows *rows)
{
    const Job *job = &work->job;
    const Ring *rings = rows->rings;
    const int64_t high = cells_in(job->height), code_size = rows->code_size;
    const int depth = job->depth;
    int64_t reach[MOST_LAYERS + 1] = {0}; /* how many rows beyond the output each layer's input must be made */
    for (int l = depth - 1; l >= 0; l--) reach[l] = reach[l + 1] + job->dilations[l];

    Guided guided = guided_from(work, rows->guided, job->first);
    int64_t read = job->first - 1; /* the next row of codes that the filters will need */
    for (int64_t top = most(job->first - reach[0], 0); top < job->end + reach[0]; top++) {
        int64_t row = top;
        if (row < high) {
            int32_t *codes[MOST_PLANES] = {rows->codes + 3 * code_size, rows->codes + 4 * code_size};
            for (int p = 0; p < work->planes; p++) steps->read(work, &work->codes[p], row, codes[p]);
            int32_t *made = ring_row(&rings[0], row);
            steps->enter(work, columns(work, reach[0]), (const int32_t *const[]){codes[0], codes[1]}, made);
            clear_beyond(work, made);
        }
        for (int l = 0; l < depth; l++) {
            const int64_t far = job->dilations[l];
            row -= far;
            if (row < most(job->first - reach[l + 1], 0)) break;
            if (row >= least(job->end + reach[l + 1], high)) continue;
            const int32_t *seen[3] = {seen_row(&rings[l], row - far), seen_row(&rings[l], row), seen_row(&rings[l], row + far)};
            int32_t *made = ring_row(&rings[l + 1], row);
            steps->layer(work, columns(work, reach[l + 1]), l, seen, made);
            clear_beyond(work, made);
        }
        row = top - reach[0];
        if (row < job->first || row >= job->end) continue;
        for (; read <= row + 1; read++) steps->read(work, &work->codes[0], read, rows->codes + (read + 1) % 3 * code_size);
        const int32_t *around[3];
        for (int i = 0; i < 3; i++) around[i] = rows->codes + (row + i) % 3 * code_size;
        const float *offers = job->guided ? guided_offers(&guided, work, steps, row, around[1]) : 0;
        steps->blend(work, row, ring_row(&rings[depth], row), around, offers);
    }
}

int vidsharp_blend(const Job *job, int set)
{
    const Steps *steps = steps_of(set);
    if (!steps) return NO_SUCH_SET;
    const Fault fault = fault_of(job);
    if (fault) return fault;
    const int64_t wide = cells_in(job->width);
    const Codes own = {job->codes, job->codes_stride, job->code_bytes, (int32_t)job->peak, job->zero, 0};
    const Codes guide = {job->guide, job->guide_stride, 2, MOST_GUIDE, 0, 0};
    Codes between = own;
    between.from = FACTOR / 2;
    const Work work = {
        *job,
        {own, job->between ? between : guide},
        job->guide || job->between ? MOST_PLANES : 1,
        wide,
        plane_size(wide),
    };
    Rows rows;
    if (!take_rows(&work, &rows)) return NO_MEMORY;
    make_rows(&work, steps, &rows);
    free_aligned(rows.memory);
    return DONE;
}
