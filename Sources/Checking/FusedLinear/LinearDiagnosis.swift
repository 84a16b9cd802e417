internal import FloatFormats
public import Interchange
public import LossFunctions
public import Reference

/// Outputs of a layer at some places, beside what they should be.
public struct LinearEvidence: Sendable {
  package let quantity: LinearQuantity
  let input: LinearInput
  let contract: LinearContract
  /// Whether the outputs fall short.
  package let fallsShort: Bool
  /// The places that are looked at, in order: of gradients all of a few rows, or classes.
  let places: [Int]
  let computed: [Double]
  let exact: [Double]
  /// What each may be off by, by what is common.
  let allowed: [Double]

  /// How many rows of a gradient are looked at, and features of each.
  private static let rowLimit = 24
  private static let featureLimit = 24

  /// The outputs of a quantity, against their exact values.
  public init(
    _ quantity: LinearQuantity, of input: LinearInput, _ computed: NumberColumn,
    against exact: CertifiedRows, _ contract: LinearContract, fallsShort: Bool = true
  ) {
    self.fallsShort = fallsShort
    self.quantity = quantity
    self.input = input
    self.contract = contract
    let shape = quantity.shape(input, contract.reduction)
    let (values, outputs) = (exact.values.doubles, computed.doubles)
    let features = shape.count > 1 ? shape[1] : 1
    let allowance = LinearAllowance(
      quantity, input, options: contract.options, reduction: contract.reduction)
    func allowed(_ place: Int) -> Double {
      let exponent = Int(exact.ulpExponents[place])
      return allowance.ulps(at: place, exact: values[place], ulpExponent: exponent)
        * Double(sign: .plus, exponent: max(exponent, -1000), significand: 1)
    }
    func isWrong(_ row: Int) -> Bool {
      (0..<features).contains { feature in
        let place = row * features + feature
        guard values[place].isFinite else { return false }
        return !((outputs[place] - values[place]).magnitude <= allowed(place))
      }
    }
    let rows = 0..<shape[0]
    let wrong = rows.count > Self.rowLimit ? rows.filter(isWrong) : []
    func some(_ all: [Int], _ limit: Int) -> [Int] {
      all.count <= limit ? all : (0..<limit).map { all[$0 * all.count / limit] }
    }
    let chosen =
      rows.count <= Self.rowLimit
      ? Array(rows)
      : Set(some(wrong, Self.rowLimit * 2 / 3) + some(Array(rows), Self.rowLimit / 3)).sorted()
    places = chosen.flatMap { row in
      some(Array(0..<features), Self.featureLimit).map { row * features + $0 }
    }.filter { values[$0].isFinite }
    self.computed = places.map { outputs[$0] }
    self.exact = places.map { values[$0] }
    self.allowed = places.map(allowed)
  }

  /// The numbers of a row of the quantity's tensor; 1 where it has no rows of several.
  private var rowSize: Int {
    quantity == .loss || quantity == .biasGradient ? 1 : input.width
  }

  /// What a mistake would give at the places.
  func outputs(_ form: LinearMistakeForm) -> [Double] {
    guard contract.reduction == .mean, form.divisor == nil else {
      return outputs(form, divisor: form.divisor ?? 1)
    }
    let parts = form.options.partsOfMean
    return parts.map { part in
      let own =
        parts.count == 1
        ? form
        : form.with {
          $0.options = part
          $0.terms = nil
        }
      return outputs(own, divisor: form.input.divisor(part))
    }.reduce([Double](repeating: 0, count: places.count)) { zip($0, $1).map(+) }
  }

  private func outputs(_ form: LinearMistakeForm, divisor: Double) -> [Double] {
    guard let accumulation = form.accumulation else {
      var sums = [Double](repeating: 0, count: places.count)
      for term in form.terms ?? terms(form) {
        for index in sums.indices { sums[index] += term.numbers[index] }
      }
      return sums.map { $0 / divisor }
    }
    let (early, late) =
      accumulation.scalesAfterwards ? (1, divisor) : (divisor, 1)
    var sums = [Double](repeating: 0, count: places.count)
    var (chunk, number) = (sums, 0)
    func store() {
      for index in sums.indices {
        let part = chunk[index] / early
        sums[index] = accumulation.round(
          sums[index] + (accumulation.storesParts ? accumulation.round(part) : part))
        chunk[index] = 0
      }
    }
    for term in form.terms ?? terms(form) {
      if term.row / accumulation.rows != number {
        store()
        number = term.row / accumulation.rows
      }
      for index in chunk.indices { chunk[index] += term.numbers[index] }
    }
    store()
    return late == 1 ? sums : sums.map { accumulation.round($0 / late) }
  }

  /// What a row adds to the outputs at the places, before a mean divides them.
  struct Term: Sendable {
    let row: Int
    var numbers: [Double]
  }

  /// The terms of the rows that count, and that are looked at.
  func terms(_ form: LinearMistakeForm) -> [Term] {
    let (input, options) = (form.input, form.options)
    let model = LinearModel(options)
    let labels = (0..<input.rowCount).map { Int(input.labels[form.labelRow?($0) ?? $0]) }
    let counted = (0..<input.rowCount).filter { labels[$0] != options.ignoreIndex }
    let isReduced = quantity == .loss && contract.reduction != .none
    let isOfRows = quantity == .hiddenGradient || (quantity == .loss && !isReduced)
    let rowSize = rowSize
    let wanted = Set(places.map { $0 / rowSize })
    var terms: [Term] = []
    input.withLogits(of: isOfRows ? counted.filter(wanted.contains) : counted) { row, logits in
      let logits = form.logit.map { logits.map($0) } ?? logits
      let result = model.row(
        logits, label: labels[row], extraCount: form.extraCount,
        labelLogit: form.labelLogit.map { $0(row) })
      let slopes = form.leavesSlopeOut ? result.unsloped : result.slopes
      let upstream = Double(input.gradOutput?[row] ?? 1)
      let numbers = places.map { place -> Double in
        let (own, feature) = (place / rowSize, place % rowSize)
        switch quantity {
        case .loss: return isReduced || own == row ? result.loss : 0
        case .hiddenGradient:
          guard own == row else { return 0 }
          return logits.indices.reduce(0.0) {
            $0 + slopes[$1] * upstream * Double(input.weight[$1 * input.width + feature])
          }
        case .weightGradient:
          return slopes[own] * upstream * Double(input.hidden[row * input.width + feature])
        case .biasGradient: return slopes[own] * upstream
        }
      }
      terms.append(Term(row: row, numbers: numbers))
    }
    return terms
  }
}

/// A mistake that explains wrong outputs of the fused loss.
public struct LinearDiagnosis: Sendable {
  public let mistake: LinearMistake
  /// Its parameters; nil where it has none.
  public let detail: String?
  public let quantity: LinearQuantity
  /// The share of the wrong outputs that it explains, and how many there are.
  public let share: Double
  public let wrongCount: Int

  /// The diagnosis in a line.
  public var text: String {
    let detail = detail.map { " (\($0))" } ?? ""
    return "\(mistake.name)\(detail): \(mistake.summary); explains "
      + "\(Int((share * 100).rounded(.down))) % of \(wrongCount) wrong outputs of \(quantity.rawValue)"
  }
}

extension LinearDiagnosis {
  private static let leastShare = 0.9
  private static let greatestContradiction = 0.1
  /// Of fewer wrong outputs each has to be explained far more closely: with so many mistakes to try one of them comes
  /// near by chance.
  private static let leastCount = 4

  /// The mistakes that explain outputs of one quantity, the best first; none where nothing is wrong.
  ///
  /// An output is wrong that is further off than what is common, whatever is claimed. A mistake explains it where
  /// it leaves a quarter of the error at most, and no more than what is common allows and a share of what it changes.
  public static func diagnoses(of evidence: [LinearEvidence]) -> [LinearDiagnosis] {
    guard let quantity = evidence.first?.quantity else { return [] }
    let wrong = evidence.map { one in
      one.places.indices.filter {
        !((one.computed[$0] - one.exact[$0]).magnitude <= one.allowed[$0])
      }
    }
    let wrongCount = wrong.reduce(0) { $0 + $1.count }
    guard wrongCount > 0 else { return [] }
    var found: [(diagnosis: LinearDiagnosis, rank: Double)] = []
    for mistake in LinearMistakes.all {
      var tallies: [String: Tally] = [:]
      var order: [String] = []
      for (one, wrong) in zip(evidence, wrong) {
        for form in mistake.forms(one) {
          let name = form.detail ?? ""
          if tallies[name] == nil { order.append(name) }
          tallies[name, default: Tally()].observe(
            one, wrong: wrong, one.outputs(form), isStrict: wrongCount < leastCount)
        }
      }
      let best = order.compactMap { name in tallies[name].map { (name, $0) } }
        .filter { $0.1.explains(wrongCount) }
        .max { $0.1.rank(wrongCount) < $1.1.rank(wrongCount) }
      guard let (name, tally) = best else { continue }
      found.append(
        (
          LinearDiagnosis(
            mistake: mistake, detail: name.isEmpty ? nil : name, quantity: quantity,
            share: Double(tally.explainedCount) / Double(wrongCount), wrongCount: wrongCount),
          tally.rank(wrongCount)
        ))
    }
    guard let best = found.map(\.rank).max() else { return [] }
    return found.filter { $0.rank > best - 0.02 }.prefix(2).map(\.diagnosis)
  }

  /// What a form of a mistake says of the outputs.
  private struct Tally {
    var explainedCount = 0
    var distance = 0.0
    var changedCount = 0
    var contradictedCount = 0

    mutating func observe(
      _ evidence: LinearEvidence, wrong: [Int], _ outputs: [Double], isStrict: Bool
    ) {
      let wrong = Set(wrong)
      for (index, output) in outputs.enumerated() {
        let (computed, exact) = (evidence.computed[index], evidence.exact[index])
        let (allowed, change) = (evidence.allowed[index], (output - exact).magnitude)
        let (error, left) = ((computed - exact).magnitude, (computed - output).magnitude)
        if wrong.contains(index) {
          let isNear =
            isStrict
            ? left <= allowed + error / 1024 && left <= error / 64
            : left <= allowed + change / 32 && left <= error / 4
          if isNear || (!computed.isFinite && !output.isFinite) {
            explainedCount += 1
            distance += error > 0 && error.isFinite ? left / error : 0
          }
        }
        if change > 4 * allowed {
          changedCount += 1
          if !wrong.contains(index) { contradictedCount += 1 }
        }
      }
    }

    func explains(_ wrongCount: Int) -> Bool {
      Double(explainedCount) >= leastShare * Double(wrongCount)
        && Double(contradictedCount) <= greatestContradiction * Double(changedCount)
    }

    func rank(_ wrongCount: Int) -> Double {
      Double(explainedCount - contradictedCount) / Double(wrongCount)
        - 0.1 * distance / Double(max(explainedCount, 1))
    }
  }
}
