// practical.cu for one format, as a library for a host: each function waits, and gives CUDA's error or 0.
#include "../../forms/practical.cu"

#include <climits>

static int ended() {
  cudaError_t launched = cudaGetLastError(), ran = cudaDeviceSynchronize();
  return launched != cudaSuccess ? launched : ran;
}

extern "C" int softmaxes(const STORED *x, int rows, int n, STORED *out) {
  softmax<<<rows, THREADS>>>(x, n, out);
  return ended();
}
extern "C" int log_softmaxes(const STORED *x, int rows, int n, STORED *out) {
  log_softmax<<<rows, THREADS>>>(x, n, out);
  return ended();
}
extern "C" int losses(
    const STORED *x, const STORED *y, const int *t, int rows, int n, STORED *loss, STORED *gradient) {
  cross_entropy<<<rows, THREADS>>>(x, y, t, n, options{0, 0, INT_MIN}, loss, gradient);
  return ended();
}
