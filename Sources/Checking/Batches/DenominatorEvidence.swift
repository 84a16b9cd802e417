internal import FloatFormats
internal import LossFunctions
internal import PropertyEngine
internal import Reference
internal import SmallFoundation

/// Which denominators the outputs of wrong batches go with.
struct DenominatorEvidence: Sendable {
  private let isOfOneBatch: Bool
  private var wrongCount = 0
  private var agreements: [String: Int] = [:]

  /// - Parameter isOfOneBatch: Whether there is no other batch than the first, as in a file.
  init(isOfOneBatch: Bool) { self.isOfOneBatch = isOfOneBatch }

  /// Of fewer it could be chance.
  private static let leastCount = 4
  /// How likely it may be that a number is beside one of all these by chance, where there is but one.
  private static let greatestChance = 0.01
  /// Longer batches tell no more than short ones.
  private static let greatestRowCount = 4096

  /// Takes a batch that is wrong.
  mutating func observe(
    _ outputs: NumberColumn, _ exact: ReducedExact, _ rows: LossRows, _ contract: CheckContract
  ) {
    guard rows.count > 1, isOfOneBatch || rows.count <= Self.greatestRowCount,
      exact.certified.residuals.allSatisfy(\.isFinite)
    else { return }
    let unit = max(contract.outputFormat.unitRoundoff, contract.computingFormat.unitRoundoff)
    let count = Double(rows.count)
    let tolerance = 64 * unit * (isOfOneBatch ? 1 + log2(count) : count.squareRoot())
    guard !isOfOneBatch || 2 * tolerance * Double(Self.names.count) <= Self.greatestChance
    else { return }
    let least = contract.outputFormat.leastNormal.double
    func agree(_ values: [Double], _ others: [Double], _ scale: Double) -> Bool {
      zip(values, others).allSatisfy {
        ($0 - $1).magnitude <= tolerance * max($1.magnitude, scale) + least
      }
    }
    let computed = (0..<outputs.count).map { outputs[$0].double }
    let right = (0..<exact.count).map { exact.certified.values[$0].double }
    let scale = contract.scaleOfReduction(of: rows)
    // What is off by no more than p − y rounds tells nothing of what it was divided by.
    guard !contract.function.isGradient || !agree(computed, right, scale) else { return }
    wrongCount += 1
    for (name, values, otherScale) in contract.otherReductions(of: rows, exact)
    where !agree(values, right, scale) && agree(computed, values, otherScale) {
      agreements[name, default: 0] += 1
    }
  }

  /// What explains nine in ten of the wrong batches, the first of those that explain most.
  var explanation: String? {
    guard wrongCount >= (isOfOneBatch ? 1 : Self.leastCount) else { return nil }
    let enough = Self.names.compactMap { name in agreements[name].map { (name, $0) } }
      .filter { Double($0.1) >= 0.9 * Double(wrongCount) }
    guard let most = enough.map(\.1).max(), let best = enough.first(where: { $0.1 == most }) else {
      return nil
    }
    return isOfOneBatch
      ? "\(best.0) explains it" : "\(best.0) explains \(best.1) of \(wrongCount) wrong batches"
  }

  fileprivate static let undivided = "the sum, divided by nothing"
  fileprivate static let first = "the first row's loss"
  fileprivate static let greatest = "the greatest loss"
  /// In the order in which they are believed.
  private static let names =
    [undivided] + Denominator.likeliest.map(\.explanation) + [first, greatest]
}

extension CheckContract {
  /// What a batch, or its gradients, would come to otherwise, each with its name.
  fileprivate func otherReductions(
    of rows: LossRows, _ exact: ReducedExact
  ) -> [(name: String, values: [Double], scale: Double)] {
    var found: [(name: String, values: [Double], scale: Double)] = []
    func append(_ name: String, _ other: CheckContract) {
      found.append((name, other.reductions(of: rows, exact), other.scaleOfReduction(of: rows)))
    }
    var undivided = self
    (undivided.reduction, undivided.options.denominator) = (.sum, nil)
    append(DenominatorEvidence.undivided, undivided)
    for denominator in Denominator.allCases {
      var other = self
      (other.reduction, other.options.denominator) = (.mean, denominator)
      append(denominator.explanation, other)
    }
    guard !function.isGradient else { return found }
    found.append((DenominatorEvidence.first, [exact.losses.first ?? .nan], 0))
    found.append((DenominatorEvidence.greatest, [exact.losses.max() ?? .nan], 0))
    return found
  }

  /// What a probability of 1 is in a gradient that is reduced so: p − y is as far off as p, however small it
  /// is. 0 for losses, which keep their digits.
  fileprivate func scaleOfReduction(of rows: LossRows) -> Double {
    guard function.isGradient else { return 0 }
    let weight = options.classWeights?.map(\.double).max() ?? 1
    return partsOfReduction(of: rows).map { weight / $0.divisor }.max() ?? 0
  }

  /// A reduction in doubles: the gradients of rows by themselves, each over what divides it.
  private func reductions(of rows: LossRows, _ exact: ReducedExact) -> [Double] {
    let parts = partsOfReduction(of: rows)
    var total: [Double] = []
    for (part, divisor) in parts {
      let values: [Double]
      if function.isGradient {
        values = (try? part.gradients(of: rows)) ?? []
      } else {
        values = [parts.count == 1 ? exact.sum : ((try? part.losses(of: rows)) ?? []).reduce(0, +)]
      }
      total =
        total.isEmpty
        ? values.map { $0 / divisor } : zip(total, values).map { $0 + $1 / divisor }
    }
    return total
  }

  /// The exact gradients of rows, in doubles.
  private func gradients(of rows: LossRows) throws -> [Double] {
    let values = try Reference().evaluate(function, rows, options: options, in: .float64).values
    return (0..<values.count).map { values[$0].double }
  }
}

extension Denominator {
  /// In the order in which they are believed, where several come to the same.
  static let likeliest: [Denominator] = [
    .rows, .validRows, .weights, .allWeights, .nonzeroWeights, .weightsWithZLossByRows, .values,
  ]

  /// A sum that is divided so, in words, and who divides so.
  fileprivate var explanation: String {
    let words =
      switch self {
      case .weights: "the sum over the weights of the rows that count"
      case .validRows: "the sum over the rows that count, whatever they weigh"
      case .rows: "the sum over all rows"
      case .allWeights: "the sum over the weights of all rows"
      case .nonzeroWeights: "the sum over the rows whose weight is not 0"
      case .weightsWithZLossByRows:
        "the loss over the weights of the rows that count and the z-loss over their number"
      case .values: "the sum over all logits"
      }
    return "\(words) (--denominator \(rawValue): \(calls.joined(separator: ", ")))"
  }
}
