"""Says what a wheel with a shared library runs on: any CPython 3, one platform."""

import os
import sysconfig
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class WheelTag(BuildHookInterface):
    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        library = os.path.join(self.root, "src", "loss_oracle", "_native", "libloss_oracle.so")
        if not os.path.exists(library):
            raise FileNotFoundError(f"{library} is missing: tools/wheel builds it")
        platform = sysconfig.get_platform().replace("-", "_").replace(".", "_")
        build_data["pure_python"] = False
        build_data["tag"] = f"py3-none-{platform}"
