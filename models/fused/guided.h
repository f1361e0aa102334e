/* What guided filters offer for a plane of chroma, row of cells after row of cells. */

#ifndef VIDSHARP_GUIDED_H
#define VIDSHARP_GUIDED_H

#include "rows.h"

#define OFFER_AHEAD (2 * MOST_RADIUS / FACTOR) /* rows of cells that offers depend on, above and below */

typedef struct {
    int32_t *memory; /* of `guided_places`, zeroed */
    int64_t next;    /* the next row of cells to read */
    int64_t summed[MOST_GUIDED]; /* by radius: the next line whose slopes are added up */
} Guided;

/* How many int32_t the rows of a job take. */
int64_t guided_places(const Work *);

/* For offers from row `first` of cells on, in `guided_places` of zeros. */
Guided guided_from(const Work *, int32_t *memory, int64_t first);

/* The offers of the next row of cells, `row`, whose codes are given: they must be asked for one after the other.
 * [guided][16] planes. */
const float *guided_offers(Guided *, const Work *, const Steps *, int64_t row, const int32_t *codes);

#endif
