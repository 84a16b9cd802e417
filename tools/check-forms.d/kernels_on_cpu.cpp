// practical.cu on a CPU or, with -DMETAL, practical.metal, as `loss-oracle check --library` and
// compiled_form.py call them.
#ifdef METAL
#include METAL  // the form, less the attribute that the macro above threadgroup would spoil
static float widened(float x) { return x; }
static float widened(half x) { return (float)x; }
static float widened(bfloat x) { return x; }
static part parts[THREADS];
#else
#include "../forms/practical.cu"
#endif
#include <vector>

struct all_options { double label_smoothing, z_loss; int32_t ignore_index; };
static const all_options plain = {0, 0, INT32_MIN};

template <typename T>
static void run(const T *x, const T *y, const int32_t *t, size_t rows, size_t n, const all_options &all, T *loss,
                T *gradient) {
#ifdef METAL
  options o = {(float)all.label_smoothing, (float)all.z_loss, all.ignore_index, (int)n, y != nullptr};
  for (size_t i = 0; i < rows; i++)
    fibers::run(i, [&] { cross_entropy<T>(x, y, t, loss, gradient, o, blockIdx.x, threadIdx.x, parts); });
#else
  options o = {(float)all.label_smoothing, (float)all.z_loss, all.ignore_index};
  for (size_t i = 0; i < rows; i++) fibers::run(i, [&] { cross_entropy<T>(x, y, t, (int)n, o, loss, gradient); });
#endif
}
template <typename T>
static void losses(const T *x, const T *y, const int32_t *t, size_t rows, size_t n, const all_options &o, T *out) {
  std::vector<T> gradient(rows * n, T(0.f));
  run<T>(x, y, t, rows, n, o, out, gradient.data());
}
template <typename T>
static void gradients(const T *x, const T *y, const int32_t *t, size_t rows, size_t n, const all_options &o, T *out) {
  std::vector<T> loss(rows, T(0.f));
  run<T>(x, y, t, rows, n, o, loss.data(), out);
}
template <bool IS_LOG> static void activations(const STORED *x, size_t rows, size_t n, STORED *out) {
#ifdef METAL
  options o = {0, 0, 0, (int)n, 0};
  for (size_t i = 0; i < rows; i++)
    fibers::run(i, [&] { softmax<STORED, IS_LOG>(x, out, o, blockIdx.x, threadIdx.x, parts); });
#else
  auto kernel = IS_LOG ? log_softmax<STORED> : softmax<STORED>;
  for (size_t i = 0; i < rows; i++) fibers::run(i, [&] { kernel(x, (int)n, out); });
#endif
}
// The binary functions of z and y, by the row (z, 0) and the target (y, 1 - y).
template <typename T> static void binary(const T *z, const T *y, size_t count, bool is_gradient, T *out) {
  for (size_t i = 0; i < count; i++) {
    float x[2] = {widened(z[i]), 0}, target[2] = {widened(y[i]), 1 - widened(y[i])}, result[2];
    if (is_gradient) gradients<float>(x, target, nullptr, 1, 2, plain, result);
    else losses<float>(x, target, nullptr, 1, 2, plain, result);
    out[i] = T(result[0]);
  }
}
#define EXPORT(NAME, F)                                                                                         \
  void NAME(const STORED *x, const int32_t *t, size_t rows, size_t n, STORED *out) {                            \
    F<STORED>(x, nullptr, t, rows, n, plain, out);                                                              \
  }                                                                                                             \
  void NAME##_with(const STORED *x, const STORED *y, const int32_t *t, size_t rows, size_t n, all_options *o,   \
                   STORED *out) {                                                                               \
    F<STORED>(x, y, t, rows, n, *o, out);                                                                       \
  }
extern "C" {
EXPORT(check_cross_entropy, losses)
EXPORT(check_cross_entropy_gradient, gradients)
void check_softmax(const STORED *x, const int32_t *, size_t rows, size_t n, STORED *out) {
  activations<false>(x, rows, n, out);
}
void check_log_softmax(const STORED *x, const int32_t *, size_t rows, size_t n, STORED *out) {
  activations<true>(x, rows, n, out);
}
void check_binary_cross_entropy(const STORED *z, const STORED *y, size_t rows, size_t, STORED *out) {
  binary(z, y, rows, false, out);
}
void check_binary_cross_entropy_gradient(const STORED *z, const STORED *y, size_t rows, size_t, STORED *out) {
  binary(z, y, rows, true, out);
}
}
