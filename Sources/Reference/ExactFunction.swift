internal import Multiprecision

/// A function at one input, as exact real numbers that can be enclosed as narrowly as one asks.
protocol ExactFunction: Sendable {
  /// The number of outputs.
  var count: Int { get }

  /// Why the outputs that are not rational are known not to be breakpoints.
  var ground: Ground { get }

  /// The precision at which a value is given up that is undecided by then.
  var greatestPrecision: Int { get }

  /// The number of bits that the function loses beyond the format's own precision: the logarithms
  /// of the number of terms and of the greatest argument of an exponential.
  var precisionLoss: Int { get }

  /// Encloses the outputs with the given indices, with tails of `precision` bits.
  ///
  /// What the outputs have in common (the sum of the exponentials) is computed once.
  func enclose(
    _ indices: [Int], precision: Int, _ receive: (Int, consuming ExactEntry) -> Void)
}

extension ExactFunction {
  var count: Int { 1 }
  var ground: Ground { .lindemannWeierstrass }
  var greatestPrecision: Int { ground == .unsettled ? Certification.precisionCap : .max }
}

/// A function whose outputs are those of another, each times a number: what is known of those is known of it.
protocol ScaledFunction: ExactFunction {
  /// The other.
  var function: any ExactFunction { get }
}

extension ScaledFunction {
  var count: Int { function.count }
  var ground: Ground { function.ground }
  var greatestPrecision: Int { function.greatestPrecision }
  var precisionLoss: Int { function.precisionLoss }
}

/// A function with a single output.
protocol ExactScalar: ExactFunction {
  /// The output with a tail of `precision` bits.
  func entry(precision: Int) -> ExactEntry
}

extension ExactScalar {
  func enclose(
    _ indices: [Int], precision: Int, _ receive: (Int, consuming ExactEntry) -> Void
  ) {
    for index in indices { receive(index, entry(precision: precision)) }
  }
}
