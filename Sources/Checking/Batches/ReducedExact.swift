internal import FloatFormats
internal import LossFunctions
internal import Multiprecision
internal import PropertyEngine
internal import Reference

/// The exact sum or mean of a batch, or the gradients of it, and what else the batch could be taken for.
struct ReducedExact: Sendable {
  /// One value, or those of each row.
  let certified: CertifiedRows
  /// What each output may be off by and be common.
  let commonErrors: [Double]
  /// The exact losses of the rows, in doubles; none of a gradient.
  let losses: [Double]
  /// The rows that count, and what all and those weigh.
  let countedRows: Int
  let countedWeight: Double
  let allWeight: Double

  /// - Returns: nil where the function is not defined at a row, or a value is not decided.
  init?(_ rows: LossRows, _ contract: CheckContract) {
    let (function, options) = (contract.function, contract.options)
    (countedRows, countedWeight, allWeight) = Self.weights(rows, options)
    let divisor = contract.reduction == .mean ? countedWeight : 1
    do {
      certified = try Reference().evaluate(
        function, batch: rows, reduction: contract.reduction, options: options,
        in: contract.outputFormat)
      guard certified.undecided.isEmpty else { return nil }
      guard !function.isGradient else {
        losses = []
        commonErrors = contract.commonErrors(ofReducedGradient: rows, divisor: divisor)
        return
      }
      losses =
        rows.count == 0
        ? []
        : try Reference().evaluate(function, rows, options: options, in: .float64).values
          .doublesOfRows
      commonErrors = [contract.commonError(ofReduced: rows, losses: losses, divisor: divisor)]
    } catch {
      return nil
    }
  }

  private static func weights(
    _ rows: LossRows, _ options: LossOptions
  ) -> (counted: Int, weight: Double, all: Double) {
    guard rows.targetKind == .index else {
      return (rows.count, Double(rows.count), Double(rows.count))
    }
    let weights = options.classWeights?.map(\.double)
    var (count, weight, all) = (0, 0.0, 0.0)
    for label in rows.labels.lazy.map(Int.init) {
      let isClass = weights?.indices.contains(label) ?? true
      let own = isClass ? weights?[label] ?? 1 : 0
      all += own
      guard label != options.ignoreIndex else { continue }
      (count, weight) = (count + 1, weight + own)
    }
    return (count, weight, all)
  }

  /// The number of outputs.
  var count: Int { certified.values.count }

  /// The outputs, correctly rounded, as hexadecimal floats.
  var hexadecimals: [String] { (0..<count).map { certified.values[$0].hexadecimal } }

  /// The sum of the losses, as doubles have it.
  var sum: Double { losses.reduce(0, +) }
}

extension NumberColumn {
  fileprivate var doublesOfRows: [Double] { (0..<count).map { self[$0].double } }
}
