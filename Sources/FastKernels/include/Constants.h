// The constants of the kernels, one a line, where `tools/proofs/run` reads them from: it derives each
// bound anew for these very numbers, and fails if one is too small.

#ifndef LOSS_ORACLE_CONSTANTS_H
#define LOSS_ORACLE_CONSTANTS_H

// 1/log 2, to choose k by.
static const double lo_inverseLog2 = 0x1.71547652b82fep0;
// log 2 to 40 bits, so that what its product by k leaves is exact, and the rest.
static const double lo_log2High = 0x1.62e42fefa4p-1;
static const double lo_log2Low = -0x1.8432a1b0e2634p-43;
// Adding and taking it away rounds to an integer; what it leaves in the last bits is that integer.
static const double lo_rounder = 0x1.8p52;
// Beyond this |z| counts as this: e^(-126) < 2^-181 is below all halves of least subnormals.
static const double lo_greatestMagnitude = 126.0;

// e^r ~ 1 + r + r^2*(e2 + e3*r + ...) for |r| <= 0.34658.
static const double lo_e2 = 0x1.000000000000ap-1;
static const double lo_e3 = 0x1.55555555554fep-3;
static const double lo_e4 = 0x1.55555555506bcp-5;
static const double lo_e5 = 0x1.1111111126b36p-7;
static const double lo_e6 = 0x1.6c16c18477083p-10;
static const double lo_e7 = 0x1.a01a012fee99cp-13;
static const double lo_e8 = 0x1.a019995efb00fp-16;
static const double lo_e9 = 0x1.71df18ef76144p-19;
static const double lo_e10 = 0x1.28adfccb26cd8p-22;
static const double lo_e11 = 0x1.ad92e899366cbp-26;

// artanh(u)/u ~ 1 + s*(a0 + a1*s + ...), s = u^2 <= 1/9.
static const double lo_a0 = 0x1.5555555555555p-2;
static const double lo_a1 = 0x1.999999999a27cp-3;
static const double lo_a2 = 0x1.24924923df843p-3;
static const double lo_a3 = 0x1.c71c726c171afp-4;
static const double lo_a4 = 0x1.745cf154e858p-4;
static const double lo_a5 = 0x1.3b18a6cd11a3ep-4;
static const double lo_a6 = 0x1.10acf6187626fp-4;
static const double lo_a7 = 0x1.eb8a175c66bdap-5;
static const double lo_a8 = 0x1.688edd078a774p-5;
static const double lo_a9 = 0x1.4afd63d03d427p-4;

// Proven relative errors, by tools/proofs/exponential.sollya and artanh.sollya, which build on the
// roundings that reduction.gappa, exponential.gappa, quotient.gappa and artanh.gappa prove.

// Of the polynomial for e^r.
static const double lo_exponentialApproximation = 0x1p-57;
// Of the polynomial for artanh(u)/u.
static const double lo_artanhApproximation = 0x1p-57;
// Of the computed e^(-|z|).
static const double lo_exponentialBound = 0x1.59p-53;
// Of the computed log1p(e^(-|z|)), and |z| + log1p(e^(-|z|)).
static const double lo_lossBound = 0x1.b0p-51;
// Of the computed sigmoid, e^(-|z|)/(1 + e^(-|z|)) or 1/(1 + e^(-|z|)).
static const double lo_sigmoidBound = 0x1.afp-52;

// The factors of the rounding test: the product of a computed value and the one, rounded, lies
// below the exact value; by the other, above.
static const double lo_below = 0x1.ffffffffffff8p-1;
static const double lo_above = 0x1.0000000000004p0;

// --- Targets between 0 and 1, and losses of probabilities, by tools/proofs/targets.sollya ---

// A gradient sigmoid(z) - y is left to others below this share of the lesser sigmoid: it cancels.
static const double lo_leastRest = 0x1p-11;
// Of the others, and the factors of their rounding test, as above.
static const double lo_softGradientBound = 0x1.18p-40;
static const double lo_softBelow = 0x1.fffffffffdcfbp-1;
static const double lo_softAbove = 0x1.0000000001183p0;
// artanh(u)/u ~ 1 + s*(g0 + g1*s + ...), s = u^2 <= 0.02946, for logarithms of numbers from sqrt(1/2) to sqrt 2.
static const double lo_g0 = 0x1.5555555555558p-2;
static const double lo_g1 = 0x1.999999999529fp-3;
static const double lo_g2 = 0x1.2492492dff073p-3;
static const double lo_g3 = 0x1.c71c62d1a5005p-4;
static const double lo_g4 = 0x1.7462ba833838p-4;
static const double lo_g5 = 0x1.39fd9d8785aedp-4;
static const double lo_g6 = 0x1.2b619d6822835p-4;
// Of that polynomial.
static const double lo_narrowApproximation = 0x1.8p-58;
// Of a loss of a probability, whatever the target, and of its derivative.
static const double lo_probabilityBound = 0x1.25p-50;
// Of a sum of up to 2^30 losses of one logit or probability each.
static const double lo_lossSumBound = 0x1.a0p-48;

// --- Rows, by tools/proofs/rows.sollya ---

// Beyond this, a difference of logits counts as this: e^-200 < 2^-288 is nothing beside 2^-150.
static const double lo_greatestDifference = 200.0;
// e^r ~ 1 + r + r^2*(t2 + t3*r + ...) for |r| <= 0.34658, of one term less.
static const double lo_t2 = 0x1.ffffffffffed2p-2;
static const double lo_t3 = 0x1.55555555507c2p-3;
static const double lo_t4 = 0x1.5555555589108p-5;
static const double lo_t5 = 0x1.11111125b4884p-7;
static const double lo_t6 = 0x1.6c16c0c8265a8p-10;
static const double lo_t7 = 0x1.a0198d55fec78p-13;
static const double lo_t8 = 0x1.a01b7c63ed5bdp-16;
static const double lo_t9 = 0x1.72e91d9fabcf2p-19;
static const double lo_t10 = 0x1.270799d7db47ep-22;
// Of the computed e^d, the error of d apart.
static const double lo_termBound = 0x1.fdp-52;
// Rows of more classes are left to MPFR.
static const double lo_greatestClassCount = 16777216.0;
// A log-sum-exp of two logits below 0 is left to others where it is less than this share of the tail: it cancels.
static const double lo_leastSum = 0x1p-6;
// Of a sum of e^(x - m) over the classes.
static const double lo_sumBound = 0x1.aep-47;
// Of log1p(sum).
static const double lo_logarithmBound = 0x1.c1p-47;
// Of a loss |m - x| + log1p(sum).
static const double lo_rowBound = 0x1.cbp-47;
// Of an exponential, or a sum, divided by the sum of all.
static const double lo_quotientBound = 0x1.6ep-46;
// The factors of the rounding test of rows, as above.
static const double lo_rowBelow = 0x1.fffffffffff48p-1;
static const double lo_rowAbove = 0x1.000000000005dp0;
// The same of gradients times a factor that is rounded, which a mean is made of.
static const double lo_meanBelow = 0x1.fffffffffff45p-1;
static const double lo_meanAbove = 0x1.000000000005ep0;

// --- Double-double arithmetic for float64, by tools/proofs/wide-reduction.gappa, wide-series.gappa and wide.sollya ---

// 128/log 2, and log 2/128: to 36 bits, so that its product by n is exact, and the rest in two parts.
static const double lo_inverseLog2Part = 0x1.71547652b82fep7;
static const double lo_log2PartHigh = 0x1.62e42fefa0000p-8;
static const double lo_log2PartMiddle = 0x1.cf79abc9e3b3ap-47;
static const double lo_log2PartLow = -0x1.ff0342542fc33p-101;
// 1/3! in two parts, 1/4!, 1/5!, ...
static const double lo_w3High = 0x1.5555555555555p-3;
static const double lo_w3Low = 0x1.5555555555555p-57;
static const double lo_w4 = 0x1.5555555555555p-5;
static const double lo_w5 = 0x1.1111111111111p-7;
static const double lo_w6 = 0x1.6c16c16c16c17p-10;
static const double lo_w7 = 0x1.a01a01a01a01ap-13;
static const double lo_w8 = 0x1.a01a01a01a01ap-16;
static const double lo_w9 = 0x1.71de3a556c734p-19;
// Beyond this |z|, or difference, counts as this.
static const double lo_greatestWideMagnitude = 600.0;
// e^x below this is less than 2^-1075, half the least subnormal number.
static const double lo_leastLogit = -746.0;
// Sums below this are left to MPFR: a cut term is nothing beside it.
static const double lo_leastWide = 0x1p-750;
// Of e^x.
static const double lo_wideExponentialBound = 0x1p-89;
// Of log1p, the error of its argument apart.
static const double lo_wideLogarithmBound = 0x1.4p-81;
// Of a sum of e^(x - m) over the classes.
static const double lo_wideSumBound = 0x1.ap-88;
// Of all values, for the rounding test.
static const double lo_wideBound = 0x1.8p-81;

// --- A first try at values of float64, by tools/proofs/quick.gappa and quick.sollya ---

// (-1)^(k + 1)/k in log1p(r).
static const double lo_l3 = 0x1.5555555555555p-2;
static const double lo_l4 = -0x1.0p-2;
static const double lo_l5 = 0x1.999999999999ap-3;
static const double lo_l6 = -0x1.5555555555555p-3;
static const double lo_l7 = 0x1.2492492492492p-3;
static const double lo_l8 = -0x1.0p-3;
static const double lo_l9 = 0x1.c71c71c71c71cp-4;
// Of e^x.
static const double lo_quickExponentialBound = 0x1.cp-70;
// Of log1p, the error of its argument apart.
static const double lo_quickLogarithmBound = 0x1.4p-65;
// Of a sum of e^(x - m) over the classes.
static const double lo_quickSumBound = 0x1.cp-70;
// Of a softplus, for the rounding test.
static const double lo_quickBound = 0x1.5p-65;
// Of the log1p of a sum, that of about 80 bits.
static const double lo_quickRowBound = 0x1.c1p-70;
// Of a logarithm of a probability made of it, for the rounding test.
static const double lo_quickLogBound = 0x1.c2p-70;

#endif
