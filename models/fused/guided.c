/* Guided filters of several radii on a plane of samples, as they are streamed.
 *
 * A line of samples lies in four planes, one for each column of a cell, so that neighbours in a vector are neighbouring
 * cells, as everywhere else. What is summed over a window is summed down the plane first: a ring holds, for each of the
 * last lines, the sums of all lines down to it, and the sum over some lines is the difference of two of these. They are
 * integers that may go around beyond 32 bits; the difference is exact all the same. So no bit depends on where a part of
 * the plane begins.
 *
 * With line t, the slopes of line t - radius can be made, and its offers radius lines later.
 */

#include "guided.h"

#define LINES (2 * MOST_RADIUS + 1 + FACTOR) /* that a ring holds: a window, and the lines of a row of cells */
#define FILTERED 2                            /* slope and base */

/* Where everything lies. Lines are of so many planes. */
static int64_t line_size(const Work *work, int planes) { return planes * FACTOR * work->plane; }
static int64_t ring_size(const Work *work) { return LINES * line_size(work, FILTERED); }

int64_t guided_places(const Work *work)
{
    const int64_t guided = work->job.guided;
    if (!guided) return 0;
    const int64_t rows = MOST_PLANES * CODE_PAIRS * work->plane, offers = guided * PHASES * work->plane;
    return LINES * line_size(work, MOMENTS) + guided * (ring_size(work) + line_size(work, FILTERED)) + line_size(work, MOMENTS)
        + rows + offers;
}

Guided guided_from(const Work *work, int32_t *memory, int64_t first)
{
    Guided guided = {memory, first - OFFER_AHEAD, {0}};
    for (int k = 0; k < work->job.guided; k++) guided.summed[k] = FACTOR * first - work->job.radii[k];
    return guided;
}

static int64_t place_in_ring(int64_t line) { return (line % LINES + LINES) % LINES; }

/* Sums down to a line: of moments, and of a filter's slopes and bases. */
static int32_t *moments_to(const Guided *guided, const Work *work, int64_t line)
{
    return guided->memory + place_in_ring(line) * line_size(work, MOMENTS) + PAD;
}
static int32_t *slopes_to(const Guided *guided, const Work *work, int k, int64_t line)
{
    const int64_t before = LINES * line_size(work, MOMENTS) + k * ring_size(work);
    return guided->memory + before + place_in_ring(line) * line_size(work, FILTERED) + PAD;
}
/* A filter's slopes and bases of the last line for which they were made. */
static int32_t *last_slopes(const Guided *guided, const Work *work, int k)
{
    const int64_t before = LINES * line_size(work, MOMENTS) + work->job.guided * ring_size(work);
    return guided->memory + before + k * line_size(work, FILTERED) + PAD;
}
/* What lies between two lines. */
static int32_t *differences(const Guided *guided, const Work *work) { return last_slopes(guided, work, work->job.guided); }
static int32_t *code_row(const Guided *guided, const Work *work, int plane)
{
    return differences(guided, work) + line_size(work, MOMENTS) + plane * CODE_PAIRS * work->plane;
}
static float *offers_of(const Guided *guided, const Work *work, int k)
{
    return (float *)code_row(guided, work, MOST_PLANES) + k * PHASES * work->plane;
}

/* The sample at the edge, in all columns up to RIM cells beyond it, in each of some lines. */
static void repeat_edges(const Work *work, int lines, int32_t *line)
{
    const int64_t plane = work->plane, last = work->job.width - 1;
    for (; lines--; line += FACTOR * plane) {
        const int32_t left = line[0], right = line[last % FACTOR * plane + last / FACTOR];
        for (int c = 0; c < FACTOR; c++) {
            for (int64_t x = -RIM; x < 0; x++) line[c * plane + x] = left;
            for (int64_t x = last / FACTOR + (c <= last % FACTOR); x < work->wide + RIM; x++) line[c * plane + x] = right;
        }
    }
}

/* The slopes that can be made now that the moments down to a line are there, and sums down to theirs. */
static void sum_slopes(Guided *guided, const Work *work, const Steps *steps, int k, int64_t moment)
{
    const int radius = work->job.radii[k];
    const int64_t line = moment - radius;
    int32_t *made = last_slopes(guided, work, k), *between = differences(guided, work);
    if (line < most(guided->summed[k], 0)) return;
    if (line < work->job.height) { /* below the plane, its last line is repeated */
        const int32_t *to = moments_to(guided, work, moment), *from = moments_to(guided, work, line - radius - 1);
        steps->subtract(work, MOMENTS * FACTOR, to, from, between);
        steps->slopes(work, radius, between, made);
        repeat_edges(work, FILTERED, made);
    }
    for (; guided->summed[k] <= line; guided->summed[k]++) { /* above the plane, its first one is */
        const int64_t at = guided->summed[k];
        steps->add(work, FILTERED * FACTOR, slopes_to(guided, work, k, at - 1), made, slopes_to(guided, work, k, at));
    }
}

const float *guided_offers(Guided *guided, const Work *work, const Steps *steps, int64_t row, const int32_t *codes)
{
    int32_t *rows[MOST_PLANES];
    for (int p = 0; p < MOST_PLANES; p++) rows[p] = code_row(guided, work, p);
    const int32_t *const ahead[MOST_PLANES] = {rows[0], rows[1]}, *const seen[MOST_PLANES] = {codes, rows[1]};
    for (; guided->next <= row + OFFER_AHEAD; guided->next++) {
        for (int p = 0; p < MOST_PLANES; p++) steps->read(work, &work->codes[p], guided->next, rows[p]);
        for (int line = 0; line < FACTOR; line++) {
            const int64_t at = FACTOR * guided->next + line;
            int32_t *sums = moments_to(guided, work, at);
            steps->moments(work, ahead, line, moments_to(guided, work, at - 1), sums);
            repeat_edges(work, MOMENTS, sums);
            for (int k = 0; k < work->job.guided; k++) sum_slopes(guided, work, steps, k, at);
        }
    }
    steps->read(work, &work->codes[1], row, rows[1]);
    int32_t *between = differences(guided, work);
    for (int k = 0; k < work->job.guided; k++)
        for (int line = 0; line < FACTOR; line++) {
            const int radius = work->job.radii[k];
            const int64_t at = FACTOR * row + line;
            const int32_t *to = slopes_to(guided, work, k, at + radius), *from = slopes_to(guided, work, k, at - radius - 1);
            steps->subtract(work, FILTERED * FACTOR, to, from, between);
            steps->offer(work, radius, seen, line, between, offers_of(guided, work, k) + line * FACTOR * work->plane);
        }
    return offers_of(guided, work, 0);
}
