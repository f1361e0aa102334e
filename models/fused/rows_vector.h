/* The rows of a blend student in vectors: included once for each instruction set, with these defined before.
 *
 * NAME(x)          the name of x for this instruction set
 * TARGET           the attribute that allows its instructions
 * LANES            32-bit places in a vector, MOST_LANES at most
 * GROUP            output channels that are summed at a time: GROUP x BLOCK sums must fit the registers
 * Acc              what sums of products of pairs are kept in; (Acc){0} is none
 * DOT(acc, a, b)   acc, with the products of both 16-bit integers in each place of a and b
 * TOTAL(acc)       its sums, as ints
 * FMA(a, b, c)     a * b + c, rounded once
 * PAIRS(a, b)      pairs of floats, as rows_generic.c's to_16_bits makes them
 * ROUND(x)         ints of floats that they hold, rounded to the nearest, halves to even
 *
 * A vector is LANES neighbouring cells. Sums of floats take their terms in one fixed order, wherever in the picture and
 * however many vectors are left of a row: so a window of a frame gets the frame's own bits.
 */

#define INLINE TARGET static inline __attribute__((always_inline))
#ifdef __clang__
#define UNROLL _Pragma("clang loop unroll(full)")
#else
#define UNROLL _Pragma("GCC unroll 16")
#endif
/* Else GCC keeps taps in registers from one column to the next, and the sums have to leave theirs. */
#define KEEP_ORDER __asm__ volatile("" ::: "memory")

#define vec NAME(vec)
#define ints NAME(ints)
#define uints NAME(uints)
typedef float vec __attribute__((vector_size(4 * LANES), aligned(4), may_alias));
typedef int32_t ints __attribute__((vector_size(4 * LANES), aligned(4), may_alias));
typedef uint32_t uints __attribute__((vector_size(4 * LANES), aligned(4), may_alias));
typedef int32_t NAME(bytes) __attribute__((vector_size(4 * LANES), aligned(1), may_alias)); /* codes begin anywhere */
#define LOAD(p) (*(const vec *)(p))
#define STORE(p, value) (*(vec *)(p) = (value))
#define LOAD_INTS(p) (*(const ints *)(p))
#define STORE_INTS(p, value) (*(ints *)(p) = (value))
#define SPLAT(value) ((value) - (vec){0}) /* minus: adding a zero would have to be done, as it changes -0 */
#define SPLAT_INTS(value) ((value) - (ints){0})
#define FLOATS(x) __builtin_convertvector(x, vec)

/* The two channels of each place. */
INLINE ints NAME(firsts)(ints pairs) { return pairs << 16 >> 16; }
INLINE ints NAME(seconds)(ints pairs) { return pairs >> 16; }

INLINE vec NAME(choose)(ints mask, vec yes, vec no) { return (vec)(((ints)yes & mask) | ((ints)no & ~mask)); }

INLINE vec NAME(leaky)(vec x) { return NAME(choose)(x > 0, x, x * SLOPE); }

/* Natural logarithm of positive, normal numbers: rows_generic.c says how. */
INLINE vec NAME(logarithm)(vec x)
{
    ints bits = (ints)x - 0x3f3504f3;
    vec exponent = FLOATS(bits >> 23);
    vec m = (vec)((bits & 0x7fffff) + 0x3f3504f3) - 1;
    vec y = FMA(m, SPLAT(7.0376836292e-2f), SPLAT(-1.1514610310e-1f));
    y = FMA(y, m, SPLAT(1.1676998740e-1f));
    y = FMA(y, m, SPLAT(-1.2420140846e-1f));
    y = FMA(y, m, SPLAT(1.4249322787e-1f));
    y = FMA(y, m, SPLAT(-1.6668057665e-1f));
    y = FMA(y, m, SPLAT(2.0000714765e-1f));
    y = FMA(y, m, SPLAT(-2.4999993993e-1f));
    y = FMA(y, m, SPLAT(3.3333331174e-1f));
    y = FMA(y, m, SPLAT(-0.5f));
    y = FMA(m * m, y, m);
    return FMA(exponent, SPLAT(0.69314718056f), y);
}

/* Sums of one group of output channels, `count` vectors wide: a convolution with `taps` taps over `channels` planes.
 * Weights are [taps][channels][PACK]. */
INLINE void NAME(sums)(vec out[GROUP][BLOCK], const int count, const float *const *inputs, int taps, int channels,
                       int64_t plane, const float *weights, const float *bias)
{
    UNROLL for (int g = 0; g < GROUP; g++)
        UNROLL for (int v = 0; v < count; v++) out[g][v] = SPLAT(bias[g]);
    for (int t = 0; t < taps; t++) {
        const float *in = inputs[t];
        for (int c = 0; c < channels; c++, in += plane, weights += PACK) {
            vec x[BLOCK];
            UNROLL for (int v = 0; v < count; v++) x[v] = LOAD(in + v * LANES);
            UNROLL for (int g = 0; g < GROUP; g++) {
                vec w = SPLAT(weights[g]);
                UNROLL for (int v = 0; v < count; v++) out[g][v] = FMA(w, x[v], out[g][v]);
            }
        }
    }
}

/* The same of pairs: `pairs` planes, weights [taps][pairs][PACK]. */
INLINE void NAME(pair_sums)(Acc out[GROUP][BLOCK], const int count, const int32_t *const *inputs, int taps, int pairs,
                            int64_t plane, const int32_t *weights)
{
    UNROLL for (int g = 0; g < GROUP; g++)
        UNROLL for (int v = 0; v < count; v++) out[g][v] = (Acc){0};
    for (int t = 0; t < taps; t++) {
        const int32_t *in = inputs[t];
        for (int p = 0; p < pairs; p++, in += plane, weights += PACK) {
            ints x[BLOCK];
            UNROLL for (int v = 0; v < count; v++) x[v] = LOAD_INTS(in + v * LANES);
            UNROLL for (int g = 0; g < GROUP; g++) {
                ints w = SPLAT_INTS(weights[g]);
                UNROLL for (int v = 0; v < count; v++) out[g][v] = DOT(out[g][v], w, x[v]);
            }
        }
    }
}

INLINE vec NAME(scaled)(Acc sums, float scale, float bias) { return FMA(FLOATS(TOTAL(sums)), SPLAT(scale), SPLAT(bias)); }

TARGET static void NAME(read_row)(const Work *work, const Codes *of, int64_t row, int32_t *cells)
{
    /* From the first column of cells on: what is left of them only filters look at, which see the plane from there. */
    const int64_t from = least(of->from, work->job.width - 1), width = work->job.width - from;
    const int64_t whole = width / FACTOR, plane = work->plane;
    const int32_t zero = of->zero, peak = of->peak;
    for (int r = 0; r < FACTOR; r++) {
        const int64_t line = most(0, least(FACTOR * row + r + of->from, work->job.height - 1));
        const void *codes = (const uint8_t *)of->codes + line * of->stride + from * of->bytes;
        int32_t *left = cells + 2 * r * plane, *right = left + plane;
        int64_t x = 0;
/* No code is above the peak, as the weights were told that keep sums within 32 bits. */
#define SEEN(code) (((code) < peak ? (code) : peak) - zero)
#define CODE(type, x) SEEN((int32_t)((const type *)codes)[(x) < width ? (x) : width - 1])
#define CELLS(type)                                                                        \
    for (; x <= work->wide; x++) {                                                         \
        left[x] = pair_of(CODE(type, 4 * x), CODE(type, 4 * x + 1));                       \
        right[x] = pair_of(CODE(type, 4 * x + 2), CODE(type, 4 * x + 3));                  \
    }                                                                                      \
    left[-1] = right[-1] = pair_of(CODE(type, 0), CODE(type, 0));
        if (of->bytes == 1) {
            for (; x + LANES <= whole; x += LANES) {
                ints four = (ints)*(const NAME(bytes) *)((const uint8_t *)codes + 4 * x);
                STORE_INTS(left + x, (four & 0xff) | (four & 0xff00) << 8);
                STORE_INTS(right + x, (four >> 16 & 0xff) | (four >> 8 & 0xff0000));
            }
            CELLS(uint8_t)
        } else {
            for (; x < whole; x++) {
                const uint16_t *four = (const uint16_t *)codes + 4 * x;
                left[x] = pair_of(SEEN(four[0]), SEEN(four[1]));
                right[x] = pair_of(SEEN(four[2]), SEEN(four[3]));
            }
            CELLS(uint16_t)
        }
#undef SEEN
#undef CODE
#undef CELLS
    }
}

INLINE void NAME(enter_block)(const Work *work, int64_t x, const int count, const int32_t *const codes[MOST_PLANES],
                              int32_t *out)
{
    const Job *job = &work->job;
    float seen[MOST_PLANES * INPUTS * BLOCK * LANES];
    const int64_t wide = BLOCK * LANES;
    const int inputs = work->planes * INPUTS;
    Acc contrasts[GROUP][BLOCK];
    vec sums[GROUP][BLOCK];
    for (int g = 0; g < work->planes * PHASES; g += GROUP) {
        const int32_t *of = codes[g / PHASES] + x;
        float *bands = seen + (g / PHASES * INPUTS + g % PHASES) * wide;
        NAME(pair_sums)(contrasts, count, &of, 1, CODE_PAIRS, work->plane,
                        job->spectrum + g / PACK * CODE_PAIRS * PACK + g % PACK);
        UNROLL for (int i = 0; i < GROUP; i++)
            UNROLL for (int v = 0; v < count; v++) {
                vec band = NAME(scaled)(contrasts[i][v], job->spectrum_scale[g + i], job->spectrum_bias[g + i]);
                STORE(bands + i * wide + v * LANES, band);
                vec size = (vec)((ints)band & 0x7fffffff);
                STORE(bands + (PHASES + i) * wide + v * LANES, NAME(logarithm)(size + FLOOR));
            }
    }
    const float *in = seen;
    for (int g = 0; g < job->channels; g += GROUP) {
        NAME(sums)(sums, count, &in, 1, inputs, wide, job->enter + g / PACK * inputs * PACK + g % PACK,
                   job->enter_bias + g);
        UNROLL for (int i = 0; i < GROUP; i += 2)
            UNROLL for (int v = 0; v < count; v++)
                STORE_INTS(out + (g + i) / 2 * work->plane + x + v * LANES,
                           PAIRS(NAME(leaky)(sums[i][v]), NAME(leaky)(sums[i + 1][v])));
    }
}

INLINE void NAME(layer_block)(const Work *work, int64_t x, const int count, int layer, const int32_t *const rows[3],
                              int32_t *out)
{
    const Job *job = &work->job;
    const int channels = job->channels, far = job->dilations[layer];
    const int32_t *weights = job->layers + layer * INT64_C(9) * channels * channels / 2;
    const float *scale = job->layers_scale + layer * channels, *bias = job->layers_bias + layer * channels;
    const int32_t *inputs[9];
    Acc sums[GROUP][BLOCK];
    for (int t = 0; t < 9; t++) inputs[t] = rows[t / 3] + x + (t % 3 - 1) * far;
    for (int g = 0; g < channels; g += GROUP) {
        NAME(pair_sums)(sums, count, inputs, 9, channels / 2, work->plane,
                        weights + g / PACK * INT64_C(9) * channels / 2 * PACK + g % PACK);
        UNROLL for (int i = 0; i < GROUP; i += 2)
            UNROLL for (int v = 0; v < count; v++) {
                const int64_t at = (g + i) / 2 * work->plane + x + v * LANES;
                ints before = LOAD_INTS(rows[1] + at);
                vec first = NAME(leaky)(NAME(scaled)(sums[i][v], scale[g + i], bias[g + i]));
                vec second = NAME(leaky)(NAME(scaled)(sums[i + 1][v], scale[g + i + 1], bias[g + i + 1]));
                STORE_INTS(out + at, PAIRS(FLOATS(NAME(firsts)(before)) + first, FLOATS(NAME(seconds)(before)) + second));
            }
    }
}

/* One filter at the four pixels of a cell that lie in its row r. */
INLINE void NAME(filter_block)(const Work *work, int64_t x, const int count, const int32_t *taps, int r,
                               const int32_t *const codes[3], float *out, int64_t wide)
{
    const int64_t plane = work->plane;
    Acc sums[FACTOR][BLOCK];
    UNROLL for (int c = 0; c < FACTOR; c++)
        UNROLL for (int v = 0; v < count; v++) sums[c][v] = (Acc){0};
    for (int dy = 0; dy < TAPS; dy++, taps += LINE_TAPS) {
        const int line = r + dy; /* from the top of the cells above */
        const int32_t *row = codes[line / FACTOR] + line % FACTOR * 2 * plane + x;
        UNROLL for (int p = 0; p < LINE_PAIRS; p++) {
            const int32_t *in = row + p % 2 * plane + p / 2 - 1;
            ints pixels[BLOCK];
            KEEP_ORDER;
            UNROLL for (int v = 0; v < count; v++) pixels[v] = LOAD_INTS(in + v * LANES);
            UNROLL for (int c = 0; c < FACTOR; c++)
                if (2 * p + 1 >= c && 2 * p - c < TAPS) { /* the other taps are zeros */
                    ints pair = SPLAT_INTS(taps[FACTOR * p + c]);
                    UNROLL for (int v = 0; v < count; v++) sums[c][v] = DOT(sums[c][v], pair, pixels[v]);
                }
        }
    }
    UNROLL for (int c = 0; c < FACTOR; c++)
        UNROLL for (int v = 0; v < count; v++)
            STORE(out + (FACTOR * r + c) * wide + v * LANES, FLOATS(TOTAL(sums[c][v])));
}

/* The row's new codes, as floats not yet rounded, in planes `wide` apart, one for each pixel of a cell. */
INLINE void NAME(blend_block)(const Work *work, int64_t x, const int count, const int32_t *features,
                              const int32_t *const codes[3], const float *offers, float *made)
{
    const Job *job = &work->job;
    float filtered[PHASES * BLOCK * LANES];
    const int64_t wide = BLOCK * LANES;
    const int pairs = job->channels / 2;
    const int32_t *in = features + x;
    Acc sums[GROUP][BLOCK];
    for (int k = -1; k < job->bands + job->guided; k++) { /* the offset is the first of the head's channels as packed here */
        const int own = k < job->bands;
        const float *offer = own ? filtered : offers + (k - job->bands) * PHASES * work->plane + x;
        const int64_t apart = own ? wide : work->plane;
        if (k >= 0 && own)
            for (int r = 0; r < FACTOR; r++)
                NAME(filter_block)(work, x, count, job->taps + FILTER_TAPS * k, r, codes, filtered, wide);
        for (int g = 0; g < PHASES; g += GROUP) {
            const int channel = (k + 1) * PHASES + g;
            const float *scale = job->head_scale + channel, *bias = job->head_bias + channel;
            NAME(pair_sums)(sums, count, &in, 1, pairs, work->plane,
                            job->head + channel / PACK * pairs * PACK + channel % PACK);
            UNROLL for (int i = 0; i < GROUP; i++)
                UNROLL for (int v = 0; v < count; v++) {
                    const int64_t at = (g + i) * wide + v * LANES;
                    vec weight = NAME(scaled)(sums[i][v], scale[i], bias[i]);
                    if (k < 0) {
                        ints pair = LOAD_INTS(codes[1] + (g + i) / 2 * work->plane + x + v * LANES);
                        pair = i % 2 ? NAME(seconds)(pair) : NAME(firsts)(pair);
                        STORE(made + at, FLOATS(pair + job->zero) + weight);
                    } else
                        STORE(made + at, FMA(weight, LOAD(offer + (g + i) * apart + v * LANES), LOAD(made + at)));
                }
        }
    }
}

/* Writes `count` vectors of cells as codes: rounded half up, clipped. */
INLINE void NAME(write_block)(const Job *job, int64_t row, int64_t x, const int count, const float *made)
{
    const int64_t wide = BLOCK * LANES, edge = least(FACTOR * job->right, job->width);
    const int64_t size = least(INT64_C(4) * count * LANES, edge - FACTOR * x);
    const float peak = job->peak;
    for (int r = 0; r < FACTOR && FACTOR * row + r < job->height; r++) {
        uint8_t *out = (uint8_t *)job->out + (FACTOR * row + r) * job->out_stride + FACTOR * x * job->out_bytes;
        int32_t line[FACTOR * BLOCK * LANES];
        if (job->out_bytes == 4) { /* floats as they are, for comparisons */
            for (int64_t i = 0; i < size; i++) ((float *)out)[i] = made[(FACTOR * r + i % FACTOR) * wide + i / FACTOR];
            continue;
        }
        for (int v = 0; v < count; v++) {
            ints codes[FACTOR];
            UNROLL for (int c = 0; c < FACTOR; c++) {
                vec value = LOAD(made + (FACTOR * r + c) * wide + v * LANES) + 0.5f;
                value = NAME(choose)(value > 0, value, SPLAT(0.0f));
                value = NAME(choose)(value < peak, value, SPLAT(peak));
                codes[c] = __builtin_convertvector(value, ints);
            }
            if (job->out_bytes == 1)
                STORE_INTS(line + v * LANES, codes[0] | codes[1] << 8 | codes[2] << 16 | codes[3] << 24);
            else
                for (int i = 0; i < LANES; i++) {
                    line[2 * (v * LANES + i)] = pair_of(codes[0][i], codes[1][i]);
                    line[2 * (v * LANES + i) + 1] = pair_of(codes[2][i], codes[3][i]);
                }
        }
        memcpy(out, line, (size_t)(size * job->out_bytes));
    }
}

/* Columns of a row of cells in blocks of BLOCK vectors, and what is left in smaller ones. */
#define IN_BLOCKS(FROM, TO, CALL)                                              \
    for (int64_t x = (FROM); x < (TO);) {                                      \
        const int64_t left = ((TO) - x + LANES - 1) / LANES;                   \
        if (left >= 3) { CALL(3); x += 3 * LANES; }                            \
        else if (left == 2) { CALL(2); x += 2 * LANES; }                       \
        else { CALL(1); x += LANES; }                                          \
    }

TARGET static void NAME(enter_row)(const Work *work, Span span, const int32_t *const codes[MOST_PLANES], int32_t *out)
{
#define CALL(count) NAME(enter_block)(work, x, count, codes, out)
    IN_BLOCKS(span.from, span.to, CALL)
#undef CALL
}

TARGET static void NAME(layer_row)(const Work *work, Span span, int layer, const int32_t *const rows[3], int32_t *out)
{
#define CALL(count) NAME(layer_block)(work, x, count, layer, rows, out)
    IN_BLOCKS(span.from, span.to, CALL)
#undef CALL
}

TARGET static void NAME(blend_row)(const Work *work, int64_t row, const int32_t *features, const int32_t *const codes[3],
                                   const float *offers)
{
    float made[PHASES * BLOCK * LANES];
#define CALL(count)                                                    \
    NAME(blend_block)(work, x, count, features, codes, offers, made);  \
    NAME(write_block)(&work->job, row, x, count, made)
    IN_BLOCKS(work->job.left, work->job.right, CALL)
#undef CALL
}

/* Sums may go around beyond 32 bits, as may products of what lies beyond the picture. */
INLINE ints NAME(plus)(ints a, ints b) { return (ints)((uints)a + (uints)b); }
INLINE ints NAME(times)(ints a, ints b) { return (ints)((uints)a * (uints)b); }

/* p (of plane 0) or i (of the guide), which guided filters see, of column c of cells. */
INLINE ints NAME(samples)(const Work *work, const int32_t *const codes[MOST_PLANES], const int of, int line, int64_t x, int c)
{
    const Job *job = &work->job;
    ints pairs = LOAD_INTS(codes[of] + (2 * line + c / 2) * work->plane + x);
    ints code = c % 2 ? NAME(seconds)(pairs) : NAME(firsts)(pairs);
    if (of) return code - MIDDLE;
    code += job->zero - job->grey;
    return job->shift < 0 ? code >> -job->shift : (ints)((uints)code << job->shift);
}

#define COMBINE(how)                                                                     \
    for (int64_t p = 0; p < planes * work->plane; p += work->plane)                      \
        for (int64_t x = p - LANES; x < p + work->wide + RIM; x += LANES)                \
            STORE_INTS(made + x, (ints)((uints)LOAD_INTS(a + x) how (uints)LOAD_INTS(b + x)))

TARGET static void NAME(add)(const Work *work, int planes, const int32_t *a, const int32_t *b, int32_t *made) { COMBINE(+); }

TARGET static void NAME(subtract)(const Work *work, int planes, const int32_t *a, const int32_t *b, int32_t *made)
{
    COMBINE(-);
}

TARGET static void NAME(moments_row)(const Work *work, const int32_t *const codes[MOST_PLANES], int line,
                                     const int32_t *before, int32_t *sums)
{
    const int64_t plane = work->plane;
    for (int64_t x = -LANES; x <= work->wide; x += LANES)
        UNROLL for (int c = 0; c < FACTOR; c++) {
            ints p = NAME(samples)(work, codes, 0, line, x, c), i = NAME(samples)(work, codes, 1, line, x, c);
            ints each[MOMENTS] = {i, NAME(times)(i, i), p, NAME(times)(p, i)};
            UNROLL for (int m = 0; m < MOMENTS; m++) {
                const int64_t at = (m * FACTOR + c) * plane + x;
                STORE_INTS(sums + at, NAME(plus)(LOAD_INTS(before + at), each[m]));
            }
        }
}

/* Sums over the 2 * radius + 1 columns of samples around each of a cell's four, which lie in planes. */
INLINE void NAME(windows)(vec out[FACTOR], const int32_t *four, int64_t plane, const int radius)
{
#define AT(c, cell) LOAD_INTS(four + (c) * plane + (cell))
#define CELL(cell) NAME(plus)(NAME(plus)(AT(0, cell), AT(1, cell)), NAME(plus)(AT(2, cell), AT(3, cell)))
    ints sums[FACTOR];
    if (radius == 2) {
        ints all = CELL(0);
        sums[0] = NAME(plus)(NAME(plus)(NAME(plus)(AT(2, -1), AT(3, -1)), NAME(plus)(AT(0, 0), AT(1, 0))), AT(2, 0));
        sums[1] = NAME(plus)(AT(3, -1), all);
        sums[2] = NAME(plus)(all, AT(0, 1));
        sums[3] = NAME(plus)(NAME(plus)(NAME(plus)(AT(1, 0), AT(2, 0)), NAME(plus)(AT(3, 0), AT(0, 1))), AT(1, 1));
    } else {
        const int far = radius / FACTOR;
        ints left = AT(3, -far), right = AT(0, far), middle = CELL(0);
        if (radius == 8) middle = NAME(plus)(middle, NAME(plus)(CELL(-1), CELL(1)));
        ints lefts[FACTOR], rights[FACTOR];
        lefts[3] = left, rights[0] = right;
        UNROLL for (int c = 2; c >= 0; c--) lefts[c] = left = NAME(plus)(left, AT(c, -far));
        UNROLL for (int c = 1; c < FACTOR; c++) rights[c] = right = NAME(plus)(right, AT(c, far));
        UNROLL for (int c = 0; c < FACTOR; c++) sums[c] = NAME(plus)(middle, NAME(plus)(lefts[c], rights[c]));
    }
    UNROLL for (int c = 0; c < FACTOR; c++) out[c] = FLOATS(sums[c]);
#undef AT
#undef CELL
}

INLINE void NAME(slopes_of)(const Work *work, const int radius, const int32_t *sums, int32_t *made)
{
    const int64_t plane = work->plane, four = FACTOR * plane;
    const float share = 1.0f / (float)((2 * radius + 1) * (2 * radius + 1)), grain = work->job.grain;
    for (int64_t x = 0; x < work->wide; x += LANES) {
        vec means[MOMENTS][FACTOR];
        UNROLL for (int m = 0; m < MOMENTS; m++) NAME(windows)(means[m], sums + m * four + x, plane, radius);
        UNROLL for (int c = 0; c < FACTOR; c++) {
            vec i = means[0][c] * share, p = means[2][c] * share;
            vec variance = FMA(-i, i, means[1][c] * share), joint = FMA(-p, i, means[3][c] * share);
            vec slope = joint / (variance + grain), base = FMA(-slope, i, p);
            STORE_INTS(made + c * plane + x, ROUND(slope * (float)SLOPE_UNIT));
            STORE_INTS(made + four + c * plane + x, ROUND(base * (float)BASE_UNIT));
        }
    }
}

INLINE void NAME(offer_of)(const Work *work, const int radius, const int32_t *const codes[MOST_PLANES], int line,
                           const int32_t *sums, float *offers)
{
    const int64_t plane = work->plane;
    const float share = 1.0f / (float)((2 * radius + 1) * (2 * radius + 1));
    for (int64_t x = 0; x < work->wide; x += LANES) {
        vec slope[FACTOR], base[FACTOR];
        NAME(windows)(slope, sums + x, plane, radius);
        NAME(windows)(base, sums + FACTOR * plane + x, plane, radius);
        UNROLL for (int c = 0; c < FACTOR; c++) {
            vec p = FLOATS(NAME(samples)(work, codes, 0, line, x, c)), i = FLOATS(NAME(samples)(work, codes, 1, line, x, c));
            vec made = FMA(slope[c] * (share / SLOPE_UNIT), i, base[c] * (share / BASE_UNIT));
            STORE(offers + c * plane + x, made - p);
        }
    }
}

/* A radius that is known when this is compiled. */
#define OF_RADIUS(CALL)             \
    if (radius == 2) CALL(2);       \
    else if (radius == 4) CALL(4);  \
    else CALL(8)

TARGET static void NAME(slopes_row)(const Work *work, int radius, const int32_t *sums, int32_t *made)
{
#define CALL(of) NAME(slopes_of)(work, of, sums, made)
    OF_RADIUS(CALL);
#undef CALL
}

TARGET static void NAME(offer_row)(const Work *work, int radius, const int32_t *const codes[MOST_PLANES], int line,
                                   const int32_t *sums, float *offers)
{
#define CALL(of) NAME(offer_of)(work, of, codes, line, sums, offers)
    OF_RADIUS(CALL);
#undef CALL
}

const Steps NAME(steps) = {
    NAME(read_row), NAME(enter_row),   NAME(layer_row),  NAME(blend_row), NAME(add), NAME(subtract),
    NAME(moments_row), NAME(slopes_row), NAME(offer_row),
};

/* All others are the same for each instruction set. */
#undef NAME
#undef TARGET
#undef LANES
#undef GROUP
#undef Acc
#undef DOT
#undef TOTAL
#undef FMA
#undef PAIRS
#undef ROUND
#undef COMBINE
