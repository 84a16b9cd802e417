// practical.cu for the formats that it takes, so that a compiler of CUDA has kernels to compile.
#include "../forms/practical.cu"

#define KERNELS(T)                                                                                    \
  template __global__ void softmax<T>(const T *, int, T *);                                           \
  template __global__ void log_softmax<T>(const T *, int, T *);                                       \
  template __global__ void cross_entropy<T>(const T *, const T *, const int *, int, options, T *, T *);
KERNELS(float)
KERNELS(__half)
KERNELS(__nv_bfloat16)
