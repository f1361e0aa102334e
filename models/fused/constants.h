/* Written by `python -m vidsharp.models.fused.blend_header`, which says where each is defined. */
#ifndef VIDSHARP_CONSTANTS_H
#define VIDSHARP_CONSTANTS_H
#define FACTOR 4
#define TAPS 9
#define SLOPE 0.1f
#define FLOOR 0.01568627450980392f
#define VERSION 7
#define PACK 8
#define MOST_LAYERS 31
#define MOST_DILATION 16
#define MOST_CHANNELS 1024
#define MOST_BANDS 1024
#define MOST_GUIDED 3
#define MOST_RADIUS 8
#define SAMPLE_BITS 12
#define MIDDLE 512
#define MOST_GUIDE 1023
#define SLOPE_UNIT 16384
#define BASE_UNIT 64
#define LEAST_GRAIN 32
typedef enum { GENERIC, NEON, AVX2, AVX2_VNNI, AVX512, AVX512_VNNI, SETS } InstructionSet;
typedef enum { DONE, NO_MEMORY, NO_SUCH_SET, BAD_LAYERS, BAD_DILATION, BAD_CHANNELS, BAD_BANDS, BAD_BETWEEN, BAD_GUIDED, BAD_BYTES, BAD_PEAK, BAD_PLACE } Fault;
#endif
