/* The rows of a blend student, for one instruction set: included once for each, with these defined before.
 *
 * NAME(x)          the name of x for this instruction set
 * LANES            32-bit places in a vector, 8 or 16
 * DOT(sums, a, b)  adds to each place the products of both 16-bit integers in a and b
 *
 * A picture is held as planes of cells, `plane` places for each: a place has two channels of a cell, in 16 bits each. Codes
 * have 16 channels, features as many as the student has. Sums of integers are exact; sums of floats take their terms in
 * one fixed order, wherever in the picture and however many vectors are left of a row: so a window of a frame gets the
 * frame's own bits.
 */

#if LANES == 16
#define GROUP 8 /* output channels that are summed at a time: GROUP x BLOCK sums must fit the registers */
#define ROUND(x) _mm512_cvtps_epi32((__m512)(x))
#define SATURATE(a, b) _mm512_packs_epi32(a, b)
#define INTERLEAVE(x) _mm512_shuffle_epi8(x, _mm512_broadcast_i32x4(NEIGHBOURS))
#else
#define GROUP 4
#define ROUND(x) _mm256_cvtps_epi32((__m256)(x))
#define SATURATE(a, b) _mm256_packs_epi32(a, b)
#define INTERLEAVE(x) _mm256_shuffle_epi8(x, _mm256_broadcastsi128_si256(NEIGHBOURS))
#endif
#define NEIGHBOURS _mm_setr_epi8(0, 1, 8, 9, 2, 3, 10, 11, 4, 5, 12, 13, 6, 7, 14, 15)

typedef float NAME(vec) __attribute__((vector_size(4 * LANES), aligned(4), may_alias));
typedef int32_t NAME(ints) __attribute__((vector_size(4 * LANES), aligned(4), may_alias));
typedef int32_t NAME(bytes) __attribute__((vector_size(4 * LANES), aligned(1), may_alias)); /* codes begin anywhere */
#define vec NAME(vec)
#define ints NAME(ints)
#define LOAD(p) (*(const vec *)(p))
#define STORE(p, value) (*(vec *)(p) = (value))
#define LOAD_INTS(p) (*(const ints *)(p))
#define STORE_INTS(p, value) (*(ints *)(p) = (value))
#define SPLAT(value) ((value) - (vec){0}) /* minus: adding a zero would have to be done, as it changes -0 */
#define FLOATS(x) __builtin_convertvector(x, vec)

/* The two channels of each place; and back, rounded, cut off at the ends of 16 bits. */
INLINE ints NAME(first_of)(ints pairs) { return pairs << 16 >> 16; }
INLINE ints NAME(second_of)(ints pairs) { return pairs >> 16; }
INLINE ints NAME(pairs_of)(vec first, vec second) { return (ints)INTERLEAVE(SATURATE(ROUND(first), ROUND(second))); }

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

/* The same of pairs: `pairs` planes, weights [taps, pairs, PACK]. The caller sees to it that no sum leaves 32 bits. */
INLINE void NAME(pair_sums)(ints out[GROUP][BLOCK], const int count, const int32_t *const *inputs, int taps, int pairs,
                            long plane, const int32_t *weights)
{
    UNROLL for (int g = 0; g < GROUP; g++)
        UNROLL for (int v = 0; v < count; v++) out[g][v] = (ints){0};
    for (int t = 0; t < taps; t++) {
        const int32_t *in = inputs[t];
        for (int p = 0; p < pairs; p++, in += plane, weights += PACK) {
            ints x[BLOCK];
            UNROLL for (int v = 0; v < count; v++) x[v] = LOAD_INTS(in + v * LANES);
            UNROLL for (int g = 0; g < GROUP; g++) {
                ints w = weights[g] - (ints){0};
                UNROLL for (int v = 0; v < count; v++) out[g][v] = DOT(out[g][v], w, x[v]);
            }
        }
    }
}

INLINE int32_t NAME(pair)(int32_t first, int32_t second) { return (first & 0xffff) | (int32_t)((uint32_t)second << 16); }

/* A row of cells from the codes, two columns to a place, with one more cell on either side; edges are repeated. */
INLINE void NAME(read_cells)(const Job *job, long row, int32_t *cells)
{
    const long width = job->width, whole = width / 4, cells_wide = (width + 3) / 4, plane = job->plane;
    const int32_t zero = job->zero, peak = (int32_t)job->peak;
    for (int r = 0; r < 4; r++) {
        long line = 4 * row + r;
        line = line < 0 ? 0 : line >= job->height ? job->height - 1 : line;
        const void *codes = (const uint8_t *)job->codes + line * job->codes_stride;
        int32_t *left = cells + 2 * r * plane, *right = left + plane;
        long x = 0;
/* No code is above the peak, as the weights were told that keep sums within 32 bits. */
#define SEEN(code) (((code) < peak ? (code) : peak) - zero)
#define CODE(type, x) SEEN((int32_t)((const type *)codes)[(x) < width ? (x) : width - 1])
#define CELLS(type)                                                                        \
    for (; x <= cells_wide; x++) {                                                         \
        left[x] = NAME(pair)(CODE(type, 4 * x), CODE(type, 4 * x + 1));                    \
        right[x] = NAME(pair)(CODE(type, 4 * x + 2), CODE(type, 4 * x + 3));               \
    }                                                                                      \
    left[-1] = right[-1] = NAME(pair)(CODE(type, 0), CODE(type, 0));
        if (job->code_bytes == 1) {
            for (; x + LANES <= whole; x += LANES) {
                ints four = *(const NAME(bytes) *)((const uint8_t *)codes + 4 * x);
                STORE_INTS(left + x, (four & 0xff) | (four & 0xff00) << 8);
                STORE_INTS(right + x, (four >> 16 & 0xff) | (four >> 8 & 0xff0000));
            }
            CELLS(uint8_t)
        } else {
            for (; x < whole; x++) {
                const uint16_t *four = (const uint16_t *)codes + 4 * x;
                left[x] = NAME(pair)(SEEN(four[0]), SEEN(four[1]));
                right[x] = NAME(pair)(SEEN(four[2]), SEEN(four[3]));
            }
            CELLS(uint16_t)
        }
#undef SEEN
#undef CODE
#undef CELLS
    }
}

/* Spectrum, logarithm and first layer of a row. */
INLINE void NAME(enter_block)(const Job *job, long x, const int count, const int32_t *cells, int32_t *out)
{
    float both[32 * BLOCK * LANES];
    const long wide = BLOCK * LANES;
    ints contrasts[GROUP][BLOCK];
    vec sums[GROUP][BLOCK];
    const int32_t *seen = cells + x;
    for (int g = 0; g < 16; g += GROUP) {
        NAME(pair_sums)(contrasts, count, &seen, 1, 8, job->plane, job->spectrum + g / PACK * 8 * PACK + g % PACK);
        UNROLL for (int i = 0; i < GROUP; i++)
            UNROLL for (int v = 0; v < count; v++) {
                vec band = FLOATS(contrasts[i][v]) * job->spectrum_scale[g + i] + job->spectrum_bias[g + i];
                STORE(both + (g + i) * wide + v * LANES, band);
                vec size = (vec)((ints)band & 0x7fffffff);
                STORE(both + (16 + g + i) * wide + v * LANES, NAME(logarithm)(size + NOISE));
            }
    }
    const float *in = both;
    for (int g = 0; g < job->channels; g += GROUP) {
        NAME(sums)(sums, count, &in, 1, 32, wide, job->enter + g / PACK * 32 * PACK + g % PACK, job->enter_bias + g);
        UNROLL for (int i = 0; i < GROUP; i += 2)
            UNROLL for (int v = 0; v < count; v++)
                STORE_INTS(out + (g + i) / 2 * job->plane + x + v * LANES,
                           NAME(pairs_of)(NAME(leaky)(sums[i][v]), NAME(leaky)(sums[i + 1][v])));
    }
}

/* A residual 3x3 layer: `rows` are the three rows it sees. */
INLINE void NAME(layer_block)(const Job *job, long x, const int count, int layer, const int32_t *const rows[3],
                              int32_t *out)
{
    const int channels = job->channels, far = job->dilations[layer];
    const int32_t *weights = job->layers + layer * 9L * channels * channels / 2;
    const float *scale = job->layers_scale + layer * channels, *bias = job->layers_bias + layer * channels;
    const int32_t *inputs[9];
    ints sums[GROUP][BLOCK];
    for (int t = 0; t < 9; t++) inputs[t] = rows[t / 3] + x + (t % 3 - 1) * far;
    for (int g = 0; g < channels; g += GROUP) {
        NAME(pair_sums)(sums, count, inputs, 9, channels / 2, job->plane,
                        weights + g / PACK * 9L * channels / 2 * PACK + g % PACK);
        UNROLL for (int i = 0; i < GROUP; i += 2)
            UNROLL for (int v = 0; v < count; v++) {
                long at = (g + i) / 2 * job->plane + x + v * LANES;
                ints before = LOAD_INTS(rows[1] + at);
                vec first = NAME(leaky)(FLOATS(sums[i][v]) * scale[g + i] + bias[g + i]);
                vec second = NAME(leaky)(FLOATS(sums[i + 1][v]) * scale[g + i + 1] + bias[g + i + 1]);
                STORE_INTS(out + at, NAME(pairs_of)(FLOATS(NAME(first_of)(before)) + first,
                                                    FLOATS(NAME(second_of)(before)) + second));
            }
    }
}

/* One filter of 9x9 taps at the four pixels of a cell that lie in its row r; `cells` are the rows above, at, below. Taps
 * are [9 lines, 6 pairs of columns from the left of the cell to the left, 4 pixels]. */
INLINE void NAME(filter_block)(const Job *job, long x, const int count, const int32_t *taps, int r,
                               const int32_t *const cells[3], float *out, long wide)
{
    const long plane = job->plane;
    ints sums[4][BLOCK];
    UNROLL for (int c = 0; c < 4; c++)
        UNROLL for (int v = 0; v < count; v++) sums[c][v] = (ints){0};
    for (int dy = 0; dy < 9; dy++, taps += 24) {
        const int line = r + dy; /* from the top of the cells above */
        const int32_t *row = cells[line / 4] + (line % 4) * 2 * plane + x;
        UNROLL for (int p = 0; p < 6; p++) {
            const int32_t *in = row + p % 2 * plane + p / 2 - 1;
            ints pixels[BLOCK];
            KEEP_ORDER;
            UNROLL for (int v = 0; v < count; v++) pixels[v] = LOAD_INTS(in + v * LANES);
            UNROLL for (int c = 0; c < 4; c++)
                if (2 * p + 1 >= c && 2 * p - c < 9) {
                    ints pair = taps[4 * p + c] - (ints){0};
                    UNROLL for (int v = 0; v < count; v++) sums[c][v] = DOT(sums[c][v], pair, pixels[v]);
                }
        }
    }
    UNROLL for (int c = 0; c < 4; c++)
        UNROLL for (int v = 0; v < count; v++) STORE(out + (4 * r + c) * wide + v * LANES, FLOATS(sums[c][v]));
}

/* Head, filters and their sum: the row's new codes, as floats not yet rounded, in planes `wide` apart. */
INLINE void NAME(blend_block)(const Job *job, long x, const int count, const int32_t *features,
                              const int32_t *const cells[3], float *made)
{
    float filtered[16 * BLOCK * LANES];
    const long wide = BLOCK * LANES;
    const int pairs = job->channels / 2;
    const int32_t *in = features + x;
    ints sums[GROUP][BLOCK];
    for (int k = -1; k < job->bands; k++) { /* the offset is the first of the head's channels as they are packed here */
        if (k >= 0)
            for (int r = 0; r < 4; r++)
                NAME(filter_block)(job, x, count, job->taps + 216 * k, r, cells, filtered, wide);
        for (int g = 0; g < 16; g += GROUP) {
            const int channel = (k + 1) * 16 + g;
            const float *scale = job->head_scale + channel, *bias = job->head_bias + channel;
            NAME(pair_sums)(sums, count, &in, 1, pairs, job->plane,
                            job->head + channel / PACK * pairs * PACK + channel % PACK);
            UNROLL for (int i = 0; i < GROUP; i++)
                UNROLL for (int v = 0; v < count; v++) {
                    const long at = (g + i) * wide + v * LANES;
                    vec weight = FLOATS(sums[i][v]) * scale[i] + bias[i];
                    if (k < 0) {
                        ints codes = LOAD_INTS(cells[1] + (g + i) / 2 * job->plane + x + v * LANES);
                        codes = i % 2 ? NAME(second_of)(codes) : NAME(first_of)(codes);
                        STORE(made + at, FLOATS(codes + job->zero) + weight);
                    } else
                        STORE(made + at, LOAD(made + at) + weight * LOAD(filtered + at));
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
                    line[2 * (v * LANES + i)] = NAME(pair)(codes[0][i], codes[1][i]);
                    line[2 * (v * LANES + i) + 1] = NAME(pair)(codes[2][i], codes[3][i]);
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

static void NAME(enter_row)(const Job *job, Span span, const int32_t *cells, int32_t *out)
{
#define CALL(count) NAME(enter_block)(job, x, count, cells, out)
    IN_BLOCKS(span.from, span.to, CALL)
#undef CALL
}

static void NAME(layer_row)(const Job *job, Span span, int layer, const int32_t *const rows[3], int32_t *out)
{
#define CALL(count) NAME(layer_block)(job, x, count, layer, rows, out)
    IN_BLOCKS(span.from, span.to, CALL)
#undef CALL
}

static void NAME(blend_row)(const Job *job, long row, const int32_t *features, const int32_t *const cells[3])
{
    float made[16 * BLOCK * LANES];
#define CALL(count)                                                    \
    NAME(blend_block)(job, x, count, features, cells, made);           \
    NAME(write_block)(job, row, x, count, made)
    IN_BLOCKS(job->left, job->right, CALL)
#undef CALL
}

static void NAME(read_row)(const Job *job, long row, int32_t *cells) { NAME(read_cells)(job, row, cells); }

#undef NAME
#undef LANES
#undef DOT
#undef GROUP
#undef ROUND
#undef SATURATE
#undef INTERLEAVE
#undef NEIGHBOURS
#undef vec
#undef ints
#undef LOAD
#undef STORE
#undef LOAD_INTS
#undef STORE_INTS
#undef SPLAT
#undef FLOATS
#undef IN_BLOCKS
