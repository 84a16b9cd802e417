"""The machine in words."""

from __future__ import annotations

import os
import platform
import subprocess
from pathlib import Path


def description() -> str:
    processor = platform.machine()
    information = Path("/proc/cpuinfo")
    if information.exists():
        for line in information.read_text().splitlines():
            if line.startswith("model name"):
                processor = line.split(":", 1)[1].strip()
                break
    elif platform.system() == "Darwin":
        brand = subprocess.run(
            ["sysctl", "-n", "machdep.cpu.brand_string"], capture_output=True, text=True)
        processor = brand.stdout.strip() or processor
    parts = [
        f"{processor} with {os.cpu_count()} cores", f"{platform.system()} {platform.machine()}",
        " ".join(platform.libc_ver()).strip(), f"Python {platform.python_version()}"]
    return ", ".join(part for part in parts if part)
