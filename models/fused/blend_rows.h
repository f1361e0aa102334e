/* The rows of a blend student, for one instruction set: included once for each, with these defined before.
 *
 * LANES   floats in a vector
 * GROUP   output channels that are summed at a time, 4 or 8: GROUP x BLOCK sums must fit the registers
 * NAME(x) the name of x for this instruction set
 *
 * A picture is held as planes of cells: 16 channels of a row of cells lie one after another, `plane` floats each. Every
 * sum takes its terms in one fixed order, wherever in the picture it lies and however many vectors are left of a row:
 * so a window of a frame gets the frame's own bits.
 */

typedef float NAME(vec) __attribute__((vector_size(4 * LANES), aligned(4), may_alias));
typedef int32_t NAME(ints) __attribute__((vector_size(4 * LANES), aligned(4), may_alias));
#define vec NAME(vec)
#define ints NAME(ints)
#define LOAD(p) (*(const vec *)(p))
#define STORE(p, value) (*(vec *)(p) = (value))
#define SPLAT(value) ((value) - (vec){0}) /* minus: adding a zero would have to be done, as it changes -0 */

INLINE vec NAME(choose)(ints mask, vec yes, vec no) { return (vec)(((ints)yes & mask) | ((ints)no & ~mask)); }

INLINE vec NAME(leaky)(vec x) { return NAME(choose)(x > 0, x, x * SLOPE); }

/* Natural logarithm of positive, normal numbers, to about one unit in the last place (the polynomial of Cephes). Each sum
 * has one product in it, so that all compilers fuse the same two. */
INLINE vec NAME(logarithm)(vec x)
{
    ints bits = (ints)x - 0x3f3504f3; /* sqrt(1/2): the mantissa then lies in sqrt(1/2)..sqrt(2) */
    vec exponent = __builtin_convertvector(bits >> 23, vec);
    vec m = (vec)((bits & 0x7fffff) + 0x3f3504f3) - 1;
    vec square = m * m;
    vec y = m * 7.0376836292e-2f - 1.1514610310e-1f;
    y = y * m + 1.1676998740e-1f;
    y = y * m - 1.2420140846e-1f;
    y = y * m + 1.4249322787e-1f;
    y = y * m - 1.6668057665e-1f;
    y = y * m + 2.0000714765e-1f;
    y = y * m - 2.4999993993e-1f;
    y = y * m + 3.3333331174e-1f;
    y = y * m - 0.5f;
    y = square * y + m;
    return exponent * 0.69314718056f + y;
}

/* Sums of one group of output channels, `count` vectors wide: a convolution with `taps` taps over `channels` planes.
 * Weights are [taps, channels, PACK]. */
INLINE void NAME(sums)(vec out[GROUP][BLOCK], const int count, const float *const *inputs, int taps, int channels,
                       long plane, const float *weights, const float *bias)
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
                UNROLL for (int v = 0; v < count; v++) out[g][v] += w * x[v];
            }
        }
    }
}

/* A row of cells as float planes, from the codes, with one more cell on either side; edges are repeated. */
INLINE void NAME(read_cells)(const Job *job, long row, float *cells)
{
    const long width = job->width, whole = width / 4, cells_wide = (width + 3) / 4, plane = job->plane;
    for (int r = 0; r < 4; r++) {
        long line = 4 * row + r;
        line = line < 0 ? 0 : line >= job->height ? job->height - 1 : line;
        float *out = cells + 4 * r * plane;
        long x = 0;
        if (job->code_bytes == 1) {
            const uint8_t *codes = (const uint8_t *)job->codes + line * job->codes_stride;
            for (; x + LANES <= whole; x += LANES) {
                ints four = *(const ints *)(codes + 4 * x);
                UNROLL for (int c = 0; c < 4; c++)
                    STORE(out + c * plane + x, __builtin_convertvector((four >> (8 * c)) & 255, vec));
            }
            for (; x <= cells_wide; x++)
                for (int c = 0; c < 4; c++) out[c * plane + x] = codes[4 * x + c < width ? 4 * x + c : width - 1];
            for (int c = 0; c < 4; c++) out[c * plane - 1] = codes[0];
        } else {
            const uint16_t *codes = (const uint16_t *)((const uint8_t *)job->codes + line * job->codes_stride);
            for (; x < whole; x++)
                for (int c = 0; c < 4; c++) out[c * plane + x] = codes[4 * x + c];
            for (; x <= cells_wide; x++)
                for (int c = 0; c < 4; c++) out[c * plane + x] = codes[4 * x + c < width ? 4 * x + c : width - 1];
            for (int c = 0; c < 4; c++) out[c * plane - 1] = codes[0];
        }
    }
}

/* Spectrum, logarithm and first layer of a row. */
INLINE void NAME(enter_block)(const Job *job, long x, const int count, const float *cells, float *out)
{
    float both[32 * BLOCK * LANES];
    const long wide = BLOCK * LANES;
    vec sums[GROUP][BLOCK];
    const float *in = cells + x;
    for (int g = 0; g < 16; g += GROUP) {
        NAME(sums)(sums, count, &in, 1, 16, job->plane, job->spectrum + g / PACK * 16 * PACK + g % PACK,
                   job->spectrum_bias + g);
        UNROLL for (int i = 0; i < GROUP; i++)
            UNROLL for (int v = 0; v < count; v++) {
                STORE(both + (g + i) * wide + v * LANES, sums[i][v]);
                vec size = (vec)((ints)sums[i][v] & 0x7fffffff);
                STORE(both + (16 + g + i) * wide + v * LANES, NAME(logarithm)(size + NOISE));
            }
    }
    in = both;
    for (int g = 0; g < job->channels; g += GROUP) {
        NAME(sums)(sums, count, &in, 1, 32, wide, job->enter + g / PACK * 32 * PACK + g % PACK, job->enter_bias + g);
        UNROLL for (int i = 0; i < GROUP; i++)
            UNROLL for (int v = 0; v < count; v++)
                STORE(out + (g + i) * job->plane + x + v * LANES, NAME(leaky)(sums[i][v]));
    }
}

/* A residual 3x3 layer: `rows` are the three rows it sees. */
INLINE void NAME(layer_block)(const Job *job, long x, const int count, int layer, const float *const rows[3], float *out)
{
    const int channels = job->channels, far = job->dilations[layer];
    const float *weights = job->layers + layer * (9L * channels + 1) * channels, *bias = weights + 9L * channels * channels;
    const float *inputs[9];
    vec sums[GROUP][BLOCK];
    for (int t = 0; t < 9; t++) inputs[t] = rows[t / 3] + x + (t % 3 - 1) * far;
    for (int g = 0; g < channels; g += GROUP) {
        NAME(sums)(sums, count, inputs, 9, channels, job->plane, weights + g / PACK * 9L * channels * PACK + g % PACK,
                   bias + g);
        UNROLL for (int i = 0; i < GROUP; i++)
            UNROLL for (int v = 0; v < count; v++) {
                long at = (g + i) * job->plane + x + v * LANES;
                STORE(out + at, LOAD(rows[1] + at) + NAME(leaky)(sums[i][v]));
            }
    }
}

/* One filter of 9x9 taps at the four pixels of a cell that lie in its row r; `cells` are the rows above, at, below. */
INLINE void NAME(filter_block)(const Job *job, long x, const int count, const float *taps, int r,
                               const float *const cells[3], float *out, long wide)
{
    const long plane = job->plane;
    vec sums[4][BLOCK];
    UNROLL for (int c = 0; c < 4; c++)
        UNROLL for (int v = 0; v < count; v++) sums[c][v] = SPLAT(0.0f);
    for (int dy = 0; dy < 9; dy++) {
        const int line = r + dy; /* from the top of the cells above */
        const float *row = cells[line / 4] + (line % 4) * 4 * plane + x;
        UNROLL for (int j = 0; j < 12; j++) { /* columns, from the left of the cell to the left */
            const float *in = row + (j % 4) * plane + j / 4 - 1;
            vec pixels[BLOCK];
            KEEP_ORDER;
            UNROLL for (int v = 0; v < count; v++) pixels[v] = LOAD(in + v * LANES);
            UNROLL for (int c = 0; c < 4; c++)
                if (j >= c && j - c < 9) {
                    vec tap = SPLAT(taps[9 * dy + j - c]);
                    UNROLL for (int v = 0; v < count; v++) sums[c][v] += tap * pixels[v];
                }
        }
    }
    UNROLL for (int c = 0; c < 4; c++)
        UNROLL for (int v = 0; v < count; v++) STORE(out + (4 * r + c) * wide + v * LANES, sums[c][v]);
}

/* Head, filters and their sum: the row's new codes, as floats not yet rounded, in planes `wide` apart. */
INLINE void NAME(blend_block)(const Job *job, long x, const int count, const float *features,
                              const float *const cells[3], float *made)
{
    float filtered[16 * BLOCK * LANES];
    const long wide = BLOCK * LANES;
    const int channels = job->channels;
    const float *in = features + x;
    vec sums[GROUP][BLOCK];
    for (int k = -1; k < job->bands; k++) { /* the offset is the first of the head's channels as they are packed here */
        if (k >= 0)
            for (int r = 0; r < 4; r++)
                NAME(filter_block)(job, x, count, job->taps + 81 * k, r, cells, filtered, wide);
        for (int g = 0; g < 16; g += GROUP) {
            int channel = (k + 1) * 16 + g;
            NAME(sums)(sums, count, &in, 1, channels, job->plane,
                       job->head + channel / PACK * channels * PACK + channel % PACK, job->head_bias + channel);
            UNROLL for (int i = 0; i < GROUP; i++)
                UNROLL for (int v = 0; v < count; v++) {
                    long at = (g + i) * wide + v * LANES;
                    if (k < 0)
                        STORE(made + at, LOAD(cells[1] + (g + i) * job->plane + x + v * LANES) + sums[i][v]);
                    else
                        STORE(made + at, LOAD(made + at) + sums[i][v] * LOAD(filtered + at));
                }
        }
    }
}

/* Writes `count` vectors of cells as codes: rounded half up, clipped. */
INLINE void NAME(write_block)(const Job *job, long row, long x, const int count, const float *made)
{
    const long wide = BLOCK * LANES, edge = 4 * job->right < job->width ? 4 * job->right : job->width, left = edge - 4 * x;
    const long size = 4L * count * LANES < left ? 4L * count * LANES : left;
    const float peak = job->peak;
    for (int r = 0; r < 4 && 4 * row + r < job->height; r++) {
        uint8_t *out = (uint8_t *)job->out + (4 * row + r) * job->out_stride + 4 * x * job->out_bytes;
        int32_t line[4 * BLOCK * LANES];
        if (job->out_bytes == 4) { /* floats as they are, for comparisons */
            for (long i = 0; i < size; i++) ((float *)out)[i] = made[(4 * r + i % 4) * wide + i / 4];
            continue;
        }
        for (int v = 0; v < count; v++) {
            ints codes[4];
            UNROLL for (int c = 0; c < 4; c++) {
                vec value = LOAD(made + (4 * r + c) * wide + v * LANES) + 0.5f;
                value = NAME(choose)(value > 0, value, SPLAT(0.0f));
                value = NAME(choose)(value < peak, value, SPLAT(peak));
                codes[c] = __builtin_convertvector(value, ints);
            }
            if (job->out_bytes == 1)
                *(ints *)(line + v * LANES) = codes[0] | codes[1] << 8 | codes[2] << 16 | codes[3] << 24;
            else
                for (int i = 0; i < LANES; i++) {
                    line[2 * (v * LANES + i)] = codes[0][i] | codes[1][i] << 16;
                    line[2 * (v * LANES + i) + 1] = codes[2][i] | codes[3][i] << 16;
                }
        }
        memcpy(out, line, size * job->out_bytes);
    }
}

/* Columns of a row of cells in blocks of BLOCK vectors, and what is left in smaller ones. */
#define IN_BLOCKS(FROM, TO, CALL)                                              \
    for (long x = (FROM); x < (TO);) {                                         \
        const long left = ((TO) - x + LANES - 1) / LANES;                      \
        if (left >= 3) { CALL(3); x += 3 * LANES; }                            \
        else if (left == 2) { CALL(2); x += 2 * LANES; }                       \
        else { CALL(1); x += LANES; }                                          \
    }

static void NAME(enter_row)(const Job *job, Span span, const float *cells, float *out)
{
#define CALL(count) NAME(enter_block)(job, x, count, cells, out)
    IN_BLOCKS(span.from, span.to, CALL)
#undef CALL
}

static void NAME(layer_row)(const Job *job, Span span, int layer, const float *const rows[3], float *out)
{
#define CALL(count) NAME(layer_block)(job, x, count, layer, rows, out)
    IN_BLOCKS(span.from, span.to, CALL)
#undef CALL
}

static void NAME(blend_row)(const Job *job, long row, const float *features, const float *const cells[3])
{
    float made[16 * BLOCK * LANES];
#define CALL(count)                                                    \
    NAME(blend_block)(job, x, count, features, cells, made);           \
    NAME(write_block)(job, row, x, count, made)
    IN_BLOCKS(job->left, job->right, CALL)
#undef CALL
}

static void NAME(read_row)(const Job *job, long row, float *cells) { NAME(read_cells)(job, row, cells); }

#undef vec
#undef ints
#undef LOAD
#undef STORE
#undef SPLAT
#undef IN_BLOCKS
