// A block of threads on a CPU: they are fibers, which take turns at each barrier. It tells whether a kernel
// computes the right values, and nothing of its speed.
#pragma once
#include <math.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <ucontext.h>
#ifndef THREADS
#define THREADS 8
#endif
struct place { unsigned x; };
static place blockIdx, threadIdx;

namespace fibers {
enum { STACK = 1 << 16 };
static ucontext_t caller, threads[THREADS];
static char stacks[THREADS][STACK];
static bool is_done[THREADS];
static void (*body)(void *);
static void *argument;
static void start() {
  body(argument);
  is_done[threadIdx.x] = true;
  swapcontext(&threads[threadIdx.x], &caller);
}
// Runs a kernel's block: every thread up to its next __syncthreads, again and again.
template <typename F> void run(unsigned block, F kernel) {
  blockIdx.x = block, argument = &kernel, body = [](void *k) { (*(F *)k)(); };
  for (int i = 0; i < THREADS; i++) {
    getcontext(&threads[i]);
    threads[i].uc_stack.ss_sp = stacks[i], threads[i].uc_stack.ss_size = STACK, is_done[i] = false;
    makecontext(&threads[i], start, 0);
  }
  for (bool some = true; some;) {
    some = false;
    for (unsigned i = 0; i < THREADS; i++)
      if (!is_done[i]) some = true, threadIdx.x = i, swapcontext(&caller, &threads[i]);
  }
}
}  // namespace fibers
static void barrier() {
  unsigned i = threadIdx.x;
  swapcontext(&fibers::threads[i], &fibers::caller);
}

