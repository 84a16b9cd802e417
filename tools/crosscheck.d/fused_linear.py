"""`loss-oracle evaluate linear-cross-entropy` against mpmath: layers of random numbers, all options.

The logits are fractions, the rest the textbook in 1,400 bits: p = e^v/Σ e^v of v = c·tanh(s·x/c)/T. A value is right
if no other number of the format is nearer to that.
"""
import json
import math
import random
import struct
import subprocess
import sys
import tempfile
from fractions import Fraction
from pathlib import Path

from mpmath import mp

mp.prec = 1400
DTYPES = {"float32": ("F32", "<f4"), "float64": ("F64", "<f8"), "bfloat16": ("BF16", None)}
QUANTITIES = ("loss", "hidden_gradient", "weight_gradient", "bias_gradient")


def write(path, tensors, metadata):
    """A safetensors file of float32 and int32 tensors."""
    header, body = {"__metadata__": metadata}, b""
    for name, (kind, shape, values) in tensors.items():
        data = struct.pack(f"<{len(values)}{'i' if kind == 'I32' else 'f'}", *values)
        header[name] = {"dtype": kind, "shape": shape,
                        "data_offsets": [len(body), len(body) + len(data)]}
        body += data
    text = json.dumps(header).encode()
    path.write_bytes(struct.pack("<Q", len(text)) + text + body)


def bits(path, format):
    """The tensors of a file, each number as the integer that its bits are."""
    data = path.read_bytes()
    (length,) = struct.unpack("<Q", data[:8])
    header = json.loads(data[8:8 + length])
    header.pop("__metadata__", None)
    letter, size = {"float32": ("I", 4), "float64": ("Q", 8), "bfloat16": ("H", 2)}[format]
    tensors = {}
    for name, entry in header.items():
        start, end = (8 + length + offset for offset in entry["data_offsets"])
        tensors[name] = struct.unpack(f"<{(end - start) // size}{letter}", data[start:end])
    return tensors


def number(pattern, format):
    """The number of some bits, which has to be finite."""
    if format == "float64":
        return struct.unpack("<d", struct.pack("<Q", pattern))[0]
    return struct.unpack("<f", struct.pack("<I", pattern << (16 if format == "bfloat16" else 0)))[0]


def neighbours(pattern, format):
    sign = 1 << {"float32": 31, "float64": 63, "bfloat16": 15}[format]
    magnitude = pattern & (sign - 1)
    if magnitude == 0:
        return 1, sign | 1
    return pattern + 1, pattern - 1


def is_nearest(pattern, format, exact):
    own = abs(mp.mpf(number(pattern, format)) - exact)
    for other in neighbours(pattern, format):
        value = number(other, format)
        if math.isfinite(value) and abs(mp.mpf(value) - exact) < own:
            return False
    return True


def draw(choice):
    rows, classes, width = choice.randint(1, 3), choice.randint(2, 9), choice.randint(1, 6)
    scale = 2.0 ** choice.randint(-8, 3)

    def numbers(count):
        return [struct.unpack("<f", struct.pack("<f", choice.gauss(0, scale)))[0] for _ in range(count)]

    layer = {"hidden": ("F32", [rows, width], numbers(rows * width)),
             "weight": ("F32", [classes, width], numbers(classes * width)),
             "targets": ("I32", [rows], [choice.randrange(classes) for _ in range(rows)])}
    if choice.random() < 0.5:
        layer["bias"] = ("F32", [classes], numbers(classes))
    options = {}
    for name, draw_one in (("scale", lambda: choice.uniform(0.1, 3)), ("softcap", lambda: choice.uniform(0.5, 30)),
                           ("temperature", lambda: choice.uniform(0.3, 4)),
                           ("z_loss", lambda: choice.uniform(0.001, 0.5)),
                           ("label_smoothing", lambda: choice.uniform(0, 1)),
                           ("ignore_index", lambda: choice.randrange(classes)),
                           ("class_weights", lambda: [choice.randint(0, 8) / 4 for _ in range(classes)])):
        if choice.random() < 0.4:
            options[name] = draw_one()
    reduction = choice.choice(("none", "sum", "mean"))
    if reduction == "none" and choice.random() < 0.5:
        layer["grad_output"] = ("F32", [rows], [choice.randint(-6, 6) / 4 for _ in range(rows)])
    return layer, options, reduction


def values(layer, options, reduction):
    """The exact values of each quantity, or None where a mean is of nothing."""
    (_, (rows, width), hidden), (_, (classes, _), weight) = layer["hidden"], layer["weight"]
    labels = layer["targets"][2]
    bias = layer.get("bias", (0, 0, [0] * classes))[2]
    upstream = layer.get("grad_output", (0, 0, [1] * rows))[2]
    weights = options.get("class_weights", [1] * classes)
    counted = [r for r in range(rows) if labels[r] != options.get("ignore_index")]
    divisor = mp.mpf(1)
    if reduction == "mean":
        divisor = mp.mpf(sum(weights[labels[r]] for r in counted))
        if divisor == 0:
            return None
    losses, by_logit = [mp.mpf(0)] * rows, {}
    smoothing, z_loss = mp.mpf(options.get("label_smoothing", 0)), mp.mpf(options.get("z_loss", 0))
    s, t = mp.mpf(options.get("scale", 1)), mp.mpf(options.get("temperature", 1))
    for r in counted:
        v, slopes = [], []
        for c in range(classes):
            exact = Fraction(bias[c]) + sum(
                Fraction(hidden[r * width + k]) * Fraction(weight[c * width + k]) for k in range(width))
            y, slope = s * mp.mpf(exact.numerator) / exact.denominator, s / t
            if "softcap" in options:
                tangent = mp.tanh(y / options["softcap"])
                y, slope = options["softcap"] * tangent, slope * (1 - tangent * tangent)
            v.append(y / t)
            slopes.append(slope)
        total = mp.fsum(mp.exp(each) for each in v)
        a = [weights[c] * ((1 - smoothing) * (c == labels[r]) + smoothing / classes)
             for c in range(classes)]
        squared = mp.log(total)
        losses[r] = mp.fsum(a[c] * (squared - v[c]) for c in range(classes)) + z_loss * squared ** 2
        factor = mp.fsum(a) + 2 * z_loss * squared
        by_logit[r] = [upstream[r] * slopes[c] * (factor * mp.exp(v[c]) / total - a[c]) / divisor
                       for c in range(classes)]
    zero = [mp.mpf(0)] * classes
    return {
        "loss": losses if reduction == "none" else [mp.fsum(losses) / divisor],
        "hidden_gradient": [mp.fsum(by_logit.get(r, zero)[c] * weight[c * width + k] for c in range(classes))
                            for r in range(rows) for k in range(width)],
        "weight_gradient": [mp.fsum(by_logit[r][c] * hidden[r * width + k] for r in counted)
                            for c in range(classes) for k in range(width)],
        "bias_gradient": [mp.fsum(by_logit[r][c] for r in counted) for c in range(classes)],
    }


def main():
    binary = sys.argv[1] if len(sys.argv) > 1 else ".build/release/loss-oracle"
    count = int(sys.argv[2]) if len(sys.argv) > 2 else 300
    seed = sys.argv[3] if len(sys.argv) > 3 else "1"
    compared, wrong, left_out = 0, 0, 0
    with tempfile.TemporaryDirectory() as folder:
        given, answered = Path(folder) / "layer.safetensors", Path(folder) / "exact.safetensors"
        for place in range(count):
            choice = random.Random(f"{seed}:{place}")
            layer, options, reduction = draw(choice)
            exact = values(layer, options, reduction)
            if exact is None:
                continue
            format = choice.choice(list(DTYPES))
            write(given, layer, {"options": json.dumps(options), "reduction": reduction})
            run = subprocess.run(
                [binary, "evaluate", "linear-cross-entropy", "--input", given, "--output", answered,
                 "--output-format", format, "--gradient", "hidden", "--gradient", "weight",
                 "--gradient", "bias"], capture_output=True, text=True)
            if run.returncode != 0:
                # No theorem settles the value.
                assert "undecided" in run.stderr or "bits" in run.stderr, run.stderr
                left_out += 1
                continue
            tensors = bits(answered, format)
            for quantity in QUANTITIES:
                for index, (pattern, value) in enumerate(zip(tensors[quantity], exact[quantity], strict=True)):
                    compared += 1
                    # What cancels to nothing at all is 0, and mpmath's is of the last of its bits.
                    right = is_nearest(pattern, format, value) if abs(value) > mp.mpf(2) ** -1200 \
                        else number(pattern, format) == 0
                    if not right:
                        wrong += 1
                        print(f"layer {place} of seed {seed}, {quantity}[{index}] in {format}: "
                              f"{number(pattern, format)!r}, mpmath {mp.nstr(value, 20)}; {options} {reduction}")
    print(f"{compared} values of {count} layers compared, {wrong} wrong, {left_out} layers undecided")
    return 1 if wrong or not compared else 0


if __name__ == "__main__":
    sys.exit(main())
