@_exported public import Checking
internal import FloatFormats
public import LossOracle

/// The sum or the mean of the losses of a batch, or the gradients of it, to be held against exact values.
///
///     BatchLossUnderTest.crossEntropy(.mean) { (logits: [[Float]], labels: [Int]) in
///       myMeanLoss(logits, labels)
///     }
///
/// It is called with batches of no row, of one, and of some hundred, of one number of classes each. It may throw
/// `UnsupportedCase` on batches that its claim is not about; any other error counts as a crash.
public struct BatchLossUnderTest: Sendable {
  let function: LossFunction
  let format: FloatFormat
  let options: LossOptions
  let reduction: Reduction
  let answer: @Sendable (LossRows) async throws -> BatchAnswer

  private init<T: LossScalar>(
    _ function: LossFunction, _: T.Type, _ reduction: Reduction, _ options: LossOptions,
    _ outputs: @escaping @Sendable ([Row<T>]) throws -> [T]
  ) {
    (self.function, self.reduction, self.options) = (function, reduction, options)
    format = T.format
    answer = { rows in
      do {
        var column = NumberColumn(T.format)
        for output in try outputs((0..<rows.count).map { Row(rows[$0]) }) {
          column.append(output.floatValue)
        }
        return .outputs(column)
      } catch let error as UnsupportedCase {
        return .unsupported(error.reason)
      } catch {
        return .failed(Failure(.crash, "threw \(error)"))
      }
    }
  }

  private static func labelled<T: LossScalar>(
    _ function: LossFunction, _ reduction: Reduction, _ options: LossOptions,
    _ body: @escaping @Sendable ([[T]], [Int]) throws -> [T]
  ) -> BatchLossUnderTest {
    BatchLossUnderTest(function, T.self, reduction, options) { rows in
      let labels = rows.compactMap(\.label)
      guard labels.count == rows.count else { throw UnsupportedCase("it takes class indices") }
      return try body(rows.map(\.logits), labels)
    }
  }

  /// The sum or mean of the losses of rows and the indices of their classes.
  public static func crossEntropy<T: LossScalar>(
    _ reduction: Reduction, options: LossOptions = LossOptions(),
    _ body: @escaping @Sendable (_ logits: [[T]], _ labels: [Int]) throws -> T
  ) -> BatchLossUnderTest {
    labelled(.crossEntropy, reduction, options) { [try body($0, $1)] }
  }

  /// Its derivatives by the logits of each row.
  public static func crossEntropyGradient<T: LossScalar>(
    _ reduction: Reduction, options: LossOptions = LossOptions(),
    _ body: @escaping @Sendable (_ logits: [[T]], _ labels: [Int]) throws -> [[T]]
  ) -> BatchLossUnderTest {
    labelled(.crossEntropyGradient, reduction, options) { try body($0, $1).flatMap(\.self) }
  }

  /// The sum or mean of the losses of logits and their targets in [0, 1].
  public static func binaryCrossEntropy<T: LossScalar>(
    _ reduction: Reduction, options: LossOptions = LossOptions(),
    _ body: @escaping @Sendable (_ logits: [T], _ targets: [T]) throws -> T
  ) -> BatchLossUnderTest {
    BatchLossUnderTest(.binaryCrossEntropy, T.self, reduction, options) { rows in
      [try body(rows.map { $0.logits[0] }, rows.map { $0.probabilities?.first ?? 0 })]
    }
  }

  /// Its derivative by each logit.
  public static func binaryCrossEntropyGradient<T: LossScalar>(
    _ reduction: Reduction, options: LossOptions = LossOptions(),
    _ body: @escaping @Sendable (_ logits: [T], _ targets: [T]) throws -> [T]
  ) -> BatchLossUnderTest {
    BatchLossUnderTest(.binaryCrossEntropyGradient, T.self, reduction, options) { rows in
      try body(rows.map { $0.logits[0] }, rows.map { $0.probabilities?.first ?? 0 })
    }
  }
}

extension AccuracyCheck {
  /// Hunts for batches that refute the claim, those of sums that overflow or lose digits among them unless other
  /// families are named. `worst` of what is returned is the batch that is furthest off.
  ///
  /// - Throws: `WitnessError` where the folder of witnesses cannot be read or written; `InputError` where the options
  ///   name a denominator of a sum.
  public func report(on loss: BatchLossUnderTest) async throws -> BatchCheckResult {
    var contract = CheckContract(
      loss.function, in: loss.format, options: loss.options, claim: claim, subnormals: subnormals)
    contract.reduction = loss.reduction
    guard !contract.hasStrayDenominator else { throw InputError.denominatorWithoutMean }
    let database = witnesses.map(WitnessDatabase.init(folder:))
    var plan = TrialPlan(
      families: families + (hasUsualFamilies ? Families.sums : []), caseCount: caseCount,
      classCounts: classCounts, seed: seed)
    for witness in try database?.witnesses(of: loss.function) ?? []
    where witness.isAbout(contract) {
      if let rows = try witness.batchRows() { plan.knownBatches.append(rows) }
    }
    let result = try await BatchCheck(contract, plan, named: "test", answer: loss.answer).run()
    try database?.add(records(result))
    return result
  }

  private func records(_ result: BatchCheckResult) -> [WitnessRecord] {
    result.findings.filter { $0.stage != "known" }.map(result.witness)
  }

  /// The findings in words.
  func text(_ result: BatchCheckResult) -> String {
    (result.findings.map { $0.lines(result).joined(separator: "\n") }
      + result.diagnosisTexts + [result.verdictText])
      .joined(separator: "\n")
  }
}

extension BatchCheckResult {
  /// Whether the claim stood wherever something could be said.
  public var hasPassed: Bool { verdict == .passed || verdict == .inconclusive }
}

/// That the sum or the mean of a batch fell short of its claim; its description holds the shrunk batches.
public struct InaccurateBatchLoss: Error, CustomStringConvertible {
  /// The findings in words.
  public let description: String
  /// What was found.
  public let result: BatchCheckResult
}

/// Throws where the sum or the mean of a batch falls short of its claim.
///
/// - Returns: What was found, the worst batch among it.
/// - Throws: `InaccurateBatchLoss`; `WitnessError` where the folder of witnesses cannot be read or written.
@discardableResult
public func requireAccuracy(
  of loss: BatchLossUnderTest, _ check: AccuracyCheck
) async throws -> BatchCheckResult {
  let result = try await check.report(on: loss)
  guard result.hasPassed else {
    throw InaccurateBatchLoss(description: check.text(result), result: result)
  }
  return result
}
