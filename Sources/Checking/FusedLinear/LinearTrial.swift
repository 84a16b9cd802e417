public import Cases
public import Interchange
public import LossFunctions
public import PropertyEngine
internal import Reference

/// Which layers something is asked about.
public struct LinearPlan: Sendable {
  public var families: [LinearFamily]
  /// The number of layers of each family.
  public var caseCount: Int
  public var seed: UInt64
  public var quantities: [LinearQuantity]

  public init(
    families: [LinearFamily] = LinearFamily.all, caseCount: Int = 8, seed: UInt64 = 1,
    quantities: [LinearQuantity] = LinearQuantity.allCases
  ) {
    self.families = families
    self.caseCount = caseCount
    self.seed = seed
    self.quantities = quantities
  }

  /// A layer without difficulty.
  ///
  /// - Throws: Where options or formats are none of the fused loss.
  public func easyInput(for contract: LinearContract) throws(InputError) -> LinearInput {
    let classes = contract.options.classCount ?? 2
    let input = try LinearInput(
      hidden: [1, 0.5], weight: (0..<2 * classes).map { $0 == 0 ? 1 : 0.5 }, labels: [0], width: 2)
    try input.validate(contract.options)
    return input
  }

  /// A layer of a family: every other one has a bias, and every fourth numbers of `grad_output`.
  ///
  /// - Throws: Where a format is wider than float32.
  func input(
    _ family: LinearFamily, _ index: Int, for contract: LinearContract
  ) throws(InputError) -> LinearInput {
    var choices = ChoiceSource(
      RandomSource(seed: seed, path: ["linear-trial", family.name, String(index)]))
    let options = contract.options
    // What is left to MPFR takes some microseconds for each class and feature.
    let isSlow = options.softcap != nil || options.zLoss != nil
    func size(_ greatest: Int) -> Int {
      let bits = choices.integer(in: 0...Int.bitWidth - greatest.leadingZeroBitCount - 1)
      return min(max(1, choices.integer(in: (1 << bits) / 2...1 << bits)), greatest)
    }
    let classes = options.classCount ?? max(2, size(isSlow ? 64 : 1024))
    let (rows, width) = (size(isSlow ? 8 : 64), size(isSlow ? 16 : 128))
    let input = try family.input(
      rows: rows, classes: classes, width: width, in: contract.format,
      hasBias: index.isMultiple(of: 2), seed: seed &+ UInt64(index))
    guard contract.reduction == .none, index % 4 == 3 else { return input }
    return try LinearInput(
      hidden: input.hidden, weight: input.weight, bias: input.bias, labels: input.labels,
      width: width,
      gradOutput: (0..<rows).map { _ in Float(choices.integer(in: -4...8)) / 4 })
  }
}

/// What came of a trial of a linear layer fused with its loss.
public struct LinearTrialResult: Sendable {
  public let contract: LinearContract
  /// What a family has shown of a quantity.
  public struct Stage: Sendable {
    public let family: String
    public let quantity: LinearQuantity
    public var layerCount = 0
    public var outputCount = 0
    public var undecidedCount = 0
    public var failureCount = 0
    public var maximumULPs = 0.0
    public var greatestShare = 0.0
  }
  public internal(set) var stages: [Stage] = []
  /// Why nothing was said, and how often.
  public internal(set) var leftOut: [String: Int] = [:]
  /// One of each quantity, shrunk.
  public internal(set) var findings: [LinearFinding] = []
  public internal(set) var diagnoses: [LinearDiagnosis] = []
  /// Whether all layers were asked about.
  public internal(set) var isComplete = true

  /// What it comes to.
  public var verdict: Verdict {
    if !findings.isEmpty { return .fellShort }
    guard isComplete else { return .incomplete }
    let compared = stages.contains { $0.outputCount > $0.undecidedCount }
    return compared ? .passed : .inconclusive
  }
}

/// A layer at which a quantity is not what it should be.
public struct LinearFinding: Sendable {
  public let family: String
  public let quantity: LinearQuantity
  /// The layer, as small as it was found to fail.
  public let input: LinearInput
  /// What was computed of it; nil where there was no answer.
  public let check: LinearCheck?
  /// What went wrong, where there was none.
  public let message: String?
  /// The options of the question.
  public let options: LossOptions
}

/// Asks about layers of all families, shrinks what fails and names the mistake.
public struct LinearTrial: Sendable {
  private let subject: any LinearSubject
  private let contract: LinearContract
  private let plan: LinearPlan

  /// Questions about a layer that its shrinking may take.
  private static let greatestShrinkCount = 80
  /// The wrong layers of each quantity that a mistake has to explain, and the right ones beside.
  private static let greatestEvidenceCount = 10

  public init(_ subject: any LinearSubject, _ contract: LinearContract, _ plan: LinearPlan) {
    self.subject = subject
    self.contract = contract
    self.plan = plan
  }

  /// - Throws: Where options or formats are none of the fused loss.
  public func run(
    progress: @Sendable (_ done: Int, _ total: Int) -> Void = { _, _ in }
  ) async throws -> LinearTrialResult {
    var result = LinearTrialResult(contract: contract)
    var evidence: [LinearEvidence] = []
    let total = plan.families.count * plan.caseCount
    for (position, family) in plan.families.enumerated() {
      var stages = plan.quantities.map {
        LinearTrialResult.Stage(family: family.name, quantity: $0)
      }
      let contract = contract.taking(family.options)
      for index in 0..<plan.caseCount {
        progress(position * plan.caseCount + index, total)
        let input = try plan.input(family, index, for: contract)
        for (place, quantity) in plan.quantities.enumerated() {
          if quantity == .biasGradient, input.bias == nil { continue }
          guard !Task.isCancelled else {
            result.isComplete = false
            break
          }
          var failure: (check: LinearCheck?, message: String?)?
          switch await subject.answer(quantity, of: input, contract) {
          case .interrupted: result.isComplete = false
          case .unsupported(let reason):
            result.leftOut["\(quantity.rawValue): \(reason)", default: 0] += 1
          case .failed(let message):
            stages[place].layerCount += 1
            stages[place].failureCount += 1
            failure = (nil, message)
          case .outputs(let computed):
            let exact = try contract.exact(quantity, of: input)
            let check = contract.check(computed, quantity, of: input, against: exact)
            stages[place].observe(check)
            let fallsShort = check.verdict == .fellShort
            let kept = evidence.count { $0.quantity == quantity && $0.fallsShort == fallsShort }
            if kept < Self.greatestEvidenceCount {
              evidence.append(
                LinearEvidence(
                  quantity, of: input, computed, against: exact, contract, fallsShort: fallsShort))
            }
            if fallsShort { failure = (check, nil) }
          }
          guard let failure, !result.findings.contains(where: { $0.quantity == quantity }) else {
            continue
          }
          result.findings.append(
            await shrink(
              LinearFinding(
                family: family.name, quantity: quantity, input: input, check: failure.check,
                message: failure.message, options: contract.options),
              contract))
        }
      }
      result.stages += stages.filter { $0.layerCount > 0 }
    }
    result.diagnoses = result.findings.flatMap { finding in
      LinearDiagnosis.diagnoses(of: evidence.filter { $0.quantity == finding.quantity })
    }
    return result
  }

  /// A smaller layer that fails, too: fewer rows, classes and features as long as that goes.
  private func shrink(_ finding: LinearFinding, _ contract: LinearContract) async -> LinearFinding {
    var finding = finding
    var count = 0
    var isSmaller = true
    while isSmaller {
      isSmaller = false
      for candidate in finding.input.smaller(keepsClasses: contract.options.classCount != nil) {
        guard count < Self.greatestShrinkCount, !Task.isCancelled else { return finding }
        count += 1
        guard let smaller = await failure(of: candidate, like: finding, contract) else { continue }
        finding = smaller
        isSmaller = true
        break
      }
    }
    return finding
  }

  /// The finding at another layer; nil where there is none.
  private func failure(
    of input: LinearInput, like finding: LinearFinding, _ contract: LinearContract
  ) async -> LinearFinding? {
    switch await subject.answer(finding.quantity, of: input, contract) {
    case .failed(let message) where finding.check == nil:
      return LinearFinding(
        family: finding.family, quantity: finding.quantity, input: input, check: nil,
        message: message, options: finding.options)
    case .outputs(let computed) where finding.check != nil:
      guard let exact = try? contract.exact(finding.quantity, of: input) else { return nil }
      let check = contract.check(computed, finding.quantity, of: input, against: exact)
      guard check.verdict == .fellShort else { return nil }
      return LinearFinding(
        family: finding.family, quantity: finding.quantity, input: input, check: check,
        message: nil, options: finding.options)
    default: return nil
    }
  }
}

extension LinearContract {
  /// The same with the options that a family comes with, where none says otherwise.
  fileprivate func taking(_ options: LossOptions) -> LinearContract {
    var contract = self
    if contract.options.ignoreIndex == nil { contract.options.ignoreIndex = options.ignoreIndex }
    return contract
  }
}

extension LinearTrialResult.Stage {
  fileprivate mutating func observe(_ check: LinearCheck) {
    layerCount += 1
    outputCount += check.outputCount
    undecidedCount += check.undecidedCount
    failureCount += check.failureCount
    maximumULPs = max(maximumULPs, check.maximumULPs)
    greatestShare = max(greatestShare, check.greatestShare ?? 0)
  }
}

extension LinearInput {
  /// Layers with fewer rows, features or classes, the smallest first.
  func smaller(keepsClasses: Bool) -> [LinearInput] {
    func halves(_ count: Int) -> [Range<Int>] {
      if count < 2 { return [] }
      let parts = count > 2 ? [0..<1, count - 1..<count] : []
      return parts + [0..<count / 2, count / 2..<count] + (count > 3 ? [1..<count] : [])
    }
    var inputs: [LinearInput?] = halves(rowCount).map { part(rows: $0) }
    inputs += halves(width).map { part(features: $0) }
    if !keepsClasses { inputs += halves(classCount).map { part(classes: $0) } }
    return inputs.compactMap(\.self)
  }

  /// Some rows, classes and features; nil where a label's class is not among them.
  private func part(
    rows: Range<Int>? = nil, classes: Range<Int>? = nil, features: Range<Int>? = nil
  ) -> LinearInput? {
    let (rows, classes) = (rows ?? 0..<rowCount, classes ?? 0..<classCount)
    let features = features ?? 0..<width
    let shifted = labels[rows].map { $0 < 0 ? $0 : $0 - Int32(classes.lowerBound) }
    guard zip(labels[rows], shifted).allSatisfy({ $0 < 0 || classes.contains(Int($0)) && $1 >= 0 })
    else { return nil }
    func part(_ numbers: [Float], _ kept: Range<Int>) -> [Float] {
      kept.flatMap { row in features.map { numbers[row * width + $0] } }
    }
    return try? LinearInput(
      hidden: part(hidden, rows), weight: part(weight, classes),
      bias: bias.map { Array($0[classes]) }, labels: shifted, width: features.count,
      gradOutput: gradOutput.map { Array($0[rows]) })
  }
}
