/* The losses to check. The signatures are those that `loss-oracle check --library` calls. */
#ifndef LOSS_H
#define LOSS_H

#include <stddef.h>
#include <stdint.h>

/* out[i] = -log softmax(logits[i])[targets[i]], for rows of `classes` logits. */
void cross_entropy_float(const float *logits, const int32_t *targets, size_t rows, size_t classes,
                         float *out);
void cross_entropy_double(const double *logits, const int32_t *targets, size_t rows, size_t classes,
                          double *out);

/* out[i] = -y log s(z) - (1 - y) log(1 - s(z)), s the sigmoid, z a logit and y its target. */
void binary_cross_entropy_float(const float *logits, const float *targets, size_t rows,
                                size_t classes, float *out);
void binary_cross_entropy_double(const double *logits, const double *targets, size_t rows,
                                 size_t classes, double *out);

#endif
