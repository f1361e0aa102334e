/* What this x86-64 processor can, and the system saves: asked of it directly, since __builtin_cpu_supports answers no to
 * everything in libraries that Zig's compiler links.
 */

#ifndef VIDSHARP_X86_FEATURES_H
#define VIDSHARP_X86_FEATURES_H

#if defined(__x86_64__) && defined(__GNUC__)

#include <cpuid.h>

typedef struct {
    int avx2, avx512, avx_vnni, avx512_vnni; /* AVX2 with FMA; AVX-512 F, BW, DQ and VL with FMA */
} X86Features;

static inline X86Features x86_features(void)
{
    X86Features found = {0, 0, 0, 0};
    unsigned eax, ebx, ecx, edx, saved, high;
    if (!__get_cpuid(1, &eax, &ebx, &ecx, &edx) || !(ecx >> 27 & 1) || !(ecx >> 28 & 1)) return found;
    const int fma = ecx >> 12 & 1;
    __asm__ volatile("xgetbv" : "=a"(saved), "=d"(high) : "c"(0));
    if (!fma || (saved & 0x06) != 0x06 || !__get_cpuid_count(7, 0, &eax, &ebx, &ecx, &edx)) return found;
    const unsigned avx512 = 1u << 16 | 1u << 17 | 1u << 30 | 1u << 31;
    found.avx2 = ebx >> 5 & 1;
    found.avx512 = found.avx2 && (saved & 0xe6) == 0xe6 && (ebx & avx512) == avx512;
    found.avx512_vnni = found.avx512 && ecx >> 11 & 1;
    found.avx_vnni = found.avx2 && __get_cpuid_count(7, 1, &eax, &ebx, &ecx, &edx) && eax >> 4 & 1;
    return found;
}

#endif

#endif
