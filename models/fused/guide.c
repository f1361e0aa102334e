/* Luma on chroma's grid, as guided filters and the net beside them see it: means of the samples that belong to each of
 * chroma's, edges repeated.
 */

#include "rows.h"

static uint32_t as_guide(uint32_t sum, int surplus)
{
    return surplus > 0 ? (sum + (1u << (surplus - 1))) >> surplus : sum << -surplus;
}

/* The sum of the samples that belong to one of chroma's, of which some may lie beyond the plane's edges. */
static uint32_t sum_at(const Luma *luma, int64_t row, int64_t column)
{
    uint32_t sum = 0;
    for (int64_t y = row * luma->down; y < (row + 1) * luma->down; y++) {
        const uint8_t *line = (const uint8_t *)luma->codes + least(y, luma->height - 1) * luma->stride;
        for (int64_t x = column * luma->across; x < (column + 1) * luma->across; x++) {
            const int64_t at = least(x, luma->width - 1);
            const int32_t code = luma->code_bytes == 1 ? line[at] : ((const uint16_t *)line)[at];
            sum += (uint32_t)least(code, luma->peak);
        }
    }
    return sum;
}

/* The usual one, 4:2:0, in a way that compilers make vectors of. */
#define SUM_FOURS(type)                                                                       \
    for (int64_t x = 0; x < inside; x++) {                                                    \
        const type *a = (const type *)above + 2 * x, *b = (const type *)below + 2 * x;        \
        const uint32_t sum = CAPPED(a[0]) + CAPPED(a[1]) + CAPPED(b[0]) + CAPPED(b[1]);       \
        out[x] = (uint16_t)((sum + half) >> right << left);                                   \
    }
#define CAPPED(code) (uint32_t)((code) < peak ? (code) : peak)

void vidsharp_guide(const Luma *luma, uint16_t *guide, int64_t rows, int64_t columns)
{
    const int fours = luma->down == 2 && luma->across == 2, peak = luma->peak, surplus = luma->surplus;
    const int right = surplus > 0 ? surplus : 0, left = surplus > 0 ? 0 : -surplus;
    const uint32_t half = surplus > 0 ? 1u << (surplus - 1) : 0;
    for (int64_t y = 0; y < rows; y++) {
        uint16_t *out = guide + y * columns;
        const int64_t inside = fours && 2 * y + 1 < luma->height ? least(columns, luma->width / 2) : 0;
        const uint8_t *above = (const uint8_t *)luma->codes + 2 * y * luma->stride, *below = above + luma->stride;
        if (inside && luma->code_bytes == 1) {
            SUM_FOURS(uint8_t)
        } else if (inside) {
            SUM_FOURS(uint16_t)
        }
        for (int64_t x = inside; x < columns; x++) out[x] = (uint16_t)as_guide(sum_at(luma, y, x), surplus);
    }
}
