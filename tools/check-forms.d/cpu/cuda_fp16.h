// As much of CUDA as practical.cu needs, on a CPU.
#pragma once
#include "block.h"
#define __device__ static
#define __global__
#define __shared__ static
static inline void __syncthreads() { barrier(); }
static inline float __fadd_rn(float a, float b) { return a + b; }
static inline float __fsub_rn(float a, float b) { return a - b; }
static inline float __fmaf_rn(float a, float b, float c) { return fmaf(a, b, c); }
static inline int __float_as_int(float x) { int b; memcpy(&b, &x, 4); return b; }
static inline float __int_as_float(int b) { float x; memcpy(&x, &b, 4); return x; }
typedef _Float16 __half;
static inline float __half2float(__half x) { return x; }
static inline __half __float2half_rn(float x) { return (__half)x; }
