"""tools/crosscheck, once its environment stands: plan, run in processes, add up, judge."""
import multiprocessing
import signal
import sys

import arguments
import comparison
import plan
import refusals
from formats import format_named
from lines import FUNCTIONS
from oracle import Oracle
from summary import Summary


def prepare_worker():
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent ends the pool
    sys.set_int_max_str_digits(0)  # exact decimals may be long


def main():
    options = arguments.parse(sys.argv[1:])
    try:
        for name in options.format or ():
            format_named(name)
        unknown = set(options.function or ()) - set(FUNCTIONS)
        if unknown:
            raise ValueError(f"{', '.join(sorted(unknown))} is not a function")
    except ValueError as error:
        print(error, file=sys.stderr)
        return 64
    version = None
    if not options.self_check:
        try:
            version = Oracle(options.binary).version()
        except OSError as error:
            print(f"{options.binary} cannot be started: {error.strerror}", file=sys.stderr)
            return 69
    settings = comparison.Settings(
        None if options.self_check else str(options.binary), arb=options.backend != "mpmath",
        mpmath_share={"both": options.mpmath_share, "mpmath": 1, "arb": 0}[options.backend])
    if options.exhaustive_float16:
        tasks = list(plan.exhaustive_tasks(options.seed, options.function))
    else:
        tasks = list(plan.random_tasks(options.values, options.seed, options.function,
                                       options.format))
    summary = Summary(options)
    summary.total = len(tasks)
    interrupted = False
    if version is not None and not options.exhaustive_float16:
        summary.add(refusals.check(settings.binary, options.function))
    with multiprocessing.Pool(options.jobs, initializer=prepare_worker) as pool:
        try:
            for outcome in pool.imap_unordered(comparison.run,
                                               [(task, settings) for task in tasks]):
                summary.add(outcome)
                summary.progress()
        except KeyboardInterrupt:
            interrupted = True
            pool.terminate()
    print(summary.text())
    if options.output:
        summary.write(options.output, version)
    if interrupted:
        return 130
    return 1 if summary.tallies["mismatches"] else 0


if __name__ == "__main__":
    sys.exit(main())
