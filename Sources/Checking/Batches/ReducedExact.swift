internal import FloatFormats
internal import LossFunctions
internal import Multiprecision
internal import PropertyEngine
internal import Reference

/// The exact sum or mean of a batch, or the gradients of it, and what it takes to judge others.
struct ReducedExact: Sendable {
  /// One value, or those of each row.
  let certified: CertifiedRows
  /// What each output may be off by and be common.
  let commonErrors: [Double]
  /// The exact losses of the rows, in doubles; none of a gradient.
  let losses: [Double]
  private let rows: LossRows

  /// - Returns: nil where the function is not defined at a row, or a value is not decided.
  init?(_ rows: LossRows, _ contract: CheckContract) {
    self.rows = rows
    do {
      certified = try Reference().evaluate(
        contract.function, batch: rows, reduction: contract.reduction, options: contract.options,
        in: contract.outputFormat)
      guard certified.undecided.isEmpty else { return nil }
      let parts = contract.partsOfReduction(of: rows)
      losses = contract.function.isGradient ? [] : try contract.losses(of: rows)
      var errors: [[Double]] = []
      for (part, divisor) in parts {
        if contract.function.isGradient {
          errors.append(part.commonErrors(ofReducedGradient: rows, divisor: divisor))
        } else {
          let own = parts.count == 1 ? losses : try part.losses(of: rows)
          errors.append([part.commonError(ofReduced: rows, losses: own, divisor: divisor)])
        }
      }
      commonErrors = errors[0].indices.map { place in errors.reduce(0) { $0 + $1[place] } }
    } catch {
      return nil
    }
  }

  /// The number of outputs.
  var count: Int { certified.values.count }

  /// Whether the common form overflows in a row that an output is made of, so that this may be the output.
  func allows(_ output: Double, at place: Int, _ contract: CheckContract) -> Bool {
    let isOfOneRow = certified.rowCount == rows.count && contract.function.isGradient
    let own =
      isOfOneRow
      ? place / certified.outputsPerRow..<place / certified.outputsPerRow + 1 : 0..<rows.count
    return own.contains {
      contract.overflowsBefore(rows[$0]) || contract.allows([output], of: rows[$0])
    }
  }

  /// The outputs, correctly rounded, as hexadecimal floats.
  var hexadecimals: [String] { (0..<count).map { certified.values[$0].hexadecimal } }

  /// The sum of the losses, as doubles have it.
  var sum: Double { losses.reduce(0, +) }
}

extension CheckContract {
  /// The losses whose quotients add up to the reduction, each of rows by themselves, with what divides its sum.
  func partsOfReduction(of rows: LossRows) -> [(contract: CheckContract, divisor: Double)] {
    options.partsOfMean.map { part in
      var contract = self
      contract.options = part
      contract.options.denominator = nil
      return (contract, reduction == .mean ? rows.divisor(part) : 1)
    }
  }

  /// The exact losses of rows, in doubles.
  func losses(of rows: LossRows) throws -> [Double] {
    guard rows.count > 0 else { return [] }
    var options = options
    options.denominator = nil
    let values = try Reference().evaluate(
      function.loss ?? function, rows, options: options, in: .float64
    ).values
    return (0..<values.count).map { values[$0].double }
  }
}
