"""A linear layer fused with its loss in doubles, over the live protocol, with a mistake where one is named."""
import json
import math
import operator
import os
import struct
import sys
import time

mistake = sys.argv[1] if len(sys.argv) > 1 else ""
asked = 0


def lapses():
    """Whether something goes wrong now: once in all, by a file that says that it has, or in each process."""
    if mistake in ("exit once", "late once") and not os.path.exists(sys.argv[2]):
        open(sys.argv[2], "w").close()
        return True
    return mistake in ("exit in each", "wrong later") and asked > 5


def narrow(x):
    """The bfloat16 next to a number."""
    bits = struct.unpack("<I", struct.pack("<f", x))[0]
    return struct.unpack("<f", struct.pack("<I", (bits + 0x7FFF + (bits >> 16 & 1)) & 0xFFFF0000))[0]


def single(x):
    return struct.unpack("<f", struct.pack("<f", x))[0]


def compute(header, h, w, b, labels, u):
    rows, classes, width = header["rows"], header["classes"], header["width"]
    options, reduction = header["options"], header.get("reduction", "none")
    cap, by = options.get("softcap"), header.get("with_respect_to")
    ignored, z_loss = options.get("ignore_index"), options.get("z_loss", 0)
    smoothing, weights = options.get("label_smoothing", 0), options.get("class_weights") or [1] * classes
    factor = options.get("scale", 1) / options.get("temperature", 1)
    if mistake == "softcap":
        cap = None
    if mistake == "smoothing":
        smoothing = 0
    if mistake == "weights":
        weights = [1] * classes
    if mistake == "upstream":
        u = None
    if mistake == "bias":
        b = [0] * classes
    if mistake == "labels":
        labels = labels[1:] + labels[:1]
    counted = [r for r in range(rows) if labels[r] != ignored]
    divisor = 1
    if reduction == "mean":
        divisors = {"rows": rows, "valid-rows": len(counted), "values": rows * classes}
        divisor = divisors.get(options.get("denominator"), sum(weights[labels[r]] for r in counted))
        divisor = (rows if mistake == "mean" else divisor) or math.nan
    weighted = weights != [1] * classes
    losses, hidden, weight, bias = [0.0] * rows, [0.0] * (rows * width), [0.0] * (classes * width), [0.0] * classes
    of_class = [w[c * width:(c + 1) * width] for c in range(classes)]
    for r in counted:
        of_row = h[r * width:(r + 1) * width]
        x = [sum(map(operator.mul, of_row, each)) + own for each, own in zip(of_class, b)]
        if mistake == "logits":
            x = [narrow(each) for each in x]
        if mistake == "crash" and rows > 1 and classes > 8:
            os._exit(3)
        if mistake == "hang" and rows > 1 and classes > 8:
            time.sleep(600)
        tangents = [math.tanh(each * options.get("scale", 1) / cap) if cap else 0 for each in x]
        v = [cap * t / options.get("temperature", 1) for t in tangents] if cap else [factor * each for each in x]
        if mistake == "padding":
            v += [0.0] * (-classes % 64)
        top = max(v)
        first = v.index(top)
        total = sum(math.exp(each - top) for each in v)
        log_sum = top + math.log(total)
        # log1p of the others keeps the digits of a confident row.
        t = labels[r]
        others = math.fsum(math.exp(each - top) for c, each in enumerate(v) if c != first)
        share = [weights[c] * ((c == t) * (1 - smoothing) + smoothing / classes) for c in range(classes)]
        losses[r] = math.fsum(share[c] * ((top - v[c]) + math.log1p(others)) for c in range(classes) if share[c])
        losses[r] += z_loss * log_sum * log_sum
        if by is None:
            continue
        shared = math.fsum(share)
        for c in range(classes):
            p = math.exp(v[c] - top) / total
            if smoothing or weighted:
                g = shared * p - share[c]
            elif c == t:
                # p - 1, whose digits cancel where p is near 1.
                g = -math.fsum(math.exp(each - top) for j, each in enumerate(v) if j != c) / total
            else:
                g = p
            slope = 1 if mistake == "slope" else 1 - tangents[c] ** 2
            g = (g + 2 * z_loss * log_sum * p) * factor * slope * (u[r] if u else 1) / divisor
            bias[c] += g
            to, numbers, start = (hidden, of_class[c], r * width) if by == "hidden" else (weight, of_row, c * width)
            if by == "bias":
                continue
            for k, number in enumerate(numbers, start):
                to[k] += g * number
                if mistake == "accumulation" and by == "weight":
                    to[k] = narrow(to[k])
    if by is None:
        return losses if reduction == "none" else [math.fsum(losses) / divisor]
    return {"hidden": hidden, "weight": weight, "bias": bias}[by]


def main():
    global asked
    while line := sys.stdin.buffer.readline():
        header = json.loads(line)
        data = sys.stdin.buffer.read(header["payload"])
        rows, classes, width = header["rows"], header["classes"], header["width"]
        counts = [rows * width, classes * width, classes if header.get("bias") else 0]
        reply, body = {"id": header["id"]}, b""
        if header["format"] != "float32":
            reply["unsupported"] = "float32 alone"
        elif mistake == "loss-only" and "with_respect_to" in header:
            reply["unsupported"] = "no gradients"
        else:
            numbers = struct.unpack_from(f"<{sum(counts)}f", data)
            labels = list(struct.unpack_from(f"<{rows}i", data, 4 * sum(counts)))
            u = None
            if header.get("grad_output") == "row":
                u = struct.unpack_from(f"<{rows}f", data, 4 * (sum(counts) + rows))
            h, w = numbers[:counts[0]], numbers[counts[0]:counts[0] + counts[1]]
            b = numbers[counts[0] + counts[1]:] or [0] * classes
            outputs = compute(header, h, w, b, labels, u)
            asked += 1
            if asked > 1 and lapses():
                if mistake == "late once":
                    time.sleep(600)
                if mistake != "wrong later":
                    os._exit(3)
                outputs = [2 * each for each in outputs]
            body = struct.pack(f"<{len(outputs)}f", *map(single, outputs))
            reply["payload"] = len(body)
        sys.stdout.buffer.write(json.dumps(reply).encode() + b"\n" + body)
        sys.stdout.buffer.flush()


main()
