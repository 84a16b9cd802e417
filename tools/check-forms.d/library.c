// The functions of ../forms/practical.c as `loss-oracle check --library` calls them, and with all their
// options as check-forms.d/compiled_form.py does. STORED is the type of the rows,
// or BFLOAT16 is set.
#include FORM
#include <stdlib.h>
#ifdef BFLOAT16  // by hand: the conversion of AVX512-BF16, which compilers take, makes subnormals 0
typedef uint16_t stored;
static real widen(stored x) { union { uint32_t b; float x; } v = {(uint32_t)x << 16}; return v.x; }
static stored narrow(real x) {
  union { float x; uint32_t b; } v = {x};
  return x != x ? 0x7fc0 : (v.b + 0x7fff + (v.b >> 16 & 1)) >> 16;
}
#else
typedef STORED stored;
static real widen(stored x) { return (real)x; }
static stored narrow(real x) { return (stored)x; }
#endif

enum { NONE = INT32_MIN };
static const options plain = {.ignore_index = NONE};

typedef void row_function(const real *x, const real *y, size_t n, int32_t t, options o, real *out);

// A row at a time through `real`: a narrow format's row is widened, and its results are rounded once.
static void each_row(row_function *f, const stored *x, const stored *y, const int32_t *t, size_t rows,
                     size_t n, options o, size_t outputs, stored *out) {
  real *wide = malloc(3 * n * sizeof *wide + 1), *target = wide + n, *result = target + n;
  for (size_t row = 0; row < rows; row++, x += n, out += outputs) {
    for (size_t i = 0; i < n; i++) wide[i] = widen(x[i]);
    for (size_t i = 0; y && i < n; i++) target[i] = widen(y[row * n + i]);
    f(wide, y ? target : NULL, n, t ? t[row] : 0, o, result);
    for (size_t i = 0; i < outputs; i++) out[i] = narrow(result[i]);
  }
  free(wide);
}

#define ROW(NAME) static void NAME(const real *x, const real *y, size_t n, int32_t t, options o, real *out)
ROW(a_loss) { *out = cross_entropy(x, y, n, t, o); }
ROW(a_softmax) { softmax(x, n, out); }
ROW(a_log_softmax) {
  row r = row_of(x, n);
  for (size_t i = 0; i < n; i++) out[i] = -loss_of(r, x[i]);
}
ROW(a_log_sum_exp) { row r = row_of(x, n); *out = r.max + r.log; }
ROW(a_binary) { *out = binary_cross_entropy(*x, *y); }
ROW(a_binary_gradient) { *out = binary_cross_entropy_gradient(*x, *y); }
ROW(a_sigmoid) { *out = binary_cross_entropy_gradient(*x, 0); }
ROW(a_softplus) { *out = binary_cross_entropy(*x, 0); }
ROW(a_log_sigmoid) { *out = -binary_cross_entropy(*x, 1); }

#define EXPORT(NAME, F, OUTPUTS)                                                                          \
  void NAME(const stored *x, const int32_t *t, size_t rows, size_t n, stored *out) {                      \
    each_row(F, x, NULL, t, rows, n, plain, OUTPUTS, out);                                                \
  }                                                                                                       \
  void NAME##_with(const stored *x, const stored *y, const int32_t *t, size_t rows, size_t n, options *o, \
                   stored *out) {                                                                         \
    each_row(F, x, y, t, rows, n, *o, OUTPUTS, out);                                                      \
  }
#define EXPORT_BINARY(NAME, F)                                                             \
  void NAME(const stored *x, const stored *y, size_t rows, size_t n, stored *out) {        \
    each_row(F, x, y, NULL, rows, n, plain, n, out);                                       \
  }
EXPORT(check_cross_entropy, a_loss, 1)
EXPORT(check_cross_entropy_gradient, cross_entropy_gradient, n)
EXPORT(check_softmax, a_softmax, n)
EXPORT(check_log_softmax, a_log_softmax, n)
EXPORT(check_log_sum_exp, a_log_sum_exp, 1)
EXPORT(check_sigmoid, a_sigmoid, 1)
EXPORT(check_softplus, a_softplus, 1)
EXPORT(check_log_sigmoid, a_log_sigmoid, 1)
EXPORT_BINARY(check_binary_cross_entropy, a_binary)
EXPORT_BINARY(check_binary_cross_entropy_gradient, a_binary_gradient)
