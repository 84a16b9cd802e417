internal import FloatFormats
internal import LossFunctions
internal import PropertyEngine

extension BatchCheck {
  /// What shrinking may ask: so many batches, of so many rows together.
  private static let shrinkingEffort = (batches: 60, rows: 300_000)

  /// Judges a batch.
  ///
  /// - Returns: How far off it is, by what is claimed; 0 where nothing was compared.
  func judge(
    _ rows: LossRows, _ stage: inout BatchCheckResult.Stage, _ result: inout BatchCheckResult
  ) async throws -> Double {
    guard rows.isProbable(contract.options.input), let exact = ReducedExact(rows, contract)
    else {
      stage.leaveOut("not defined there, or not decided")
      return 0
    }
    switch try await answer(rows) {
    case .unsupported(let reason): stage.leaveOut(reason)
    case .interrupted: stage.leaveOut("not answered before the interruption")
    case .failed(let failure):
      stage.count(rows)
      stage.fail(failure.kind.rawValue, "\(rows.counted): \(failure.message)")
      result.add(
        BatchFinding(
          stage: stage.name, rows: rows, kind: failure.kind.rawValue, output: nil,
          message: failure.message, exact: exact))
    case .outputs(let outputs) where outputs.count != exact.count:
      stage.count(rows)
      let message = "\(outputs.count) outputs instead of \(exact.count)"
      stage.fail(Failure.Kind.outputCount.rawValue, "\(rows.counted): \(message)")
      result.add(
        BatchFinding(
          stage: stage.name, rows: rows, kind: Failure.Kind.outputCount.rawValue, output: nil,
          message: message, exact: exact))
    case .outputs(let outputs):
      stage.count(rows)
      let comparison = BatchComparison(outputs, exact, contract)
      stage.observe(rows, outputs, exact, comparison)
      result.observe(rows, outputs, exact, comparison, in: stage.name)
      guard let place = comparison.failingPlace else { return comparison.badness }
      stage.fail(
        comparison.kind(at: place), "\(rows.counted): \(comparison.message(at: place, outputs))",
        ulps: comparison.ulps[place])
      result.add(
        BatchFinding(
          stage: stage.name, rows: rows, kind: comparison.kind(at: place), output: outputs[place],
          message: comparison.message(at: place, outputs), exact: exact,
          ulps: comparison.ulps[place]))
      return comparison.badness
    }
    return 0
  }

  /// The finding with as few rows as still fail.
  func shrunk(_ finding: BatchFinding) async throws -> BatchFinding {
    var best = finding
    var (effort, size) = (Self.shrinkingEffort, best.rows.count / 2)
    while size > 0, effort.batches > 0, effort.rows > 0, !Task.isCancelled {
      var start = 0
      while start < best.rows.count, best.rows.count > 1, effort.batches > 0, effort.rows > 0 {
        let kept = Array(0..<start) + Array(min(start + size, best.rows.count)..<best.rows.count)
        let rows = best.rows.selecting(kept)
        effort.batches -= 1
        effort.rows -= rows.count
        if let simpler = try await failing(rows, as: finding) {
          best = simpler
        } else {
          start += size
        }
      }
      size /= 2
    }
    return best
  }

  private func failing(_ rows: LossRows, as finding: BatchFinding) async throws -> BatchFinding? {
    guard rows.count > 0, let exact = ReducedExact(rows, contract) else { return nil }
    switch try await answer(rows) {
    case .failed(let failure) where failure.kind.rawValue == finding.kind:
      return BatchFinding(
        stage: finding.stage, rows: rows, kind: finding.kind, output: nil, message: failure.message,
        exact: exact)
    case .outputs(let outputs) where outputs.count == exact.count:
      let comparison = BatchComparison(outputs, exact, contract)
      guard let place = comparison.failingPlace, comparison.kind(at: place) == finding.kind else {
        return nil
      }
      return BatchFinding(
        stage: finding.stage, rows: rows, kind: finding.kind, output: outputs[place],
        message: comparison.message(at: place, outputs), exact: exact, ulps: comparison.ulps[place])
    default: return nil
    }
  }
}

extension LossRows {
  fileprivate func isProbable(_ kind: InputKind) -> Bool {
    kind == .logits || (0..<logits.count).allSatisfy { kind.contains(logits[$0]) }
  }
}
