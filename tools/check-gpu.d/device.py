"""All implementations on the device, side by side, within a number of seconds."""

from __future__ import annotations

import datetime
import json
import os
import platform
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import catalogue
from parcel import Result, pack

HERE = Path(__file__).resolve().parent
# Of 15 MB each, and the index and a log.
MOST_FILES = 4
# To collect and compress what there is.
RESERVE = 40
SEARCHED = ("float32", "bfloat16")
# Programs that write a list of what they found, each in a process of its own, by the name in `--only`.
PROBES = {"search": "searches", "compiled": "compiled"}


class Device:
    def __init__(self, folder: Path, output: Path, seconds: float, device: str):
        self.folder, self.output, self.device = folder, output, device
        self.began = time.monotonic()
        self.deadline = self.began + max(seconds - RESERVE, seconds / 2)
        self.printing = threading.Lock()

    def run(self, keys: list[str], formats: list[str]) -> int:
        """Runs them and packs what they gave; how many gave something."""
        tasks = [(each.key, format) for each in catalogue.ALL for format in each.formats]
        tasks = [task for task in tasks if task[0] in keys and task[1] in formats]
        # In float32 and bfloat16 first, and of those what takes long.
        tasks.sort(key=lambda task: (
            task[1] not in SEARCHED, catalogue.SLOW.index(task[0]) if task[0] in catalogue.SLOW else 99))
        probes = [(key, format) for key in PROBES for format in SEARCHED if format in formats and key in keys]
        with tempfile.TemporaryDirectory() as folder:
            temporary = Path(folder)
            # They wait for the device and their own start as much as they compute.
            workers = (os.cpu_count() or 1) * 3 // 2
            with ThreadPoolExecutor(max_workers=workers) as pool:
                ended = list(pool.map(lambda task: self.ask(*task, temporary), probes + tasks))
            outputs, problems = [], []
            found: dict[str, list[dict]] = {name: [] for name in PROBES.values()}
            for task, ending in zip(probes + tasks, ended, strict=True):
                if task[0] in PROBES:
                    path = temporary / f"{task[0]}-{task[1]}.json"
                    found[PROBES[task[0]]] += json.loads(path.read_text()) if path.exists() else [
                        {"call": task[0], "format": task[1], "problem": ending or "no answer"}]
                    continue
                done, failed = self.journal(*task, temporary)
                outputs += done
                problems += failed
                if ending:
                    problems.append({"implementation": task[0], "format": task[1], "problem": ending})
            order = {each.key: number for number, each in enumerate(catalogue.ALL)}
            outputs.sort(key=lambda each: order[each[0].implementation])
            index, left_out = pack(outputs, self.output, MOST_FILES)
        problems += [
            {"implementation": each.implementation, "format": each.format, "function": each.function,
             "inputs": each.inputs, "problem": "no place in the files of outputs"} for each in left_out]
        self.write({"results": index, "problems": problems, **found})
        self.say(f"{len(index)} outputs, {len(problems)} problems, {len(found['searches'])} searches")
        return len(index)

    def ask(self, key: str, format: str, temporary: Path) -> str | None:
        """Runs one process, and gives what it could not say of its end itself."""
        began = time.monotonic()
        left = self.deadline - began
        if left < 5:
            return "no time was left"
        program = [sys.executable, "-B", str(HERE / (f"{key}.py" if key in PROBES else "evaluate.py"))]
        arguments = (
            [format, self.device, str(temporary / f"{key}-{format}.json")] if key in PROBES
            else [str(self.folder), str(temporary), key, format, self.device])
        # As many processes as there are cores need no threads, and no pools of compilers, of their own.
        environment = os.environ | {"OMP_NUM_THREADS": "1", "TORCHINDUCTOR_COMPILE_THREADS": "1"}
        ending = None
        try:
            ran = subprocess.run(
                [*program, *arguments], env=environment, timeout=left, stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, errors="replace")
            if ran.returncode != 0:
                last = (ran.stderr.strip().splitlines() or [""])[-1]
                ending = f"ended with status {ran.returncode}: {last[:300]}"
        except subprocess.TimeoutExpired:
            ending = "the time was up"
        said = f"{time.monotonic() - began:4.0f} s"
        if key not in PROBES:
            done, failed = self.journal(key, format, temporary)
            said += f", {len(done)} outputs, {len(failed)} problems"
            said += "".join(f"; {each['problem']}" for each in failed[:1])
        self.say(f"{key} {format}: {said}{f'; {ending}' if ending else ''}")
        return ending

    @staticmethod
    def journal(key: str, format: str, temporary: Path) -> tuple[list[tuple[Result, Path]], list[dict]]:
        path = temporary / f"{key}-{format}.jsonl"
        done, failed = [], []
        for text in path.read_text().splitlines() if path.exists() else []:
            line = json.loads(text)
            if "result" in line:
                shape = tuple(line["result"].pop("shape"))
                done.append((Result(**line["result"], shape=shape), temporary / line["path"]))
            else:
                failed.append({"implementation": key, "format": format, **line})
        return done, failed

    def write(self, found: dict) -> None:
        packages = sorted({name for each in catalogue.ALL for name in each.packages} | {"loss_oracle", "numpy"})
        machine = {
            "date": datetime.date.today().isoformat(), "device": self.description(),
            "host": f"{platform.system()} {platform.machine()}, {os.cpu_count()} cores, "
                    f"Python {platform.python_version()}",
            "versions": {name: known for name in packages if (known := _version(name))} | self.compilers(),
            "seconds": round(time.monotonic() - self.began, 1)}
        (self.output / "run.json").write_text(json.dumps(machine | found, indent=1))

    def description(self) -> str:
        if self.device == "cpu":
            return "CPU (rehearsal)"
        lines = _printed("nvidia-smi", "--query-gpu=name,driver_version", "--format=csv,noheader")
        return lines.splitlines()[0].replace(", ", ", driver ") if lines else "unknown"

    def compilers(self) -> dict[str, str]:
        last = _printed(shutil.which("nvcc") or "/usr/local/cuda/bin/nvcc", "--version").splitlines()
        release = next((line.split("release ")[1].split(",")[0] for line in last if "release " in line), None)
        return {"nvcc": release} if release else {}

    def say(self, text: str) -> None:
        with self.printing:
            print(f"{time.monotonic() - self.began:5.0f} s  {text}", flush=True)


def _version(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:
        return None


def _printed(*command: str) -> str:
    try:
        return subprocess.run(command, capture_output=True, text=True, timeout=20).stdout
    except (OSError, subprocess.TimeoutExpired):
        return ""
