// bfloat16 of practical.cu on a CPU.
#pragma once
#include "cuda_fp16.h"
struct __nv_bfloat16 {
  uint16_t bits;
  explicit __nv_bfloat16(float x) {
    uint32_t b = (uint32_t)__float_as_int(x);
    bits = (uint16_t)(x != x ? 0x7fc0 : (b + 0x7fff + (b >> 16 & 1)) >> 16);
  }
};
static inline float __bfloat162float(__nv_bfloat16 x) { return __int_as_float((int)((uint32_t)x.bits << 16)); }
static inline __nv_bfloat16 __float2bfloat16_rn(float x) { return __nv_bfloat16(x); }
