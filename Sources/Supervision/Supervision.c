#ifdef __linux__
#define _GNU_SOURCE
#endif

#include "Supervision.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stddef.h>
#include <sys/select.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#ifdef __linux__
#include <sched.h>
#include <semaphore.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#endif

// The supervisor begins in the midst of a process of many threads: it calls nothing but what may be called
// in a signal handler, and allocates nothing.

enum { leashNumber = 3, errorNumber = 4, firstFree = 5, secondsToEnd = 2 };

static void tell(int32_t event, int32_t value) {
  LOEvent message = {event, value};
  // Nobody reads where the process at the other end has ended.
  while (write(leashNumber, &message, sizeof message) < 0 && errno == EINTR) continue;
}

static void ignore(int signal) {}

static void setSignals(void (*action)(int)) {
  struct sigaction standard = {.sa_handler = action};
  for (int signal = 1; signal < NSIG; signal++) sigaction(signal, &standard, NULL);
}

static void closeFrom(int first) {
#ifdef SYS_close_range
  if (syscall(SYS_close_range, first, ~0u, 0) == 0) return;
#endif
  long limit = sysconf(_SC_OPEN_MAX);
  if (limit < 0 || limit > 65536) limit = 65536;
  for (int number = first; number < limit; number++) close(number);
}

/// Kills the children that this process has by now: orphans among its descendants have become such.
static void killChildren(void) {
#ifdef __linux__
  int list = open("/proc/thread-self/children", O_RDONLY | O_CLOEXEC);
  if (list < 0) return;
  char text[4096];
  ssize_t count;
  pid_t child = 0;
  while ((count = read(list, text, sizeof text)) > 0) {
    for (ssize_t i = 0; i < count; i++) {
      if (text[i] >= '0' && text[i] <= '9') {
        child = 10 * child + (text[i] - '0');
      } else if (child > 0) {
        kill(child, SIGKILL);
        child = 0;
      }
    }
  }
  close(list);
#endif
}

/// Ends the program's group and all descendants, and tells how the program ended.
static _Noreturn void endAll(pid_t program, int isEnded, int status) {
  const struct timespec moment = {.tv_nsec = 1000000};
  for (int round = 0; round < secondsToEnd * 1000; round++) {
    kill(-program, SIGKILL);
    killChildren();
    pid_t ended;
    int itsStatus;
    while ((ended = waitpid(-1, &itsStatus, WNOHANG)) > 0) {
      if (ended == program) {
        isEnded = 1;
        status = itsStatus;
      }
    }
    if (ended < 0 && errno == ECHILD) break;
    nanosleep(&moment, NULL);
  }
  if (isEnded && WIFEXITED(status)) {
    tell(LOExited, WEXITSTATUS(status));
  } else {
    tell(LOKilled, isEnded && WIFSIGNALED(status) ? WTERMSIG(status) : SIGKILL);
  }
  _exit(0);
}

static _Noreturn void supervise(pid_t program) {
  // SIGCHLD is let in while the leash is waited for, and at no other time.
  sigset_t during;
  sigprocmask(SIG_BLOCK, NULL, &during);
  sigdelset(&during, SIGCHLD);
  for (;;) {
    pid_t child;
    int status;
    while ((child = waitpid(-1, &status, WNOHANG | WUNTRACED)) > 0) {
      if (child != program) continue;
      if (WIFSTOPPED(status)) {
        tell(LOStopped, WSTOPSIG(status));
      } else {
        endAll(program, 1, status);
      }
    }
    fd_set readable;
    FD_ZERO(&readable);
    FD_SET(leashNumber, &readable);
    if (pselect(leashNumber + 1, &readable, NULL, NULL, NULL, &during) > 0) {
      endAll(program, 0, 0);
    }
  }
}

static _Noreturn void runProgram(char *const arguments[], pid_t supervisor) {
  setpgid(0, 0);
#ifdef __linux__
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (getppid() != supervisor) _exit(127);
#endif
  setSignals(SIG_DFL);
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, NULL);
  close(leashNumber);
  execvp(arguments[0], arguments);
  int32_t reason = errno;
  while (write(errorNumber, &reason, sizeof reason) < 0 && errno == EINTR) continue;
  _exit(127);
}

/// What the supervisor does. All signals are blocked.
static _Noreturn void beSupervisor(char *const arguments[], const int streams[3], int leash) {
  int copies[4];
  for (int i = 0; i < 4; i++) {
    copies[i] = fcntl(i < 3 ? streams[i] : leash, F_DUPFD, 16);
    if (copies[i] < 0) _exit(127);
  }
  for (int i = 0; i < 4; i++) dup2(copies[i], i);
  // Others' pipes: as long as a copy is open here, their ends are not seen.
  closeFrom(errorNumber);
  fcntl(leashNumber, F_SETFD, FD_CLOEXEC);
  int errors[2];
  if (pipe(errors) != 0) _exit(127);
  setpgid(0, 0);
  setSignals(SIG_IGN);
  struct sigaction wake = {.sa_handler = ignore};
  sigaction(SIGCHLD, &wake, NULL);
#ifdef __linux__
  prctl(PR_SET_CHILD_SUBREAPER, 1);
#endif
  pid_t supervisor = getpid();
#ifdef __linux__
  pid_t program = vfork();
#else
  pid_t program = fork();
#endif
  if (program < 0) {
    tell(LONotStarted, errno);
    _exit(0);
  }
  if (program == 0) {
    close(errors[0]);
    dup2(errors[1], errorNumber);
    closeFrom(firstFree);
    fcntl(errorNumber, F_SETFD, FD_CLOEXEC);
    runProgram(arguments, supervisor);
  }
  close(errors[1]);
  int nothing = open("/dev/null", O_RDWR);
  for (int i = 0; i < 3; i++) dup2(nothing, i);
  // Nothing comes where the program has begun: its end of the pipe is closed then.
  int32_t reason = 0;
  ssize_t count;
  do count = read(errors[0], &reason, sizeof reason);
  while (count < 0 && errno == EINTR);
  if (count == sizeof reason) {
    tell(LONotStarted, reason);
    waitpid(program, NULL, 0);
    _exit(0);
  }
  closeFrom(errorNumber);
  tell(LOStarted, program);
  supervise(program);
}

#ifdef __linux__

// A fork that lives on makes a page fault and a copy of each page that its parent writes. The supervisor
// needs none of that memory, so it shares it, as a thread does, and is a process in all else. It shares
// errno, too, with the thread that begets it. So that thread is made for it: it lends the supervisor its
// stack, and does nothing but wait until the supervisor has ended.

enum { stackSize = 128 << 10 };

typedef struct {
  char *const *arguments;
  const int *streams;
  int leash;
  /// What the caller waits for: the supervisor runs, or there is none, for a reason.
  sem_t isAnswered;
  pid_t supervisor;
  int reason;
} Order;

static int followOrder(void *given) {
  const Order *order = given;
  beSupervisor(order->arguments, order->streams, order->leash);
}

/// Begets the supervisor, and lends it this thread's errno and stack to its end.
static void *hostSupervisor(void *given) {
  Order *caller = given, order = *caller;
  int streams[3] = {order.streams[0], order.streams[1], order.streams[2]};
  order.streams = streams;
  _Alignas(16) char stack[stackSize];
  pid_t supervisor = clone(followOrder, stack + stackSize, CLONE_VM | SIGCHLD, &order);
  caller->supervisor = supervisor;
  if (supervisor < 0) caller->reason = errno;
  sem_post(&caller->isAnswered);
  // All signals are blocked here. Whoever reads the leash reaps it.
  siginfo_t ending;
  if (supervisor > 0) waitid(P_PID, supervisor, &ending, WEXITED | WNOWAIT);
  return NULL;
}

static pid_t makeSupervisor(char *const arguments[], const int streams[3], int leash) {
  Order order = {.arguments = arguments, .streams = streams, .leash = leash, .supervisor = -1};
  sem_init(&order.isAnswered, 0, 0);
  pthread_attr_t detached;
  pthread_attr_init(&detached);
  pthread_attr_setdetachstate(&detached, PTHREAD_CREATE_DETACHED);
  pthread_t host;
  order.reason = pthread_create(&host, &detached, hostSupervisor, &order);
  if (order.reason == 0) while (sem_wait(&order.isAnswered) != 0) continue;
  pthread_attr_destroy(&detached);
  sem_destroy(&order.isAnswered);
  errno = order.reason;
  return order.supervisor;
}

#else

static pid_t makeSupervisor(char *const arguments[], const int streams[3], int leash) {
  pid_t supervisor = fork();
  if (supervisor == 0) beSupervisor(arguments, streams, leash);
  return supervisor;
}

#endif

pid_t LOSupervise(char *const arguments[], const int streams[3], int *leash) {
  int ends[2];
#ifdef SOCK_CLOEXEC
  if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0) return -1;
#else
  if (socketpair(AF_UNIX, SOCK_STREAM, 0, ends) != 0) return -1;
  for (int i = 0; i < 2; i++) fcntl(ends[i], F_SETFD, FD_CLOEXEC);
#endif
  // No handler of this process is to run in the other before it has its own.
  sigset_t all, before;
  sigfillset(&all);
  pthread_sigmask(SIG_BLOCK, &all, &before);
  pid_t supervisor = makeSupervisor(arguments, streams, ends[1]);
  int reason = errno;
  pthread_sigmask(SIG_SETMASK, &before, NULL);
  close(ends[1]);
  if (supervisor < 0) {
    close(ends[0]);
    errno = reason;
    return -1;
  }
  *leash = ends[0];
  return supervisor;
}
