internal import FloatFormats
public import LossFunctions

// How algorithms run on batches. The types are opened once a batch, and by name, so that each algorithm is
// compiled for each of them rather than called through tables.

extension BinaryAlgorithm {
  public func evaluate(_ rows: LossRows, withBounds: Bool) -> ComputedRows? {
    switch rows.format {
    case .float16: values(rows, withBounds, Binary16.self)
    case .bfloat16: values(rows, withBounds, BFloat16.self)
    case .float32: values(rows, withBounds, Float.self)
    case .float64: values(rows, withBounds, Double.self)
    default: nil
    }
  }

  private func values<T: LossScalar>(
    _ rows: LossRows, _ withBounds: Bool, _: T.Type
  ) -> ComputedRows? {
    guard rows.classCount == 1, !function.hasTarget || rows.targetKind == .probabilities else {
      return nil
    }
    let logits = rows.logits.doubles
    let targets = function.hasTarget ? rows.probabilities.doubles : nil
    var outputs = BatchOutputs(count: rows.count, hasBounds: withBounds && isExactFormula)
    if outputs.hasBounds {
      for (row, logit) in logits.enumerated() {
        let target = RunningError(T(targets?[row] ?? 0))
        outputs.append(value(logit: RunningError(T(logit)), target: target))
      }
    } else {
      for (row, logit) in logits.enumerated() {
        outputs.append(value(logit: T(logit), target: T(targets?[row] ?? 0)))
      }
    }
    return outputs.computed(in: rows.format)
  }
}

extension CategoricalAlgorithm {
  public func evaluate(_ rows: LossRows, withBounds: Bool) -> ComputedRows? {
    evaluateLabelled(rows, withBounds)
  }

  fileprivate func evaluateLabelled(_ rows: LossRows, _ withBounds: Bool) -> ComputedRows? {
    if !withBounds, let computed = evaluateInLockstep(rows) { return computed }
    return switch rows.format {
    case .float16: outputs(rows, withBounds, Binary16.self)
    case .bfloat16: outputs(rows, withBounds, BFloat16.self)
    case .float32: outputs(rows, withBounds, Float.self)
    case .float64: outputs(rows, withBounds, Double.self)
    default: nil
    }
  }

  private func outputs<T: LossScalar>(
    _ rows: LossRows, _ withBounds: Bool, _: T.Type
  ) -> ComputedRows? {
    guard !function.hasTarget || rows.hasLabels else { return nil }
    func label(_ row: Int) -> Int { function.hasTarget ? Int(rows.labels[row]) : 0 }
    return rows.computed(
      function, hasBounds: withBounds && isExactFormula,
      plain: { (x: [T], row) in outputs(logits: x, label: label(row)) },
      bounded: { (x: [RunningError<T>], row) in outputs(logits: x, label: label(row)) })
  }
}

extension SoftTargetAlgorithm {
  public func evaluate(_ rows: LossRows, withBounds: Bool) -> ComputedRows? {
    guard function.hasTarget, rows.targetKind == .probabilities else {
      return evaluateLabelled(rows, withBounds)
    }
    return switch rows.format {
    case .float16: outputs(rows, withBounds, Binary16.self)
    case .bfloat16: outputs(rows, withBounds, BFloat16.self)
    case .float32: outputs(rows, withBounds, Float.self)
    case .float64: outputs(rows, withBounds, Double.self)
    default: nil
    }
  }

  private func outputs<T: LossScalar>(
    _ rows: LossRows, _ withBounds: Bool, _: T.Type
  ) -> ComputedRows {
    let (probabilities, count) = (rows.probabilities.doubles, rows.classCount)
    func target(_ row: Int) -> ArraySlice<Double> {
      probabilities[row * count..<(row + 1) * count]
    }
    return rows.computed(
      function, hasBounds: withBounds && isExactFormula,
      plain: { (x: [T], row) in outputs(logits: x, probabilities: target(row).map { T($0) }) },
      bounded: { (x: [RunningError<T>], row) in
        outputs(logits: x, probabilities: target(row).map { RunningError(T($0)) })
      })
  }
}

extension LossRows {
  /// Whether each row has a label that indexes a class.
  var hasLabels: Bool {
    targetKind == .index && labels.allSatisfy { $0 >= 0 && $0 < classCount }
  }

  /// What one of two closures gives row by row: one computes in T, the other on numbers of T that carry
  /// their errors.
  @inline(__always)
  fileprivate func computed<T: LossScalar>(
    _ function: LossFunction, hasBounds: Bool, plain: ([T], Int) -> [T],
    bounded: ([RunningError<T>], Int) -> [RunningError<T>]
  ) -> ComputedRows {
    let outputCount = count * (function.hasOutputPerClass ? classCount : 1)
    var outputs = BatchOutputs(count: outputCount, hasBounds: hasBounds)
    if hasBounds {
      forEachRow({ RunningError(T($0)) }) { x, row in
        for output in bounded(x, row) { outputs.append(output) }
      }
    } else {
      forEachRow({ T($0) }) { x, row in
        for output in plain(x, row) { outputs.append(output) }
      }
    }
    return outputs.computed(in: format)
  }

  /// Calls `body` with the logits of each row as numbers, in one array that all rows take in turn.
  @inline(__always)
  func forEachRow<Number>(_ number: (Double) -> Number, _ body: ([Number], Int) -> Void) {
    let (logits, classCount) = (logits.doubles, classCount)
    var x = [Number](repeating: number(0), count: classCount)
    for row in 0..<count {
      for i in 0..<classCount { x[i] = number(logits[row * classCount + i]) }
      body(x, row)
    }
  }
}

/// The outputs of a batch as they come, and their bounds.
struct BatchOutputs {
  private var values: [Double] = []
  private var bounds: [Double] = []
  let hasBounds: Bool

  init(count: Int, hasBounds: Bool) {
    self.hasBounds = hasBounds
    values.reserveCapacity(count)
    if hasBounds { bounds.reserveCapacity(count) }
  }

  @inline(__always)
  mutating func append(_ output: some LossScalar) { values.append(output.double) }

  @inline(__always)
  mutating func append<T>(_ output: RunningError<T>) {
    values.append(output.value.double)
    bounds.append(output.bound)
  }

  func computed(in format: FloatFormat) -> ComputedRows {
    ComputedRows(
      values: NumberColumn(format, doubles: values), bounds: hasBounds ? bounds : nil)
  }
}
