internal import FloatFormats
internal import LossFunctions
internal import PropertyEngine

// The mistakes in rows have names, and a reduction mixes rows. Of a single row there is nothing to mix.

/// What answers batches, asked for rows by themselves: the sum of one row is its loss, and its mean that over what divides it.
struct SingleRows: Subject {
  let check: BatchCheck

  func answers(to rows: LossRows) async throws -> RowAnswers {
    var responses: [Response] = []
    for row in 0..<rows.count { responses.append(try await response(to: rows.selecting([row]))) }
    return RowAnswers(responses, in: .float64)
  }

  private func response(to row: LossRows) async throws -> Response {
    guard !Task.isCancelled else { return .unsupported("interrupted") }
    guard let divisor = check.contract.divisor(ofOne: row) else {
      return .unsupported("its weight is divided by nothing, or twice")
    }
    switch try await check.answer(row) {
    case .outputs(let outputs):
      return .outputs((0..<outputs.count).map { FloatValue(outputs[$0].double * divisor) })
    case .unsupported(let reason): return .unsupported(reason)
    case .failed(let failure): return .failed(failure)
    case .interrupted: return .unsupported("interrupted")
    }
  }
}

extension CheckContract {
  /// What the rows of a batch have to do by themselves.
  fileprivate var ofRows: CheckContract {
    var contract = self
    (contract.reduction, contract.options.denominator) = (.none, nil)
    return contract
  }

  /// What divides all of a batch; nil for 0, and where its parts have divisors of their own.
  fileprivate func divisor(ofOne rows: LossRows) -> Double? {
    let parts = partsOfReduction(of: rows)
    guard parts.count == 1, parts[0].divisor > 0, parts[0].divisor.isFinite else { return nil }
    return parts[0].divisor
  }
}

extension BatchCheck {
  /// What is seen of rows, each asked for as a batch of its own.
  package func rowEvidence() async throws -> Evidence {
    let rows = Check(
      SingleRows(check: self), named: "rows", contract.ofRows,
      TrialPlan(families: [], seed: plan.seed))
    return try await EvidenceCollection(rows).evidence()
  }

  /// The mistakes of rows that the wrong batches look like: those that rows by themselves show, and that longer batches
  /// that were wrong do not speak against.
  func diagnoses(of result: BatchCheckResult) async throws -> [Diagnosis] {
    guard result.denominator == nil, result.findings.contains(where: { $0.output != nil }) else {
      return []
    }
    let found = try await rowEvidence().diagnoses()
    return found.filter { $0.agrees(with: result.wrongBatches, contract) }
  }
}

/// A batch of several rows that is wrong, and what was given for it.
struct WrongBatch: Sendable {
  let rows: LossRows
  let outputs: NumberColumn

  /// So many are kept, of so many rows.
  static let greatestCount = 64
  static let rowCounts = 2...64
}

extension Diagnosis {
  /// The share of the batches that must be what the mistake makes of their rows.
  private static let leastShare = 0.75

  /// Whether the mistake, made in all rows of batches, gives what was given for these, as far as it says something of
  /// them.
  fileprivate func agrees(with batches: [WrongBatch], _ contract: CheckContract) -> Bool {
    let verdicts = batches.compactMap { agrees(with: $0, contract) }
    return Double(verdicts.count(where: \.self)) >= Self.leastShare * Double(verdicts.count)
  }

  private func agrees(with batch: WrongBatch, _ contract: CheckContract) -> Bool? {
    guard let divisor = contract.divisor(ofOne: batch.rows) else { return nil }
    let rows = (0..<batch.rows.count).map {
      Observation(input: batch.rows[$0], computed: [], exact: [])
    }
    let outputs = hypothesis.outputs(ObservedBatch(rows)).compactMap(\.self)
    guard outputs.count == rows.count else { return nil }
    let unit = contract.outputFormat.unitRoundoff
    var (values, errors): ([Double], [Double]) = ([], [])
    for (row, outputs) in zip(rows, outputs) {
      for (place, output) in outputs.enumerated() {
        let error = evidence.tolerance(row, output, .coarse) + 8 * unit * output.magnitude
        if contract.function.isGradient || values.count <= place {
          values.append(output / divisor)
          errors.append(error / divisor)
        } else {
          values[place] += output / divisor
          errors[place] += error / divisor
        }
      }
    }
    guard values.count == batch.outputs.count else { return false }
    return values.indices.allSatisfy { place in
      let computed = batch.outputs[place].double
      guard values[place].magnitude <= evidence.greatest, computed.isFinite else {
        return !computed.isFinite && !(values[place].magnitude <= evidence.greatest)
      }
      return (values[place] - computed).magnitude <= errors[place]
    }
  }
}
