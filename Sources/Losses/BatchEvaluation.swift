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
    let (logits, targets) = (
      rows.logits.doubles, function.hasTarget ? rows.probabilities.doubles : []
    )
    func target(_ row: Int) -> T { targets.isEmpty ? 0 : T(targets[row]) }
    let hasBounds = withBounds && isExactFormula
    return ComputedRows(rows.format, count: rows.count, hasBounds: hasBounds) { values, bounds in
      if hasBounds {
        for row in values.indices {
          let logit = RunningError(T(logits[row]))
          let output = value(logit: logit, target: RunningError(target(row)))
          (values[row], bounds[row]) = (output.value.double, output.bound)
        }
      } else {
        for row in values.indices {
          values[row] = value(logit: T(logits[row]), target: target(row)).double
        }
      }
    }
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
    let outputCount = function.hasOutputPerClass ? classCount : 1
    return ComputedRows(format, count: count * outputCount, hasBounds: hasBounds) {
      values, bounds in
      if hasBounds {
        forEachRow({ RunningError(T($0)) }) { x, row in
          let outputs = bounded(x, row)
          for index in 0..<min(outputs.count, outputCount) {
            values[row * outputCount + index] = outputs[index].value.double
            bounds[row * outputCount + index] = outputs[index].bound
          }
        }
      } else {
        forEachRow({ T($0) }) { x, row in
          let outputs = plain(x, row)
          for index in 0..<min(outputs.count, outputCount) {
            values[row * outputCount + index] = outputs[index].double
          }
        }
      }
    }
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

extension ComputedRows {
  /// Outputs and bounds that `body` writes; NaN where it does not.
  @inline(__always)
  fileprivate init(
    _ format: FloatFormat, count: Int, hasBounds: Bool,
    _ body: (
      _ values: UnsafeMutableBufferPointer<Double>, _ bounds: UnsafeMutableBufferPointer<Double>
    ) -> Void
  ) {
    var values = [Double](repeating: .nan, count: count)
    var bounds = [Double](repeating: .infinity, count: hasBounds ? count : 0)
    values.withUnsafeMutableBufferPointer { values in
      bounds.withUnsafeMutableBufferPointer { body(values, $0) }
    }
    self.init(
      values: NumberColumn(format, doubles: values), bounds: hasBounds ? bounds : nil)
  }
}
