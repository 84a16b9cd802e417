"""The command under check: one process answers thousands of lines."""
import json
import re
import subprocess


class Oracle:
    def __init__(self, path):
        self.path = path

    def version(self):
        return subprocess.run([self.path, "--version"], capture_output=True, text=True,
                              check=True).stdout.strip()

    @staticmethod
    def arguments(function, input_format, output_format, direction):
        return ["evaluate", function, "--format", str(input_format),
                "--output-format", str(output_format), "--rounding", direction]

    def answers(self, lines, *arguments):
        """One entry for each line: the answer parsed, or the reason it was refused as a str.

        Raises RuntimeError where the answers cannot be matched to the lines.
        """
        process = subprocess.run([self.path, *self.arguments(*arguments)],
                                 input="\n".join(lines) + "\n", capture_output=True, text=True)
        refused = {int(number): reason for number, reason
                   in re.findall(r"^line (\d+): (.*)$", process.stderr, re.MULTILINE)}
        answered = process.stdout.splitlines()
        if process.returncode != (65 if refused else 0) or (
                len(answered) + len(refused) != len(lines)):
            raise RuntimeError(f"exit {process.returncode}, {len(lines)} lines, {len(answered)} "
                               f"answers, {len(refused)} refusals; {process.stderr[:300]}")
        rest = iter(answered)
        return [refused[number] if number in refused else json.loads(next(rest))
                for number in range(1, len(lines) + 1)]
