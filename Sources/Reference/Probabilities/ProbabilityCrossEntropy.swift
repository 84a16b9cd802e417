internal import FloatFormats
internal import LossFunctions
internal import Multiprecision

/// The cross-entropy of a row of probabilities p, or of their logarithms l, with the coefficients a_c:
///
///     Σ a_c·(−log p_c) / D,        Σ a_c·(−l_c) / D.
///
/// The first is the logarithm of Π p_c^(−a_c), an algebraic number greater than 1 unless each p_c that counts
/// is 1, and so irrational by the theorem of Hermite and Lindemann; its terms are of one sign. The second is
/// rational. A class whose coefficient is 0 contributes nothing, whatever its probability; one of
/// probability 0 makes the loss ∞. A number that is no probability makes the row none: NaN.
struct ProbabilityCrossEntropy: ExactScalar {
  let row: ProbabilityRow

  init(_ input: LossInput, _ options: LossOptions) { row = ProbabilityRow(input, options) }

  var precisionLoss: Int { row.precisionLoss }

  func entry(precision: Int) -> ExactEntry {
    guard row.isValid else { return .limit(.notANumber) }
    var total = HeadAndTail.zero()
    for index in row.coefficients.support {
      let coefficient = row.coefficients.coefficient(index)
      guard !coefficient.isZero else { continue }
      let number = row.numbers[index]
      if row.kind.isNothing(number) { return .limit(.positiveInfinity) }
      var term: HeadAndTail
      if row.kind == .probabilities {
        term = .negatedLogarithm(of: BigFloat(number), precision: precision)
      } else {
        term = HeadAndTail(head: BigFloat(number.magnitude), tail: Enclosure(0))
      }
      term.multiply(by: coefficient, precision: precision)
      total.add(term, precision: precision)
    }
    total.divide(by: BigFloat(row.coefficients.denominator))
    return .real(total)
  }
}

/// Its derivative by each number: −a_c / (D·p_c), or −a_c / D, all of them rational; −∞ where p_c is 0 and
/// a_c is not.
struct ProbabilityCrossEntropyGradient: ExactFunction {
  let row: ProbabilityRow

  init(_ input: LossInput, _ options: LossOptions) { row = ProbabilityRow(input, options) }

  var count: Int { row.numbers.count }
  var precisionLoss: Int { 0 }

  func enclose(
    _ indices: [Int], precision: Int, _ receive: (Int, consuming ExactEntry) -> Void
  ) {
    let isValid = row.isValid
    for index in indices {
      guard isValid else {
        receive(index, .limit(.notANumber))
        continue
      }
      receive(index, slope(index))
    }
  }

  private func slope(_ index: Int) -> ExactEntry {
    var head = row.coefficients.coefficient(index)
    guard !head.isZero else { return .real(.zero()) }
    head.negate()
    let count = BigFloat(row.coefficients.denominator)
    guard row.kind == .probabilities else {
      return .real(HeadAndTail(head: head, tail: Enclosure(0), denominator: count))
    }
    if row.numbers[index].isZero { return .limit(.negativeInfinity) }
    return .real(
      HeadAndTail(
        head: head, tail: Enclosure(0),
        denominator: .exactProduct(count, BigFloat(row.numbers[index]))))
  }
}

/// A row of probabilities or of their logarithms, and what its loss multiplies these with.
struct ProbabilityRow {
  let numbers: [FloatValue]
  let kind: InputKind
  let coefficients: ClassCoefficients

  init(_ input: LossInput, _ options: LossOptions) {
    numbers = input.logits
    kind = options.input
    coefficients = ClassCoefficients(input, options)
  }

  /// Whether all numbers are what they should be, and so is the target.
  var isValid: Bool { !coefficients.hasNaN && numbers.allSatisfy(kind.contains) }

  /// The bits that a sum of so many terms of one sign may lose.
  var precisionLoss: Int { Int.bitWidth - numbers.count.leadingZeroBitCount }
}
