/* What blend.c and the instruction sets share: how rows of cells lie in memory, and what is done with a row.
 *
 * A ROW OF CELLS is planes of places, `plane` places apart. A place is a pair: channels 2p and 2p + 1 of one cell lie in
 * plane p, at its column. So a vector is as many neighbouring cells of one pair of channels.
 *
 *              |<-- PAD -->|<----------- wide ----------->|<---- PAD or more ---->|
 *   plane 0    | . . . . . | channels 0, 1 of each cell   | . . . . . . . . . . . |
 *   plane 1    | . . . . . | channels 2, 3 of each cell   | . . . . . . . . . . . |
 *
 * Pointers to a row point to column 0 of its plane 0; a vector may begin anywhere. Beyond the picture's columns, features
 * are zeros, as far as a dilation reaches; codes have a copy of their edge there, one cell on either side. Whole vectors
 * may be written over the picture's right edge: blend.c clears what they leave there.
 *
 * Codes have 8 planes: 2r and 2r + 1 are the left and right two pixels of each cell's row r. Features have channels / 2.
 */

#ifndef VIDSHARP_ROWS_H
#define VIDSHARP_ROWS_H

#include "blend.h"

#define PHASES (FACTOR * FACTOR)           /* pixels of a cell, and bands of its spectrum */
#define CODE_PAIRS (PHASES / 2)            /* planes of a row of codes */
#define INPUTS (2 * PHASES)                  /* what the first layer sees of a plane: bands and loudnesses */
#define MOST_PLANES 2                        /* the one that is worked on, and its guide, or the same between cells */
#define LINE_PAIRS (3 * FACTOR / 2)        /* pairs of columns in a cell and its neighbours to the left and right */
#define LINE_TAPS (LINE_PAIRS * FACTOR)    /* weights of one line of a filter, with zeros */
#define FILTER_TAPS (TAPS * LINE_TAPS)
#define MOMENTS 4 /* i, i * i, p, p * i */
#define RIM (MOST_RADIUS / FACTOR) /* cells that a window reaches into beyond its own */
#define PAD MOST_DILATION
#define MOST_LANES 16 /* places in the longest vector */
#define BLOCK 3       /* vectors that are worked on at a time */

_Static_assert(FACTOR == 4 && TAPS == 2 * FACTOR + 1, "cells are read as four codes, and filters see one cell further");
_Static_assert(PAD >= 1 && PAD >= MOST_LANES && PHASES % PACK == 0, "rows have room for rims, vectors and packs");

#if defined(__x86_64__) && defined(__GNUC__)
#define HAS_X86
#endif
#if defined(__aarch64__) && defined(__GNUC__) && __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
#define HAS_NEON
#endif
/* Older compilers do not know these instructions. */
#if defined(HAS_X86) && (defined(__clang__) ? __clang_major__ >= 12 : __GNUC__ >= 11)
#define HAS_AVX2_VNNI
#endif

/* Codes in memory. */
typedef struct {
    const void *codes;
    int64_t stride;
    int32_t bytes, peak, zero;
    int32_t from; /* pixels that cells lie farther down and to the right */
} Codes;

typedef struct {
    Job job;
    Codes codes[MOST_PLANES];
    int planes;          /* 1, or 2 with a guide, or between cells */
    int64_t wide, plane; /* cells in a row, and places from one plane to the next */
} Work;

/* Columns of cells, without `to`. */
typedef struct {
    int64_t from, to;
} Span;

/* What an instruction set does with a row. Outputs are made for the span's columns, and may be for others. */
typedef struct {
    /* Row `row` of cells, which may lie outside of the plane, with the rims beside it. */
    void (*read)(const Work *, const Codes *, int64_t row, int32_t *codes);
    /* Features: spectrum, logarithm and first layer; `codes` are those of each plane. */
    void (*enter)(const Work *, Span, const int32_t *const codes[MOST_PLANES], int32_t *features);
    /* Features behind a 3x3 layer; `rows` are the three rows that it sees. */
    void (*layer)(const Work *, Span, int layer, const int32_t *const rows[3], int32_t *features);
    /* Head, filters and their sum, into the job's columns of the plane; `codes` are the rows above, at and below, `offers`
     * those of guided filters, [guided][16] planes. */
    void (*blend)(const Work *, int64_t row, const int32_t *features, const int32_t *const codes[3], const float *offers);
    /* For guided filters, of lines of samples, each in planes of its four columns (see guided.c). Sums and differences of
     * `planes` such planes, from RIM cells left of the picture to RIM cells right of it; */
    void (*add)(const Work *, int planes, const int32_t *a, const int32_t *b, int32_t *made);
    void (*subtract)(const Work *, int planes, const int32_t *a, const int32_t *b, int32_t *made);
    /* sums down to a line, from those down to the one before, for each of MOMENTS, [MOMENTS][4] planes; */
    void (*moments)(const Work *, const int32_t *const codes[MOST_PLANES], int line, const int32_t *before, int32_t *sums);
    /* slope and base, as integers, [2][4] planes, where `sums` are moments of the 2 * radius + 1 lines around; */
    void (*slopes)(const Work *, int radius, const int32_t *sums, int32_t *made);
    /* and four planes of offers, where `sums` are of slope and base. */
    void (*offer)(const Work *, int radius, const int32_t *const codes[MOST_PLANES], int line, const int32_t *sums, float *offers);
} Steps;

extern const Steps steps_generic;
#ifdef HAS_NEON
extern const Steps steps_neon;
#endif
#ifdef HAS_X86
extern const Steps steps_avx2, steps_avx512, steps_avx512_vnni;
#ifdef HAS_AVX2_VNNI
extern const Steps steps_avx2_vnni;
#endif
int x86_sets(void); /* those that this processor has, as bits */
#endif

static inline int64_t least(int64_t a, int64_t b) { return a < b ? a : b; }
static inline int64_t most(int64_t a, int64_t b) { return a > b ? a : b; }

/* Two integers of 16 bits as a pair, and back. */
static inline int32_t pair_of(int32_t first, int32_t second)
{
    return (int32_t)(((uint32_t)first & 0xffff) | (uint32_t)second << 16);
}
static inline int32_t first_of(int32_t pair) { return (int16_t)((uint32_t)pair & 0xffff); }
static inline int32_t second_of(int32_t pair) { return (int16_t)((uint32_t)pair >> 16); }

#endif
