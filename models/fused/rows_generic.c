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
static int32_t code_at(const Job *job, int64_t y, int64_t x)
{
    y = most(0, least(y, job->height - 1));
    x = most(0, least(x, job->width - 1));
    const uint8_t *row = (const uint8_t *)job->codes + y * job->codes_stride;
    const int32_t code = job->code_bytes == 1 ? row[x] : ((const uint16_t *)row)[x], peak = (int32_t)job->peak;
    return (code < peak ? code : peak) - job->zero;
}

static void read_row(const Work *work, int64_t row, int32_t *codes)
{
    for (int p = 0; p < CODE_PAIRS; p++)
        for (int64_t x = -1; x <= work->wide; x++) {
            const int64_t top = FACTOR * row + p / 2, left = FACTOR * x + p % 2 * 2;
            codes[p * work->plane + x] = pair_of(code_at(&work->job, top, left), code_at(&work->job, top, left + 1));
        }
}

static void enter_row(const Work *work, Span span, const int32_t *codes, int32_t *features)
{
    const Job *job = &work->job;
    for (int64_t x = span.from; x < span.to; x++) {
        float seen[INPUTS];
        for (int o = 0; o < PHASES; o++) {
            const int32_t *weights = job->spectrum + o / PACK * CODE_PAIRS * PACK + o % PACK;
            int32_t sum = 0;
            for (int p = 0; p < CODE_PAIRS; p++) sum = add_products(sum, weights[p * PACK], codes[p * work->plane + x]);
            seen[o] = fmaf((float)sum, job->spectrum_scale[o], job->spectrum_bias[o]);
            seen[PHASES + o] = logarithm(fabsf(seen[o]) + FLOOR);
        }
        for (int c = 0; c < job->channels; c += 2) {
            const float *weights = job->enter + c / PACK * INPUTS * PACK + c % PACK;
            float sums[2] = {job->enter_bias[c], job->enter_bias[c + 1]};
            for (int i = 0; i < INPUTS; i++)
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

static void blend_row(const Work *work, int64_t row, const int32_t *features, const int32_t *const codes[3])
{
    const Job *job = &work->job;
    for (int64_t x = job->left; x < job->right; x++)
        for (int i = 0; i < PHASES; i++) {
            const int r = i / FACTOR, c = i % FACTOR;
            if (FACTOR * row + r >= job->height || FACTOR * x + c >= job->width) continue;
            const int32_t pair = codes[1][i / 2 * work->plane + x];
            float made = (float)((c % 2 ? second_of(pair) : first_of(pair)) + job->zero) + head(work, x, i, features);
            for (int k = 0; k < job->bands; k++)
                made = fmaf(head(work, x, PHASES * (k + 1) + i, features),
                            filtered(work, x, job->taps + FILTER_TAPS * k, r, c, codes), made);
            write_pixel(job, FACTOR * row + r, FACTOR * x + c, made);
        }
}

const Steps steps_generic = {read_row, enter_row, layer_row, blend_row};
