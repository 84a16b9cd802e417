"""Recomputes the claims of the studies, sharing no code and no library with them."""

import json
import sys
from pathlib import Path

import forum
import gradient
import output_layer
import predict
import probabilities
import training

STUDIES = {
    "forum": forum.check, "gradient": gradient.check, "output-layer": output_layer.check,
    "predict": predict.check, "probabilities": probabilities.check, "training": training.check}


def main() -> int:
    folder = Path(sys.argv[1])
    failures = 0
    for name, check in STUDIES.items():
        answer = json.loads((folder / f"{name}.json").read_text())
        count = 0
        for claim, holds in check(answer):
            count += 1
            if not holds:
                failures += 1
                print(f"{name}: does not hold: {claim}", file=sys.stderr)
        print(f"{name}: {count} claims recomputed")
    return 1 if failures else 0


sys.exit(main())
