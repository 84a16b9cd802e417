/* The C interface of LossOracle: exact losses and gradients, distances from them in ulps, and the search
 * for the input at which a function of the caller's is furthest off.
 *
 * Everything may be called from any thread at any time. A call returns LO_OK or says what went wrong:
 * the status says what kind of thing, lo_error_text what exactly and what to do. A wrong argument is an
 * error like any other; what no library can find out is a pointer that does not lead to as many
 * numbers as the call says.
 *
 * Arrays are plain memory of the caller's, row by row, each number in the machine's byte order as its
 * format has it. They need not be aligned. Texts are UTF-8 and end in a zero byte.
 *
 * The calls compute with the floating-point environment that their proofs assume, whatever the caller's
 * is, and leave the caller's as it was, its exception flags too.
 */
#ifndef LOSS_ORACLE_H
#define LOSS_ORACLE_H

#include <stddef.h>
#include <stdint.h>

#if defined(__clang__)
#pragma clang diagnostic push
#pragma clang diagnostic ignored "-Wnullability-extension"
#define LO_NULLABLE _Nullable
#else
#define LO_NULLABLE
#endif

#ifdef __cplusplus
extern "C" {
#endif

/* The version of this interface. What a later one adds leaves what is here as it is, or else the first
 * part grows. */
#define LO_INTERFACE_VERSION 1

/* What came of a call. */
typedef int32_t lo_status;
enum {
  LO_OK = 0,
  LO_INVALID_ARGUMENT = 1, /* a missing pointer, an unknown name, counts that do not go together */
  LO_INVALID_INPUT = 2,    /* numbers that the function is not defined for, a wrong label among them */
  LO_INVALID_HANDLE = 3,   /* one that never was, that has been released, or that is of another kind */
  LO_UNDECIDED = 4,        /* no theorem settles some values; they are NaN, the others are right */
  LO_WAITING = 5,          /* nothing to answer yet: ask again */
  LO_FINISHED = 6,         /* the trial is over: there is nothing more to answer */
  LO_FORKED = 7,           /* the process was forked after a trial had begun: begin it in the parent */
  LO_FAILED = 8,           /* anything else */
};

/* LO_INTERFACE_VERSION as the library was built with it. */
uint32_t lo_interface_version(void);

/* The version of the package, such as "0.4.0". */
const char *LO_NULLABLE lo_package_version(void);

/* What went wrong in the last call of this thread that did not return LO_OK. The text is good until the
 * next such call. */
const char *LO_NULLABLE lo_error_text(void);

/* Something that the library keeps for the caller until it is released: a text or a trial. No number is
 * given out twice, and 0 is none. */
typedef uint64_t lo_handle;

/* Releases a handle. A trial that is under way is cancelled. */
lo_status lo_release(lo_handle handle);

/* Copies a text: at most `capacity` bytes of it, and a zero byte after it where there is room.
 * `length` is set to the number of bytes that it has. Either pointer may be null. */
lo_status lo_text_read(
    lo_handle text, char *LO_NULLABLE buffer, size_t capacity, size_t *LO_NULLABLE length);

/* What there is, a JSON object: "functions", each with its name, its options, and whether it takes one
 * logit a row ("binary"), has a target, and gives an output for each class; "formats" with their
 * size in bytes; "families"; "roundings"; "reductions"; "claims". */
lo_status lo_catalogue(lo_handle *LO_NULLABLE text);

/* Rows of logits, what they are compared with, and what a gradient is multiplied by. */
typedef struct lo_rows {
  size_t size;                   /* sizeof(lo_rows) */
  const char *LO_NULLABLE format;/* of logits and probabilities: float16, bfloat16, float32, … */
  size_t row_count;
  size_t class_count;            /* logits of a row; 1 for the functions of one logit */
  const void *LO_NULLABLE logits;        /* row_count × class_count numbers */
  const int64_t *LO_NULLABLE labels;     /* row_count class indices, or null */
  const void *LO_NULLABLE probabilities; /* row_count × class_count numbers, or null */
  const void *LO_NULLABLE grad_output;   /* what a gradient is multiplied by, or null: row_count numbers, or
                                          * row_count × class_count for the gradients of softmax and log-softmax.
                                          * Of merged-cross-entropy, whose logits are the maxima of shards, their
                                          * class_count sums and then their logits of the target, for each row.
                                          * A `size` without it is taken, too. */
  const void *LO_NULLABLE target_logits; /* row_count × class_count logits that are the target, or null. A `size`
                                          * without them is taken, too. */
} lo_rows;

/* What is to be computed of rows. A null text stands for what is named first. */
typedef struct lo_question {
  size_t size;                           /* sizeof(lo_question) */
  const char *LO_NULLABLE function;      /* "cross-entropy", …; it must be given */
  const char *LO_NULLABLE options;       /* "{}": a JSON object such as {"label_smoothing": 0.1} */
  const char *LO_NULLABLE reduction;     /* "none", "mean", "sum"; the option "denominator" of a mean says what it
                                          * divides by: "weights", "valid-rows", "rows", "all-weights",
                                          * "nonzero-weights", "weights-z-loss-by-rows", "values", or a call's name
                                          * such as "keras" */
  const char *LO_NULLABLE output_format; /* that of the rows */
  const char *LO_NULLABLE rounding;      /* "nearest-even", "toward-zero", "up", "down" */
} lo_question;

/* The number of values that a question has: one a row or one a class, or one for a reduced loss. */
lo_status lo_value_count(
    const lo_question *LO_NULLABLE question, const lo_rows *LO_NULLABLE rows,
    size_t *LO_NULLABLE count);

/* The exact values, each correctly rounded.
 *
 * `count` is the number of places in `values`, that of lo_value_count. LO_UNDECIDED where no theorem
 * settles a value: those rows are NaN. After any other error but that, `values` may hold anything. */
lo_status lo_values(
    const lo_question *LO_NULLABLE question, const lo_rows *LO_NULLABLE rows,
    void *LO_NULLABLE values, size_t count);

/* For each exact value the numbers of the output format that enclose it: the greatest that is not
 * above it, and the least that is not below it; the same number twice where the format holds the value.
 * The rounding of the question is not looked at. */
lo_status lo_enclosures(
    const lo_question *LO_NULLABLE question, const lo_rows *LO_NULLABLE rows,
    void *LO_NULLABLE lower, void *LO_NULLABLE upper, size_t count);

/* How far computed values are from the exact ones: |computed − exact| in units in the last place of the
 * output format at the exact value; infinite where the one is finite and the other is not. The error is
 * that of the exact value, so it is 0.5 at most of a correctly rounded one, and known to 2^-15.
 * NaN where no theorem settles the exact value (LO_UNDECIDED). */
lo_status lo_ulp_errors(
    const lo_question *LO_NULLABLE question, const lo_rows *LO_NULLABLE rows,
    const void *LO_NULLABLE computed, size_t count, double *LO_NULLABLE ulps);

/* A linear layer and the labels of its rows: the logits are hidden · weightᵀ + bias, exactly. */
typedef struct lo_layer {
  size_t size;                    /* sizeof(lo_layer) */
  const char *LO_NULLABLE format; /* of all its numbers: one of at most 32 bits */
  size_t row_count;
  size_t class_count;
  size_t width;                       /* the features of a row */
  const void *LO_NULLABLE hidden;     /* row_count × width numbers */
  const void *LO_NULLABLE weight;     /* class_count × width numbers */
  const void *LO_NULLABLE bias;       /* class_count numbers, −∞ for a class that is masked, or null */
  const int64_t *LO_NULLABLE labels;  /* row_count class indices */
  /* row_count numbers that the rows' gradients are multiplied by where the reduction is "none", or null; since 0.2,
   * and so may be missing. */
  const void *LO_NULLABLE grad_output;
} lo_layer;

/* The exact cross-entropy of a layer, or its gradient by "hidden" (row_count × width values), "weight"
 * (class_count × width) or "bias" (class_count); a null `parameter` is the loss, one a row or one in all. A
 * gradient is that of the sum, or of the mean. The question's function is "linear-cross-entropy", its options
 * are class_weights, label_smoothing, ignore_index, scale, softcap, temperature and z_loss; the rest is as in
 * lo_values. */
lo_status lo_layer_values(
    const lo_question *LO_NULLABLE question, const lo_layer *LO_NULLABLE layer,
    const char *LO_NULLABLE parameter, void *LO_NULLABLE values, size_t count);

/* How far computed losses or gradients of a layer are from the exact ones: see lo_ulp_errors. */
lo_status lo_layer_ulp_errors(
    const lo_question *LO_NULLABLE question, const lo_layer *LO_NULLABLE layer,
    const char *LO_NULLABLE parameter, const void *LO_NULLABLE computed, size_t count,
    double *LO_NULLABLE ulps);

/* Draws a layer of a family, such as "normal" or "cancelling-sums": writes row_count × width hidden numbers,
 * class_count × width weights, class_count biases where `bias` is not null, and row_count labels, of which those of
 * "ignored-rows" may be −100. The same arguments draw the same layer. */
lo_status lo_layer_draw(
    const char *LO_NULLABLE family, const char *LO_NULLABLE format, size_t row_count,
    size_t class_count, size_t width, uint64_t seed, void *LO_NULLABLE hidden,
    void *LO_NULLABLE weight, void *LO_NULLABLE bias, int64_t *LO_NULLABLE labels);

/* Holds computed losses or gradients of a layer against a claim: "common", "faithful", "correctly-rounded" or
 * "ulp:N". The text, which lo_text_read reads, is a JSON object: "verdict" ("passed", "fell short" or "incomplete"),
 * "failures", "undecided", "maxUlp" (a text), "text" (for people), and "mistakes", those that explain the outputs. */
lo_status lo_layer_check(
    const lo_question *LO_NULLABLE question, const lo_layer *LO_NULLABLE layer,
    const char *LO_NULLABLE parameter, const void *LO_NULLABLE computed, size_t count,
    const char *LO_NULLABLE claim, lo_handle *LO_NULLABLE text);

/* How many steps from one number of a format to the next lie between two: 0 for the same number, for
 * both zeros and for two NaN, and infinite between NaN and a number. */
lo_status lo_ulp_distances(
    const char *LO_NULLABLE format, const void *LO_NULLABLE a, const void *LO_NULLABLE b,
    size_t count, double *LO_NULLABLE distances);

/* Begins a trial: the families of cases and a search for the worst, held against a claim.
 *
 * The specification is a JSON object, of which all but the function may be left out:
 *   "function", "format" ("float32"), "outputFormat", "options" (a text, itself a JSON object),
 *   "reduction" ("mean", "sum": each batch is one question), "outputs" (["loss", "gradient"] where one call of the
 *   caller's gives both, of which the function is judged), "claim" ("common", or "ulp:2" and so on),
 *   "specialValues" ("apart", "strict"),
 *   "subnormals" ("keep", or "flush" where hardware has them as 0),
 *   "families" (names; left out, the usual ones, and first the rows that have broken others),
 *   "cases" (of each family), "search" (cases of the search),
 *   "leastClasses", "greatestClasses", "seed", "known" (the text of a file of witnesses: its cases
 *   are tried first), "subject" (what it is called in reports), "again" (the line that does it again),
 *   "replay" (the line that judges a finding again; {witness} in it is replaced by a file of it,
 *   or by FILE where that is too long for a line).
 *
 * The trial asks: get each batch of rows with lo_trial_next, compute it wherever and however you like,
 * and give the outputs to lo_trial_answer, until LO_FINISHED. */
lo_status lo_trial_start(const char *LO_NULLABLE specification, lo_handle *LO_NULLABLE trial);

/* A batch of rows to be computed. The pointers are good until it is answered or the trial released. */
typedef struct lo_batch {
  size_t size;       /* sizeof(lo_batch), to be set by the caller */
  uint64_t number;   /* that the answer is to name */
  size_t row_count;
  size_t class_count;
  size_t outputs_per_row;
  const void *LO_NULLABLE logits;
  const int32_t *LO_NULLABLE labels;     /* null where the target is not a class index */
  const void *LO_NULLABLE probabilities; /* null where the target is not a list of them */
  const void *LO_NULLABLE grad_output;   /* null where the function takes none; not written where `size` is
                                          * without it */
  size_t grad_outputs_per_row;           /* the numbers of it for each row */
  const void *LO_NULLABLE target_logits; /* null where the target is no logits; not written where `size` is
                                          * without it */
} lo_batch;

/* Waits for the next batch, for so many seconds at most, of which short ones leave room for signals.
 * LO_WAITING where there is none by then; LO_FINISHED after the last. Asked again before it is
 * answered, it gives the same batch. */
lo_status lo_trial_next(lo_handle trial, double seconds, lo_batch *LO_NULLABLE batch);

/* What is wrong with one row of an answer. */
typedef struct lo_failure {
  size_t row;
  const char *LO_NULLABLE kind;    /* "crash", "hang", "output-count", "garbage", "unsupported", … */
  const char *LO_NULLABLE message; /* what happened, in a line */
} lo_failure;

/* Answers a batch: row_count × outputs_per_row numbers of the output format, and what is wrong with the
 * rows that have none, whose numbers are not looked at. With a reduction it is one number for all rows, though the
 * gradients of these still row by row; what is wrong with one is wrong with the batch. */
lo_status lo_trial_answer(
    lo_handle trial, uint64_t number, const void *LO_NULLABLE outputs, size_t output_count,
    const lo_failure *LO_NULLABLE failures, size_t failure_count);

/* Ends a trial before its time; its report says that it is incomplete. */
lo_status lo_trial_cancel(lo_handle trial);

/* How many cases have been judged, and how many there are in all. */
lo_status lo_trial_progress(lo_handle trial, uint64_t *LO_NULLABLE done, uint64_t *LO_NULLABLE total);

/* The report of a trial that is finished: "json", "markdown", "junit", "html", the bytes of the command's;
 * "findings", a text for people; "verdict", the grade that was reached, what keeps from the next better one,
 * and the verdict, a line each; or "witnesses", a file of the failing cases. */
lo_status lo_trial_report(
    lo_handle trial, const char *LO_NULLABLE layout, lo_handle *LO_NULLABLE text);

/* Writes the cases of families and their exact values to a file, the bytes of `loss-oracle generate`. The
 * specification is a JSON object: "function", "format", "options" (a text, itself a JSON object), "families",
 * "count", "classes", "seed"; and of .safetensors "classAxis" 1 and "inner", for tensors [outer, classes, inner], or "classAxis" 0, classes first.
 * The path ends in .json or .safetensors. */
lo_status lo_fixtures_write(const char *LO_NULLABLE specification, const char *LO_NULLABLE path);

#ifdef __cplusplus
}
#endif

#if defined(__clang__)
#pragma clang diagnostic pop
#endif

#endif
