/* The rows of a blend student for 64-bit ARM processors, all of which have NEON. */

#include "rows.h"

#ifdef HAS_NEON

#include <arm_neon.h>
#include <string.h>

#define NAME(x) x##_neon
#define TARGET
#define LANES 4
#define GROUP 4

/* SMLAL multiplies half a vector's integers and adds them up where they lie: a cell's two products are added at the end. */
typedef struct {
    int32x4_t low, high; /* [first, second, first, second] of two cells each */
} Products;

static inline __attribute__((always_inline)) Products add_products(Products sums, int16x8_t a, int16x8_t b)
{
    return (Products){vmlal_s16(sums.low, vget_low_s16(a), vget_low_s16(b)), vmlal_high_s16(sums.high, a, b)};
}

/* Rounded to the nearest, halves to even. What no int32_t holds, or is no number, becomes the least one. */
static inline __attribute__((always_inline)) int32x4_t rounded(float32x4_t x)
{
    return vbslq_s32(vcltq_f32(x, vdupq_n_f32(2147483648.0f)), vcvtnq_s32_f32(x), vdupq_n_s32(INT32_MIN));
}

static inline __attribute__((always_inline)) int16x8_t pairs(float32x4_t first, float32x4_t second)
{
    const int16x4x2_t both = vzip_s16(vqmovn_s32(rounded(first)), vqmovn_s32(rounded(second)));
    return vcombine_s16(both.val[0], both.val[1]);
}

#define Acc Products
#define DOT(acc, a, b) add_products(acc, (int16x8_t)(a), (int16x8_t)(b))
#define TOTAL(acc) (ints)vpaddq_s32((acc).low, (acc).high)
#define FMA(a, b, c) (vec)vfmaq_f32((float32x4_t)(c), (float32x4_t)(a), (float32x4_t)(b))
#define ROUND(x) (ints)vcvtnq_s32_f32((float32x4_t)(x))
#define PAIRS(a, b) (ints)pairs((float32x4_t)(a), (float32x4_t)(b))
#include "rows_vector.h"

#endif
