"""See tools/measure-speed."""
import argparse
import json
import os
import platform
import subprocess
import sys
import tempfile
import time

import gmpy2
import mpmath
import numpy
import scipy

import article
import measurement
from workload import Workload

FORMATS = ["float16", "bfloat16", "float32", "float64"]
# Classes and rows.
SIZES = [(1, 1 << 18), (10, 1 << 15), (1000, 256), (128_000, 2)]


def machine(benchmark):
    name, wide = "unknown processor", ""
    try:
        with open("/proc/cpuinfo") as file:
            lines = file.read().splitlines()
        name = next(line.split(":")[1].strip() for line in lines if line.startswith("model name"))
        if any("avx512f" in line.split() for line in lines):
            wide = " with AVX-512"
    except (OSError, StopIteration):
        pass
    return (
        f"{os.cpu_count()}-core {name}{wide}, {platform.system()}, {benchmark.ask('versions')}, NumPy {numpy.__version__}, "
        f"SciPy {scipy.__version__}, mpmath {mpmath.__version__}, gmpy2 {gmpy2.version()}")


def workloads(quick, aims_only):
    if aims_only:
        for function, format, classes in dict.fromkeys(aim[:3] for aim in article.AIMS):
            yield Workload(function, format, classes, next(rows for count, rows in SIZES if count == classes))
        return
    formats = ["float32", "float64"] if quick else FORMATS
    for classes, rows in SIZES[:3] if quick else SIZES:
        functions = ["cross-entropy", "cross-entropy-gradient"]
        if classes == 1:
            functions = ["softplus", "binary-cross-entropy", "binary-cross-entropy-gradient"]
        for function in functions:
            for format in formats:
                yield Workload(function, format, classes, rows)


def sweep():
    """The seconds of a whole sweep, on all cores."""
    with tempfile.TemporaryDirectory() as folder:
        start = time.monotonic()
        subprocess.run(
            [os.environ["LOSS_ORACLE"], "sweep", "softplus", "--implementation", "practical",
             "--output", f"{folder}/certificate.json"], check=True, stdout=subprocess.DEVNULL)
        return time.monotonic() - start


def measure_rest(result, benchmark, arguments):
    """What nothing was aimed at, and the targets that are no ratios."""
    softplus = Workload("softplus", "float32", 1, 1 << 18)
    result["swift_kernel"] = measurement.measure(
        benchmark, softplus, arguments.rounds, ["fast", "swift-kernel"])
    result["by_rows"] = measurement.rows_growth(
        benchmark, [0, 10] if arguments.quick else range(0, 21, 4), arguments.rounds)
    result["certified"] = measurement.certified(benchmark, 1 if arguments.quick else arguments.rounds)
    result["gradient_KiB"] = {
        classes: measurement.gradient_memory(benchmark, classes) for classes in (1 << 17, 1 << 20)}
    if not arguments.no_sweep and not arguments.quick:
        result["sweep_seconds"] = sweep()
    if arguments.avx2 and "AVX-512" in result["machine"]:
        result["without_avx512"] = without_avx512(arguments.rounds)
    print(article.targets(result), article.swift_line(result), article.times_table(result),
          article.ratios_table(result), article.growth_table(result), article.rows_table(result),
          article.certified_table(result), article.gradient_line(result), sep="\n\n")


def without_avx512(rounds):
    """The result of a run of the aims alone by kernels and a NumPy without AVX-512: a process of its own, as NumPy
    chooses its loops when it is loaded."""
    from numpy._core._multiarray_umath import __cpu_dispatch__

    left_out = [name for name in __cpu_dispatch__ if name.startswith("AVX512") or name == "X86_V4"]
    environment = {
        **os.environ, "BENCHMARK": os.environ["BENCHMARK_WITHOUT_AVX512"],
        "NPY_DISABLE_CPU_FEATURES": " ".join(left_out)}
    with tempfile.TemporaryDirectory() as folder:
        path = f"{folder}/result.json"
        subprocess.run(
            [sys.executable, "-B", os.path.dirname(os.path.abspath(__file__)), "--aims-only", "--rounds", str(rounds),
             "--json", path], env=environment, check=True, stdout=subprocess.DEVNULL)
        with open(path) as file:
            return json.load(file)


def main():
    parser = argparse.ArgumentParser(prog="tools/measure-speed")
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--no-sweep", action="store_true")
    parser.add_argument("--avx2", action="store_true")
    parser.add_argument("--aims-only", action="store_true")
    parser.add_argument("--json")
    parser.add_argument("--article")
    arguments = parser.parse_args()
    benchmark = measurement.Benchmark(os.environ["BENCHMARK"])
    result = {"machine": machine(benchmark), "rounds": arguments.rounds, "rows": []}
    for workload in workloads(arguments.quick, arguments.aims_only):
        print(f"{workload.function} {workload.format} {workload.classes}", file=sys.stderr)
        times = measurement.measure(benchmark, workload, arguments.rounds)
        result["rows"].append({
            "function": workload.function, "format": workload.format, "classes": workload.classes,
            "ns": times})
    exponents = [4, 10] if arguments.quick else range(1, 21)
    result["classes"] = {
        format: measurement.growth(benchmark, format, exponents, arguments.rounds)
        for format in ["float32", "float64"]}
    result["log_softmax"] = measurement.log_softmax_ratios(benchmark, 1 if arguments.quick else arguments.rounds)
    if not arguments.aims_only:
        measure_rest(result, benchmark, arguments)
    benchmark.close()
    if arguments.json:
        with open(arguments.json, "w") as file:
            json.dump(result, file, indent=1)
    if arguments.article:
        article.article(result, arguments.article, "--avx2 " if arguments.avx2 else "")


if __name__ == "__main__":
    main()
