/* The rows of a blend student for x86-64 processors with AVX2 or AVX-512, with VNNI and without: with it, one instruction
 * multiplies pairs and adds them up. All compiled here, whatever the processor that compiles them.
 */

#include "rows.h"

#ifdef HAS_X86

#include <immintrin.h>
#include <string.h>

#include "x86_features.h"

#define SHARED_256 "avx2,fma"
#ifdef __clang__ /* takes vectors as long as they are written */
#define SHARED_512 "avx512f,avx512bw,avx512dq,avx512vl,fma"
#else
#define SHARED_512 "avx512f,avx512bw,avx512dq,avx512vl,fma,prefer-vector-width=512"
#endif

#define AS_IT_IS(acc) (acc)

/* Both conversions saturate, but work on halves of 128 bits: what they leave as 4 firsts, 4 seconds is interleaved. */
#define NEIGHBOURS _mm_setr_epi8(0, 1, 8, 9, 2, 3, 10, 11, 4, 5, 12, 13, 6, 7, 14, 15)
#define ROUND_256(x) _mm256_cvtps_epi32((__m256)(x))
#define PAIRS_256(a, b) \
    (ints)_mm256_shuffle_epi8(_mm256_packs_epi32(ROUND_256(a), ROUND_256(b)), _mm256_broadcastsi128_si256(NEIGHBOURS))
#define ROUND_512(x) _mm512_cvtps_epi32((__m512)(x))
#define PAIRS_512(a, b) \
    (ints)_mm512_shuffle_epi8(_mm512_packs_epi32(ROUND_512(a), ROUND_512(b)), _mm512_broadcast_i32x4(NEIGHBOURS))

#define FMA_256(a, b, c) (vec)_mm256_fmadd_ps((__m256)(a), (__m256)(b), (__m256)(c))
#define FMA_512(a, b, c) (vec)_mm512_fmadd_ps((__m512)(a), (__m512)(b), (__m512)(c))
#define MADD_256(acc, a, b) ((acc) + (ints)_mm256_madd_epi16((__m256i)(a), (__m256i)(b)))
#define VNNI_256(acc, a, b) (ints)_mm256_dpwssd_avx_epi32((__m256i)(acc), (__m256i)(a), (__m256i)(b))
#define MADD_512(acc, a, b) ((acc) + (ints)_mm512_madd_epi16((__m512i)(a), (__m512i)(b)))
#define VNNI_512(acc, a, b) (ints)_mm512_dpwssd_epi32((__m512i)(acc), (__m512i)(a), (__m512i)(b))

#define NAME(x) x##_avx2
#define TARGET __attribute__((target(SHARED_256)))
#define LANES 8
#define GROUP 4
#define Acc ints
#define DOT MADD_256
#define TOTAL AS_IT_IS
#define FMA FMA_256
#define PAIRS PAIRS_256
#define ROUND(x) (ints)ROUND_256(x)
#include "rows_vector.h"

#ifdef HAS_AVX2_VNNI
#define NAME(x) x##_avx2_vnni
#define TARGET __attribute__((target(SHARED_256 ",avxvnni")))
#define LANES 8
#define GROUP 4
#define Acc ints
#define DOT VNNI_256
#define TOTAL AS_IT_IS
#define FMA FMA_256
#define PAIRS PAIRS_256
#define ROUND(x) (ints)ROUND_256(x)
#include "rows_vector.h"
#endif

#define NAME(x) x##_avx512
#define TARGET __attribute__((target(SHARED_512)))
#define LANES 16
#define GROUP 8
#define Acc ints
#define DOT MADD_512
#define TOTAL AS_IT_IS
#define FMA FMA_512
#define PAIRS PAIRS_512
#define ROUND(x) (ints)ROUND_512(x)
#include "rows_vector.h"

#define NAME(x) x##_avx512_vnni
#define TARGET __attribute__((target(SHARED_512 ",avx512vnni")))
#define LANES 16
#define GROUP 8
#define Acc ints
#define DOT VNNI_512
#define TOTAL AS_IT_IS
#define FMA FMA_512
#define PAIRS PAIRS_512
#define ROUND(x) (ints)ROUND_512(x)
#include "rows_vector.h"

int x86_sets(void)
{
    const X86Features has = x86_features();
    int sets = has.avx2 << AVX2 | has.avx512 << AVX512 | has.avx512_vnni << AVX512_VNNI;
#ifdef HAS_AVX2_VNNI
    sets |= has.avx_vnni << AVX2_VNNI;
#endif
    return sets;
}

#endif
