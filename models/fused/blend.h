/* The C library that runs a blend student (models/nets/blend.py) on a plane of codes: its contract.
 *
 * WHAT IT COMPUTES. A plane is cut into cells of 4x4 pixels, edges repeated; a cell is 16 channels. In this order:
 *
 *   band[o]    = fma(sum over the cell of spectrum * code, spectrum_scale[o], spectrum_bias[o])             o = 0..15
 *   loud[o]    = log(|band[o]| + FLOOR)
 *   feature[c] = to_16_bits(leaky(enter_bias[c] + sum of enter * (band, loud)))                  c = 0..channels - 1
 *   for each layer, with its dilation d, over the 3x3 cells that lie d apart, zeros beyond the picture:
 *   feature[c] = to_16_bits(feature[c] + leaky(fma(sum of layers * feature, layers_scale[c], layers_bias[c])))
 *   weight[o]  = fma(sum over the features of head * feature, head_scale[o], head_bias[o])     o = 0..16 * (bands + 1)
 *   made[i]    = code[i] + weight[i], the offset;             i = 0..15, the pixel of the cell, from top left, row by row
 *   then, for each filter k:   made[i] = fma(weight[16 * (k + 1) + i], sum of taps[k] * code over the 9x9 pixels, made[i])
 *   out        = made[i] as it is, or rounded half up and clipped to 0..peak
 *
 * In `spectrum` and `taps`, `code` is the code above `zero`, and at most `peak`.
 *
 * A student that looks `between` cells sees 16 further bands, and their loudnesses, in its first layer: of the 4x4 pixels
 * half a cell farther down and to the right, edges repeated.
 *
 * A plane of chroma may have luma on its grid beside it, `guide`: the first layer then sees 16 bands of either, and their
 * loudnesses, and what guided filters (He et al., ECCV 2010) add to the plane is offered beside its filters' sums, weighted
 * like these, by weights that follow theirs. With p = (code - grey) * 2^shift, i = the guide's code - MIDDLE, and sums over
 * the n = (2 * radius + 1)^2 samples around, edges repeated:
 *
 *   i_mean = sum of i / n;   p_mean = sum of p / n
 *   slope  = fma(-p_mean, i_mean, sum of p * i / n) / (fma(-i_mean, i_mean, sum of i * i / n) + grain)
 *   base   = fma(-slope, i_mean, p_mean)
 *   offer  = fma(sum of to_32_bits(slope * SLOPE_UNIT) / (n * SLOPE_UNIT), i,
 *                sum of to_32_bits(base * BASE_UNIT) / (n * BASE_UNIT)) - p
 *
 * where x / n is a product with the float nearest to 1 / n, and to_32_bits rounds as to_16_bits does. Neither can leave 32
 * bits: p has SAMPLE_BITS at most, i two fewer, and grain is LEAST_GRAIN at least.
 *
 * SAME BITS. Every instruction set gives these very bits, for every part of a plane that is asked for. So each step is
 * defined to the last bit: `sum` of integers is exact (whoever packs the weights sees to it that none leaves 32 bits, or
 * the result is undefined); `sum` of floats is a chain of fma, from the bias on, bands before loudnesses, in order of o;
 * `fma` rounds once; leaky(x) = x > 0 ? x : SLOPE * x; log is the polynomial in rows_generic.c; to_16_bits rounds to the
 * nearest, halves to even, and cuts off at the ends of 16 bits (what no integer of 32 bits holds, or is no number, becomes
 * the least one). rows_generic.c does all that in plain C, and is what every other instruction set is tested against.
 *
 * Several threads may call at once, also for parts of one plane.
 */

#ifndef VIDSHARP_BLEND_H
#define VIDSHARP_BLEND_H

#include <stdint.h>

#include "constants.h"

#if defined(__GNUC__)
#define VIDSHARP_API __attribute__((visibility("default")))
#else
#define VIDSHARP_API
#endif

/* A pair is two integers of 16 bits in one of 32, the first one low: of two inputs that lie side by side, or the weights
 * for these. Weights lie in packs of PACK output channels; channels are filled up to whole packs with zeros. Sizes of
 * arrays, and what is in those of weights, are left to the caller; all else is checked before anything is written. */
typedef struct {
    const void *codes; /* uint8_t or uint16_t, in rows of `width`; read only. Those above the peak count as the peak */
    void *out;         /* of the codes' type, or float: here the cells that are asked for are written, and nothing else */
    const uint16_t *guide; /* luma, as large as the plane, 0 to MOST_GUIDE, what lies above counts as that; or null */
    int64_t codes_stride, out_stride, guide_stride; /* bytes from one row to the next */
    int64_t height, width;            /* of the plane, in pixels, from 1 on */
    int64_t first, end, left, right;  /* rows and columns of cells to make, without `end` and `right` */
    int32_t code_bytes, out_bytes;    /* 1 or 2; `out_bytes` may also be 4: floats, neither rounded nor clipped */
    int32_t bands, channels, depth;   /* filters, features of a cell, layers */
    int32_t zero; /* what is taken off codes before they are put in 16 bits: 32768 where the peak is that or more, else 0 */
    int32_t between; /* 1 where the first layer looks between cells, which no plane with a guide has; else 0 */
    int32_t guided; /* guided filters: none without a guide */
    int32_t grey, shift; /* for these: the code of no colour, and what makes SAMPLE_BITS of all codes, with a sign */
    float peak;   /* the largest code: 255 for one byte, 255 to 65535 for two */
    float grain;  /* variance of the guide below which guided filters only smooth */
    const int32_t *dilations;     /* [depth], 1 to MOST_DILATION */
    const int32_t *radii;         /* [guided], each 2, 4 or 8 */
    const int32_t *spectrum;      /* pairs [planes][16 / PACK][8][PACK], where planes are 1, or 2 with a guide or what
                                     lies between cells */
    const int32_t *layers;        /* pairs [depth][channels / PACK][9][channels / 2][PACK] */
    const int32_t *head;          /* pairs [16 * offers / PACK][channels / 2][PACK], where offers = 1 + bands + guided: the
                                     offset's, then each filter's, then each guided filter's */
    const int32_t *taps;          /* pairs [bands][9 lines][6][4]: of columns from the cell to the left on; for column 0..3 */
    const float *spectrum_scale;  /* [planes][16] */
    const float *spectrum_bias;   /* [planes][16] */
    const float *enter;           /* [channels / PACK][planes][32][PACK] */
    const float *enter_bias;      /* [channels] */
    const float *layers_scale;    /* [depth][channels] */
    const float *layers_bias;     /* [depth][channels] */
    const float *head_scale;      /* [16 * offers] */
    const float *head_bias;       /* [16 * offers] */
} Job;

/* Makes the cells that are asked for with an `InstructionSet`. Returns DONE, or the `Fault` for which nothing was
 * written. Takes memory for a few rows of each layer, and frees it. */
VIDSHARP_API int vidsharp_blend(const Job *job, int set);

/* A plane of luma, and how chroma lies on it. */
typedef struct {
    const void *codes;             /* as in Job; those above the peak count as the peak */
    int64_t stride, height, width; /* bytes from one row to the next; samples */
    int32_t code_bytes, peak, down, across; /* `down` and `across`: samples of luma for one of chroma, 1, 2 or 4 */
    int32_t surplus;               /* bits that the sum of these has more than a guide; negative where it has fewer */
} Luma;

/* Luma on chroma's grid, [rows][columns], as `Job` takes it: means of the samples that belong to one of chroma's, of
 * which those beyond the plane repeat its edge. */
VIDSHARP_API void vidsharp_guide(const Luma *luma, uint16_t *guide, int64_t rows, int64_t columns);

/* The instruction sets that were compiled and that this processor has: bit 0 is the first of them. */
VIDSHARP_API int vidsharp_sets(void);

/* For callers in other languages: whether they mean the same by `Job`. */
VIDSHARP_API int vidsharp_version(void);
VIDSHARP_API int vidsharp_job_bytes(void);

#endif
