"""Read fixtures with jsonschema, NumPy, ml_dtypes and safetensors; see tools/check-fixtures --help."""
import json
import subprocess
import sys
import tempfile
from pathlib import Path

import starter_set
import tensors

FUNCTIONS = ("sigmoid log-sigmoid softplus log-sum-exp softmax log-softmax binary-cross-entropy "
             "binary-cross-entropy-gradient cross-entropy cross-entropy-gradient").split()
FORMATS = "float8_e4m3fn float8_e5m2 float16 bfloat16 float32 float64".split()


def generate(command, function, format_name, families, output):
    """Run the command: a file of 60 cases."""
    chosen = [word for family in families for word in ("--family", family)]
    subprocess.run([command, "generate", "--function", function, "--format", format_name,
                    "--count", "60", "--classes", "5", "--seed", "11", *chosen,
                    "--output", str(output)], check=True)


def main(root, command):
    problems = starter_set.problems(Path(root) / "Fixtures")
    compared = 0
    with tempfile.TemporaryDirectory() as folder:
        for function in FUNCTIONS:
            # Targets of one kind stand in a file: labels, or probabilities.
            groups = [["normal", "ties", "bit-pattern", "overflow-edge", "infinities", "nan"]]
            if "cross-entropy" in function:
                groups.append(["soft-targets"])
            for format_name in FORMATS:
                for families in groups:
                    paths = [Path(folder) / f"fixtures.{kind}" for kind in ("json", "safetensors")]
                    for path in paths:
                        generate(command, function, format_name, families, path)
                    count, found = tensors.compare(
                        json.loads(paths[0].read_text()), paths[1], function, format_name)
                    compared += count
                    problems += found
    for problem in problems:
        print(problem, file=sys.stderr)
    files = len(list((Path(root) / "Fixtures" / "cases").glob("*.json")))
    print(f"{files} files of the starter set follow the schema, and {compared} numbers of tensors are "
          "those of the JSON" if not problems else f"{len(problems)} problems")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
