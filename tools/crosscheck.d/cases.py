"""Lines of input: logits of a family, a target, options, and batches of them."""
from drawing import ONE, ZERO, Drawing
from families import FAMILIES, special
from formats import NAN
from numerals import as_fraction, read_number
from lines import (COMPARISONS, DISTRIBUTIONS, GRADIENTS, LOSSES, MULTIPLIED, ONE_LOGIT_GRADIENTS,
                   ROW_GRADIENTS)

CLASS_LIMIT = 12
OPTION_SHARE, BATCH_SHARE, PROBABILITY_SHARE, DISTILLED_SHARE, UPSTREAM_SHARE = 0.4, 0.2, 0.3, 0.1, 0.4
INPUTS = ("logit", "probability", "log_probability")
BEFORE = ("scale", "softcap", "logit_bias", "temperature")
OF_LOGITS = (*BEFORE, "z_loss", "focal_gamma", "focal_alpha")


class Cases:
    """The lines of one task, one after the other; `count` tells how many values a line has."""

    def __init__(self, random, function, input_format, output_format):
        self.d = Drawing(random, input_format, output_format)
        self.random, self.function = random, function
        self.binary = function.startswith("binary")
        self.loss = function in LOSSES or function in GRADIENTS
        self.one = self.binary or function in ("sigmoid", "log-sigmoid", "softplus",
                                               *ONE_LOGIT_GRADIENTS)

    def line(self):
        """(text, number of values of the answer)"""
        d = self.d
        has_options = d.chance(OPTION_SHARE) and self.function != "merged-cross-entropy"
        options = self._options() if has_options else {}
        self.input = "logit"
        if self.function in DISTRIBUTIONS or (
                self.loss and not self.binary and d.chance(DISTILLED_SHARE)):
            return self._distributions()
        if self.loss and d.chance(PROBABILITY_SHARE):
            self.input = self.random.choice(INPUTS[1:])
            options = {name: True for name in options if name not in OF_LOGITS}
        self.upstream = self.function in MULTIPLIED and d.chance(UPSTREAM_SHARE)
        if self.loss and d.chance(BATCH_SHARE):
            return self._batch(options)
        classes = self._classes()
        text, _ = self._row(classes, options, d.chance(0.3), None)
        fields = text + self._option_fields(options, classes)
        count = classes if self.function in ("softmax", "log-softmax", "cross-entropy-gradient",
                                             *ROW_GRADIENTS) else 1
        if self.function == "shard-partials":
            count = 3
        return "{" + ", ".join(fields) + "}", count

    def _distributions(self):
        """One row of logits or two, the second near the first, shifted, in another order, or another."""
        d, r, classes = self.d, self.random, self._classes()
        logits = self._logits(classes)
        fields = [self._list("logits", logits)]
        if self.function in COMPARISONS or self.loss:
            kind = r.randrange(6)
            if kind == 0:
                others = [x if x in (NAN, (0, "inf"), (1, "inf")) else d.input.step(
                    x, r.randint(-3, 3)) for x in logits]
            elif kind == 1:
                others = r.sample(logits, classes)
            elif kind == 2:
                others = list(logits)
                others[r.randrange(classes)] = d.real(r.gauss(0, 5))
            else:
                others = self._logits(classes)
            fields.append(self._list("target_logits", others))
        options = self._before() if d.chance(OPTION_SHARE) else {}
        if self.function in MULTIPLIED and d.chance(UPSTREAM_SHARE):
            fields.append(self._number_for_row())
        count = classes if self.function.endswith("gradient") else 1
        return "{" + ", ".join(fields + self._option_fields(options, classes)) + "}", count

    def _list(self, name, numbers):
        return f'"{name}": [{", ".join(self.d.text(number) for number in numbers)}]'

    def _logits(self, classes):
        """Those of a family, of which special values are half as many."""
        family = self.random.choice(FAMILIES)
        if family is special and self.d.chance(0.5):
            family = self.random.choice(FAMILIES)
        logits = family(self.d, classes)
        if self.d.chance(0.7):
            self.random.shuffle(logits)
        return logits

    def _classes(self):
        if self.one:
            return 1
        if self.d.chance(0.002):
            return self.random.randint(100, 1000)
        return self.random.randint(1, CLASS_LIMIT)

    def _row(self, classes, options, soft, ignored):
        """([fields of the row], whether its target is ignored)"""
        d = self.d
        if self.input != "logit":
            return self._targeted(self._numbers(classes), classes, options, soft, ignored)
        logits = self._logits(classes)
        texts = [d.text(logit) for logit in logits]
        fields = [f'"logit": {texts[0]}' if self.one else f'"logits": [{", ".join(texts)}]']
        if self.function in ONE_LOGIT_GRADIENTS or self.function in ROW_GRADIENTS:
            return fields + [self._grad_output(classes)], False
        if self.function == "shard-partials":
            return fields + [f'"target": {self.random.randint(-1, classes - 1)}'], False
        if self.function == "merged-cross-entropy":
            return fields + [self._partials(logits)], False
        if not self.loss:
            return fields, False
        return self._targeted(fields, classes, options, soft, ignored)

    def _number_for_row(self):
        """grad_output of the gradient of a loss: of any size, finite or NaN."""
        d, r = self.d, self.random
        if not d.input.finite_only and d.chance(0.02):
            return f'"grad_output": {d.text(NAN)}'
        number = r.choice((lambda: d.bits(), lambda: d.real(r.gauss(0, 1)),
                           lambda: d.real(2.0 ** r.randint(-20, 16)), lambda: ONE, lambda: ZERO))()
        text = d.text(number if isinstance(number[1], int) else ONE)
        # A decimal of few digits may lie beyond the greatest number of the format.
        is_finite = isinstance(read_number(text.strip('"'), d.input)[1], int)
        return f'"grad_output": {text if is_finite else d.text(ONE)}'

    def _grad_output(self, classes):
        """Ones, opposite or equal numbers, one class alone, any bits, and now and then infinite ones."""
        d, r = self.d, self.random
        count = 1 if self.one or self.function == "log-sum-exp-gradient" else classes
        kind = r.randrange(8)
        shared = d.bits() if kind == 0 else d.real(r.gauss(0, 10))
        hot = r.randrange(count)
        numbers = []
        for place in range(count):
            if kind < 3:
                number = shared if kind else d.input.step(shared, r.randint(-2, 2))
                if kind == 2 and r.getrandbits(1):
                    number = (1 - number[0],) + number[1:]
            elif kind == 3:
                number = ONE if place == hot else ZERO
            else:
                number = d.bits() if kind == 4 else d.real(r.gauss(0, 1))
            if d.chance(0.02):
                number = NAN if d.input.finite_only else r.choice(((0, "inf"), (1, "inf"), NAN))
            numbers.append(d.text(number))
        text = numbers[0] if count == 1 and (
            self.one or self.function == "log-sum-exp-gradient") else f'[{", ".join(numbers)}]'
        return f'"grad_output": {text}'

    def _partials(self, logits):
        """Sums of shards, ones, shares of 1 or any, and the target's logit in one of them."""
        d, r = self.d, self.random
        kind, place = r.randrange(6), r.randrange(len(logits))
        absent = (1,) + d.input.largest[1:] if d.input.finite_only else (1, "inf")
        sums, targets = [], []
        for shard, logit in enumerate(logits):
            if kind == 0:
                number = ONE
            elif kind == 1:
                number = r.choice((ONE, d.real(0.5), d.real(0.25), ZERO))
            elif kind == 2:
                number = (0,) + d.bits()[1:]
            else:
                number = d.real(1 + abs(r.gauss(0, 1 if kind < 5 else 1000)))
            if d.chance(0.02):
                number = NAN if d.input.finite_only else r.choice(((0, "inf"), NAN))
            sums.append(number)
            near = logit if r.getrandbits(1) else d.input.step(logit, -r.randint(0, 3)) if (
                logit != NAN and logit[1] != "inf") else d.real(r.gauss(0, 3))
            targets.append(near if shard == place else absent)
        numbers = ", ".join(d.text(number) for number in sums + targets)
        return f'"partials": [{numbers}]'

    def _numbers(self, classes):
        """Probabilities or their logarithms: any, at the ends, and now and then none."""
        d = self.d
        texts = [self._end() if d.chance(0.4) else self._probability() for _ in range(classes)]
        if self.input == "log_probability":
            texts = [self._logarithm() for _ in range(classes)]
        if d.chance(0.02):
            texts[0] = self.random.choice(("2", "1.5", '"nan"'))
        if self.binary:
            return [f'"{self.input}": {texts[0]}']
        name = {"probability": "probabilities", "log_probability": "log_probabilities"}[self.input]
        return [f'"{name}": [{", ".join(texts)}]']

    def _end(self):
        """The least numbers, those next to 1, and small ones of any binade."""
        d, kind = self.d, self.random.randrange(3)
        if kind == 0:
            return d.text(d.input.from_ordinal(0, self.random.randint(0, 9)))
        if kind == 1:
            return d.text(d.input.step(ONE, -self.random.randint(1, 9)))
        number = d.bits()
        return d.text(number) if number[0] == 0 and as_fraction(number) <= 1 else "1"

    def _logarithm(self):
        """0, -inf where there is one, or a number below 0."""
        d, kind = self.d, self.random.randrange(8)
        if kind == 0:
            return self.random.choice(("0", '"-inf"' if not d.input.finite_only else "-0.0"))
        number = d.bits() if kind < 4 else d.real(-abs(self.random.gauss(0, 10)))
        return d.text((1,) + number[1:])

    def _targeted(self, fields, classes, options, soft, ignored):
        d = self.d
        if self.upstream:
            fields = fields + [self._number_for_row()]
        if self.binary:
            return fields + [f'"target": {self._probability()}'], False
        if soft and "focal_gamma" not in options and "focal_alpha" not in options:
            targets = self._soft_target(classes)
            return fields + [f'"target": [{", ".join(targets)}]'], False
        if ignored is not None and d.chance(0.3):
            return fields + [f'"target": {ignored}'], True
        return fields + [f'"target": {self.random.randrange(classes)}'], False

    def _soft_target(self, classes):
        kind = self.random.randrange(4)
        if kind == 0:
            hot = self.random.randrange(classes)
            return ["1" if c == hot else "0" for c in range(classes)]
        if kind == 1:
            return [self._share(1 / classes)] * classes
        return [self._probability() for _ in range(classes)]

    def _probability(self):
        """0, 1, a half, something that reads as one of them, or anything between."""
        d, kind = self.d, self.random.randrange(10)
        if kind < 5:
            return self.random.choice(("0", "1", "0.5", "1e-60", '"0x1p-1"', '"0x1p+0"', "1.0",
                                       "0.25", "0.9999999999999999999999"))
        if kind == 5 and d.chance(0.05):
            return d.text(NAN)
        return self._share(self.random.random() ** self.random.choice((1, 1, 5)))

    def _share(self, value):
        """A text of a number up to 1: the midpoint above 1 would be refused."""
        number = self.d.nearest(value)
        return "1" if number == ONE else self.d.text(number)

    def _batch(self, options):
        d, classes = self.d, min(self._classes(), CLASS_LIMIT)
        soft = d.chance(0.25)
        ignored = None
        if not self.binary and not soft and d.chance(0.4):
            ignored = self.random.choice((-100, -1, 0, classes))
        rows = [self._row(classes, options, soft, ignored)
                for _ in range(self.random.randint(0 if d.chance(0.1) else 1, 5))]
        fields = ['"rows": [' + ", ".join("{" + ", ".join(row) + "}" for row, _ in rows) + "]"]
        reduction = self.random.choice(("mean", "mean", "sum", "none", None))
        if reduction:
            fields.append(f'"reduction": "{reduction}"')
        if ignored is not None:
            fields.append(f'"ignore_index": {ignored}')
        fields += self._option_fields(options, classes)
        count = len(rows)
        if self.function in GRADIENTS:
            count *= classes
        elif reduction != "none":
            count = 1
        return "{" + ", ".join(fields) + "}", count

    def _options(self):
        """Names of options; their values come with the number of classes."""
        r, function = self.random, self.function
        if function in ONE_LOGIT_GRADIENTS or function in ROW_GRADIENTS or (
                function == "softplus" and r.random() < 0.5):
            return self._options_of_gradients()
        names = {name for name in BEFORE if r.random() < (0.3 if self.loss else 0.7)}
        if not self.loss:
            return {name: True for name in sorted(names)}
        if self.binary:
            names |= {"label_smoothing", "pos_weight"}
        else:
            names |= {"label_smoothing", "class_weights", "z_loss"}
        chosen = {name: True for name in sorted(names) if r.random() < 0.5}
        if r.random() < 0.3:
            chosen = {name: True for name in chosen if name in (*BEFORE, "class_weights")}
            chosen["focal_gamma"] = True
            if r.random() < 0.6:
                chosen["focal_alpha"] = True
        return chosen

    def _options_of_gradients(self):
        r = self.random
        if self.function == "softplus" or self.function == "softplus-gradient" and r.random() < 0.5:
            return {"beta": True} if r.random() < 0.5 else {"beta": True, "threshold": True}
        return self._before()

    def _before(self):
        return {name: True for name in BEFORE if self.random.random() < 0.5}

    def _option_fields(self, options, classes):
        d, r = self.d, self.random

        def positive(choices, scale):
            """One of the usual values, or something else; neither 0 nor infinite."""
            if r.random() < 0.6:
                text = r.choice(choices)
                return text if d.input.emax > 3 else d.text(d.nearest(float(text)))
            return d.text(d.input.step(d.nearest(r.random() * scale), 1))

        fields = []
        for name in options:
            if name == "class_weights":
                weights = [r.choice(("0", "1", "0.5", "2")) if r.random() < 0.5
                           else d.text(d.nearest(r.random() * 5)) for _ in range(classes)]
                value = f"[{', '.join(weights)}]"
            elif name == "logit_bias":
                spread = r.choice((0.1, 3, 30))
                biases = [d.text(d.nearest(r.choice((0.0, 1.0, -0.5, -100.0)) if r.random() < 0.3
                                           else r.gauss(0, spread))) for _ in range(classes)]
                value = f"[{', '.join(biases)}]"
            elif name == "softcap":
                value = positive(("30", "50", "15", "2", "0.5"), 40)
            elif name == "scale":
                few = ("0.5", "2", "1")
                value = positive(few if d.input.emax < 4 else (*few, "0.0625", "0.1"), 3)
            elif name == "threshold":
                value = r.choice(("20", "0", "1", "-3", "7.5"))
            elif name in ("temperature", "beta"):
                value = positive(("2", "0.5", "3", "0.7", "1", "10"), 5)
            elif name == "label_smoothing":
                value = r.choice(("0.1", "0", "1", "0.2", '"0x1p-3"', "0.3"))
            elif name == "pos_weight":
                value = r.choice(("0", "1")) if r.random() < 0.2 else positive(("3", "0.25"), 10)
            elif name == "z_loss":
                value = "0" if r.random() < 0.1 else positive(("1e-4", "0.5", "1"), 1)
            elif name == "focal_gamma":
                value = r.choice(("0", "1")) if r.random() < 0.2 else positive(("2", "0.5", "5"), 4)
            else:
                value = r.choice(("0.25", "0.75", "0", "1", "0.5", "0.1"))
            fields.append(f'"{name}": {value}')
        return fields
