internal import FloatFormats
internal import Multiprecision

/// [gᵢ − G·pᵢ] / T with G = Σ gⱼ and p = softmax(x/T): the vector–Jacobian product of the log-softmax, x being what
/// `LogitTransform` makes of the logits.
///
/// As softmax it is rational only where all finite logits are equal, G = 0, or the class is masked. Near pᵢ = 1 it
/// is written (gᵢ − G) + G·(1 − pᵢ), whose head is exact.
///
/// Where numbers of g are infinite, the value is the sum of its terms Jᵢⱼ·gⱼ with Jᵢⱼ = [i = j] − pᵢ: see
/// `InfiniteTerms`.
struct LogSoftmaxGradient: ExactFunction {
  let row: LogitRow
  let gradOutput: [FloatValue]

  var count: Int { row.logits.count }
  var ground: Ground { row.transform.ground }
  var precisionLoss: Int { row.precisionLoss }

  func enclose(
    _ indices: [Int], precision: Int, _ receive: (Int, consuming ExactEntry) -> Void
  ) {
    guard !gradOutput.contains(where: \.isNaN) else {
      for index in indices { receive(index, .limit(.notANumber)) }
      return
    }
    let infinite = InfiniteTerms(gradOutput)
    var total = BigFloat(0)
    for number in gradOutput where infinite == nil { total = .exactSum(total, BigFloat(number)) }
    row.forEachSoftmax(indices, precision: precision) { index, entry in
      guard let entry = consume entry else { return receive(index, .limit(.notANumber)) }
      if let infinite {
        let (own, other) = entry.signs
        return receive(index, infinite.sum(at: index, own: other, others: { _ in -own }))
      }
      let divisor = BigFloat(entry.divisor)
      let head = BigFloat.exactDifference(
        .exactProduct(BigFloat(gradOutput[index]), divisor),
        .exactProduct(total, BigFloat(entry.head)))
      var tail = entry.offset.copy()
      tail.multiply(by: total, precision: precision)
      tail.multiply(by: divisor, precision: precision)
      tail.negate()
      receive(
        index,
        .real(
          HeadAndTail(
            head: head, tail: tail,
            denominator: .exactProduct(divisor, BigFloat(row.temperature)))))
    }
  }
}

extension SoftmaxEntry {
  /// The signs of p and of 1 − p.
  var signs: (Int, Int) {
    let isPoint = offset.isPoint
    let isZero = head == 0 && isPoint && offset.lower.isZero
    let isOne = head == 1 && divisor == 1 && isPoint && offset.lower.isZero
    return (isZero ? 0 : 1, isOne ? 0 : 1)
  }
}

/// The infinite numbers of a `grad_output`, where it has any: they alone count in a sum of products.
struct InfiniteTerms {
  private let signs: [(index: Int, sign: Int)]

  /// - Returns: nil where all numbers are finite.
  init?(_ gradOutput: [FloatValue]) {
    signs = gradOutput.indices.compactMap { index in
      gradOutput[index].isInfinite ? (index, gradOutput[index].isNegative ? -1 : 1) : nil
    }
    if signs.isEmpty { return nil }
  }

  /// Σ cⱼ·gⱼ for factors of these signs: an infinity where all terms that are infinite agree; 0·∞ is NaN.
  func sum(at index: Int, own: Int, others: (Int) -> Int) -> ExactEntry {
    let found = Set(signs.map { ($0.index == index ? own : others($0.index)) * $0.sign })
    guard found.count == 1, let sign = found.first, sign != 0 else { return .limit(.notANumber) }
    return .limit(sign > 0 ? .positiveInfinity : .negativeInfinity)
  }
}
