/* C11's aligned_alloc, and what frees it: Windows has its own of both. */

#ifndef VIDSHARP_ALIGNED_H
#define VIDSHARP_ALIGNED_H

#include <stdlib.h>

#ifdef _WIN32
#include <malloc.h>
#define aligned_alloc(alignment, bytes) _aligned_malloc(bytes, alignment)
#define free_aligned _aligned_free
#else
#define free_aligned free
#endif

#endif
