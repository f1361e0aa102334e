/* The rows of a blend student in plain C, a cell at a time: what blend.h promises, as it is read, and the reference that
 * all instruction sets are tested against. For any processor; those without vectors of ours are faster with torch.
 */

#include <float.h>
#include <math.h>
#include <string.h>

#include "rows.h"

#ifdef __FAST_MATH__
#error "sums of floats must not be reordered: build without -ffast-math"
#endif
/* 16 is of processors that have floats of 16 bits too. */
_Static_assert(FLT_EVAL_METHOD == 0 || FLT_EVAL_METHOD == 16, "floats must be rounded after each operation");

static int32_t add_products(int32_t sum, int32_t a, int32_t b)
{
    return sum + first_of(a) * first_of(b) + second_of(a) * second_of(b);
}

static float leaky(float x) { return x > 0 ? x : x * SLOPE; }

/* Rounded to the nearest, halves to even, and cut off at the ends of 16 bits. What no int32_t holds, or is no number,
 * becomes the least one. */
static int32_t to_16_bits(float x)
{
    const float end = 2147483648.0f;
    if (!(x >= -end && x < end)) return INT16_MIN;
    return (int32_t)most(INT16_MIN, least(lrintf(x), INT16_MAX));
}

/* Natural logarithm of positive, normal numbers, to about one unit in the last place (the polynomial of Cephes). */
static float logarithm(float x)
{
    static const float terms[] = {
        -1.1514610310e-1f, 1.1676998740e-1f, -1.2420140846e-1f, 1.4249322787e-1f,
        -1.6668057665e-1f, 2.0000714765e-1f, -2.4999993993e-1f, 3.3333331174e-1f, -0.5f,
    };
    const uint32_t root = 0x3f3504f3; /* sqrt(1/2): the mantissa then lies in sqrt(1/2)..sqrt(2) */
    uint32_t bits;
    memcpy(&bits, &x, sizeof(bits));
    bits -= root;
    const float exponent = (float)((int32_t)bits >> 23);
    bits = (bits & 0x7fffff) + root;
    float m;
    memcpy(&m, &bits, sizeof(m));
    m -= 1;
    float y = 7.0376836292e-2f;
    for (int i = 0; i < (int)(sizeof(terms) / sizeof(*terms)); i++) y = fmaf(y, m, terms[i]);
    y = fmaf(m * m, y, m);
    return fmaf(exponent, 0.69314718056f, y);
}

/* The code at a place that may lie beyond the plane's edges, as the filters see it. */
static int32_t code_at(const Work *work, const Codes *of, int64_t y, int64_t x)
{
    y = most(0, least(y + of->from, work->job.height - 1));
    x = most(0, least(x + of->from, work->job.width - 1));
    const uint8_t *row = (const uint8_t *)of->codes + y * of->stride;
    const int32_t code = of->bytes == 1 ? row[x] : ((const uint16_t *)row)[x];
    return (code < of->peak ? code : of->peak) - of->zero;
}

static void read_row(const Work *work, const Codes *of, int64_t row, int32_t *codes)
{
    for (int p = 0; p < CODE_PAIRS; p++)
        for (int64_t x = -1; x <= work->wide; x++) {
            const int64_t top = FACTOR * row + p / 2, left = FACTOR * x + p % 2 * 2;
            codes[p * work->plane + x] = pair_of(code_at(work, of, top, left), code_at(work, of, top, left + 1));
        }
}

static void enter_row(const Work *work, Span span, const int32_t *const codes[MOST_PLANES], int32_t *features)
{
    const Job *job = &work->job;
    const int inputs = work->planes * INPUTS;
    for (int64_t x = span.from; x < span.to; x++) {
        float seen[MOST_PLANES * INPUTS];
        for (int band = 0; band < work->planes * PHASES; band++) {
            const int plane = band / PHASES, at = plane * INPUTS + band % PHASES;
            const int32_t *weights = job->spectrum + band / PACK * CODE_PAIRS * PACK + band % PACK;
            int32_t sum = 0;
            for (int p = 0; p < CODE_PAIRS; p++)
                sum = add_products(sum, weights[p * PACK], codes[plane][p * work->plane + x]);
            seen[at] = fmaf((float)sum, job->spectrum_scale[band], job->spectrum_bias[band]);
            seen[at + PHASES] = logarithm(fabsf(seen[at]) + FLOOR);
        }
        for (int c = 0; c < job->channels; c += 2) {
            const float *weights = job->enter + c / PACK * inputs * PACK + c % PACK;
            float sums[2] = {job->enter_bias[c], job->enter_bias[c + 1]};
            for (int i = 0; i < inputs; i++)
                for (int k = 0; k < 2; k++) sums[k] = fmaf(weights[i * PACK + k], seen[i], sums[k]);
            features[c / 2 * work->plane + x] = pair_of(to_16_bits(leaky(sums[0])), to_16_bits(leaky(sums[1])));
        }
    }
}

static void layer_row(const Work *work, Span span, int layer, const int32_t *const rows[3], int32_t *features)
{
    const Job *job = &work->job;
    const int64_t pairs = job->channels / 2, far = job->dilations[layer];
    const int32_t *layer_weights = job->layers + layer * 9 * job->channels * pairs;
    const float *scale = job->layers_scale + layer * job->channels, *bias = job->layers_bias + layer * job->channels;
    for (int64_t x = span.from; x < span.to; x++)
        for (int c = 0; c < job->channels; c += 2) {
            int32_t made[2];
            for (int k = 0; k < 2; k++) {
                const int32_t *weights = layer_weights + c / PACK * 9 * pairs * PACK + c % PACK + k;
                int32_t sum = 0;
                for (int t = 0; t < 9; t++)
                    for (int64_t p = 0; p < pairs; p++) {
                        const int32_t seen = rows[t / 3][p * work->plane + x + (t % 3 - 1) * far];
                        sum = add_products(sum, weights[(t * pairs + p) * PACK], seen);
                    }
                const int32_t before = rows[1][c / 2 * work->plane + x];
                const float added = leaky(fmaf((float)sum, scale[c + k], bias[c + k]));
                made[k] = to_16_bits((float)(k ? second_of(before) : first_of(before)) + added);
            }
            features[c / 2 * work->plane + x] = pair_of(made[0], made[1]);
        }
}

/* A weight for one pixel, or its offset. */
static float head(const Work *work, int64_t x, int channel, const int32_t *features)
{
    const Job *job = &work->job;
    const int64_t pairs = job->channels / 2;
    const int32_t *weights = job->head + channel / PACK * pairs * PACK + channel % PACK;
    int32_t sum = 0;
    for (int64_t p = 0; p < pairs; p++) sum = add_products(sum, weights[p * PACK], features[p * work->plane + x]);
    return fmaf((float)sum, job->head_scale[channel], job->head_bias[channel]);
}

/* A filter's sum at pixel (r, c) of a cell. */
static float filtered(const Work *work, int64_t x, const int32_t *taps, int r, int c, const int32_t *const codes[3])
{
    int32_t sum = 0;
    for (int dy = 0; dy < TAPS; dy++)
        for (int p = 0; p < LINE_PAIRS; p++) {
            const int line = r + dy; /* from the top of the cells above */
            const int32_t *plane = codes[line / FACTOR] + (line % FACTOR * 2 + p % 2) * work->plane;
            sum = add_products(sum, taps[dy * LINE_TAPS + p * FACTOR + c], plane[x + p / 2 - 1]);
        }
    return (float)sum;
}

static void write_pixel(const Job *job, int64_t y, int64_t x, float made)
{
    uint8_t *out = (uint8_t *)job->out + y * job->out_stride;
    float code = made + 0.5f;
    code = code > 0 ? code : 0;
    code = code < job->peak ? code : job->peak;
    if (job->out_bytes == 4) ((float *)out)[x] = made;
    else if (job->out_bytes == 2) ((uint16_t *)out)[x] = (uint16_t)code;
    else out[x] = (uint8_t)code;
}

static void blend_row(const Work *work, int64_t row, const int32_t *features, const int32_t *const codes[3],
                      const float *offers)
{
    const Job *job = &work->job;
    for (int64_t x = job->left; x < job->right; x++)
        for (int i = 0; i < PHASES; i++) {
            const int r = i / FACTOR, c = i % FACTOR;
            if (FACTOR * row + r >= job->height || FACTOR * x + c >= job->width) continue;
            const int32_t pair = codes[1][i / 2 * work->plane + x];
            float made = (float)((c % 2 ? second_of(pair) : first_of(pair)) + job->zero) + head(work, x, i, features);
            for (int k = 0; k < job->bands + job->guided; k++) {
                const float offer = k < job->bands
                    ? filtered(work, x, job->taps + FILTER_TAPS * k, r, c, codes)
                    : offers[((k - job->bands) * PHASES + i) * work->plane + x];
                made = fmaf(head(work, x, PHASES * (k + 1) + i, features), offer, made);
            }
            write_pixel(job, FACTOR * row + r, FACTOR * x + c, made);
        }
}

/* p and i of guided filters, at column `x` of samples, which may lie a cell outside of the plane. */
static int32_t sample(const Work *work, const int32_t *const codes[MOST_PLANES], int of, int line, int64_t cell, int c)
{
    const Job *job = &work->job;
    const int32_t pair = codes[of][(2 * line + c / 2) * work->plane + cell];
    const int32_t code = c % 2 ? second_of(pair) : first_of(pair);
    if (of) return code - MIDDLE;
    const int32_t above = code + job->zero - job->grey;
    return job->shift < 0 ? above >> -job->shift : (int32_t)((uint32_t)above << job->shift);
}

static void add(const Work *work, int planes, const int32_t *a, const int32_t *b, int32_t *made)
{
    for (int64_t p = 0; p < planes * work->plane; p += work->plane)
        for (int64_t x = p - RIM; x < p + work->wide + RIM; x++) made[x] = (int32_t)((uint32_t)a[x] + (uint32_t)b[x]);
}

static void subtract(const Work *work, int planes, const int32_t *a, const int32_t *b, int32_t *made)
{
    for (int64_t p = 0; p < planes * work->plane; p += work->plane)
        for (int64_t x = p - RIM; x < p + work->wide + RIM; x++) made[x] = (int32_t)((uint32_t)a[x] - (uint32_t)b[x]);
}

static void moments_row(const Work *work, const int32_t *const codes[MOST_PLANES], int line, const int32_t *before,
                        int32_t *sums)
{
    for (int c = 0; c < FACTOR; c++)
        for (int64_t x = -1; x <= work->wide; x++) {
            const int32_t p = sample(work, codes, 0, line, x, c), i = sample(work, codes, 1, line, x, c);
            const int32_t each[MOMENTS] = {i, i * i, p, p * i};
            for (int m = 0; m < MOMENTS; m++) {
                const int64_t at = (m * FACTOR + c) * work->plane + x;
                sums[at] = (int32_t)((uint32_t)before[at] + (uint32_t)each[m]);
            }
        }
}

/* The sum over the 2 * radius + 1 columns around one of samples, which lie in `four` planes, one for each in a cell. */
static float window(const Work *work, const int32_t *four, int radius, int64_t column)
{
    uint32_t sum = 0;
    for (int64_t x = column - radius; x <= column + radius; x++)
        sum += (uint32_t)four[((x % FACTOR + FACTOR) % FACTOR) * work->plane + (x - (x % FACTOR + FACTOR) % FACTOR) / FACTOR];
    return (float)(int32_t)sum;
}

static void slopes_row(const Work *work, int radius, const int32_t *sums, int32_t *made)
{
    const int64_t four = FACTOR * work->plane;
    const float share = 1.0f / (float)((2 * radius + 1) * (2 * radius + 1));
    for (int64_t column = 0; column < FACTOR * work->wide; column++) {
        float means[MOMENTS];
        for (int m = 0; m < MOMENTS; m++) means[m] = window(work, sums + m * four, radius, column) * share;
        const float variance = fmaf(-means[0], means[0], means[1]), joint = fmaf(-means[2], means[0], means[3]);
        const float slope = joint / (variance + work->job.grain), base = fmaf(-slope, means[0], means[2]);
        const int64_t at = column % FACTOR * work->plane + column / FACTOR;
        made[at] = (int32_t)lrintf(slope * SLOPE_UNIT);
        made[four + at] = (int32_t)lrintf(base * BASE_UNIT);
    }
}

static void offer_row(const Work *work, int radius, const int32_t *const codes[MOST_PLANES], int line,
                      const int32_t *sums, float *offers)
{
    const int64_t four = FACTOR * work->plane;
    const float share = 1.0f / (float)((2 * radius + 1) * (2 * radius + 1));
    for (int64_t column = 0; column < FACTOR * work->wide; column++) {
        const int64_t cell = column / FACTOR;
        const int c = (int)(column % FACTOR);
        const float slope = window(work, sums, radius, column) * (share / SLOPE_UNIT);
        const float base = window(work, sums + four, radius, column) * (share / BASE_UNIT);
        const float i = (float)sample(work, codes, 1, line, cell, c), p = (float)sample(work, codes, 0, line, cell, c);
        offers[c * work->plane + cell] = fmaf(slope, i, base) - p;
    }
}

const Steps steps_generic = {
    read_row, enter_row, layer_row, blend_row, add, subtract, moments_row, slopes_row, offer_row,
};
