internal import FloatFormats
public import LossFunctions

// How algorithms run on batches.

/// Whether they are compiled for numbers that carry their errors, too. That is half the code of all forms:
/// the library for C, where nothing asks for bounds, goes without.
@inline(__always)
private var areBoundsCompiled: Bool {
  #if WITHOUT_BOUNDS
    false
  #else
    true
  #endif
}

extension ScalarImplementation {
  /// The type is opened once a batch, and by name, so that each implementation is compiled for each of them
  /// rather than called through tables.
  public func evaluate(_ rows: LossRows, withBounds: Bool) -> ComputedRows? {
    switch rows.format {
    case .float16: evaluate(rows, withBounds: withBounds, in: Binary16.self)
    case .bfloat16: evaluate(rows, withBounds: withBounds, in: BFloat16.self)
    case .float32: evaluate(rows, withBounds: withBounds, in: Float.self)
    case .float64: evaluate(rows, withBounds: withBounds, in: Double.self)
    default: nil
    }
  }
}

extension BinaryAlgorithm {
  public func evaluate<T: LossScalar>(
    _ rows: LossRows, withBounds: Bool, in _: T.Type
  ) -> ComputedRows? {
    guard rows.classCount == 1, !function.hasTarget || rows.targetKind == .probabilities,
      rows.hasGradOutput(of: function)
    else { return nil }
    let hasBounds = areBoundsCompiled && withBounds && isExactFormula
    return ComputedRows(rows.format, count: rows.count, hasBounds: hasBounds) { values, bounds in
      rows.withBinaryRows(function) { logits, targets, stride in
        if hasBounds {
          for row in logits.indices {
            let output = value(
              logit: RunningError(T(logits[row])), target: RunningError(T(targets[row * stride])))
            (values[row], bounds[row]) = (output.value.double, output.bound)
          }
        } else {
          for row in logits.indices {
            values[row] = value(logit: T(logits[row]), target: T(targets[row * stride])).double
          }
        }
      }
    }
  }
}

extension CategoricalAlgorithm {
  public func evaluate<T: LossScalar>(
    _ rows: LossRows, withBounds: Bool, in _: T.Type
  ) -> ComputedRows? {
    evaluateLabelled(rows, withBounds, T.self)
  }

  fileprivate func evaluateLabelled<T: LossScalar>(
    _ rows: LossRows, _ withBounds: Bool, _: T.Type
  ) -> ComputedRows? {
    guard rows.hasGradOutput(of: function) else { return nil }
    if !withBounds, let computed = evaluateInLockstep(rows) { return computed }
    guard !function.hasTarget || rows.hasLabels(of: function) else { return nil }
    func label(_ row: Int) -> Int { function.hasTarget ? Int(rows.labels[row]) : 0 }
    return rows.computed(
      function, hasBounds: withBounds && isExactFormula,
      plain: { (x: [T], _, row) in outputs(logits: x, label: label(row)) },
      bounded: { (x: [RunningError<T>], _, row) in outputs(logits: x, label: label(row)) })
  }
}

extension SoftTargetAlgorithm {
  public func evaluate<T: LossScalar>(
    _ rows: LossRows, withBounds: Bool, in _: T.Type
  ) -> ComputedRows? {
    guard function.hasTarget, rows.targetKind == .probabilities, rows.gradOutputCount == 0 else {
      return evaluateLabelled(rows, withBounds, T.self)
    }
    return rows.computed(
      function, besides: rows.probabilities.doubles, hasBounds: withBounds && isExactFormula,
      plain: { (x: [T], y, _) in outputs(logits: x, probabilities: y) },
      bounded: { (x: [RunningError<T>], y, _) in outputs(logits: x, probabilities: y) })
  }
}

extension GradientAlgorithm {
  public func evaluate<T: LossScalar>(
    _ rows: LossRows, withBounds: Bool, in _: T.Type
  ) -> ComputedRows? {
    guard rows.hasGradOutput(of: function) else { return nil }
    return rows.computed(
      function, besides: rows.gradOutputs.doubles, hasBounds: withBounds && isExactFormula,
      plain: { (x: [T], g, _) in outputs(logits: x, gradOutput: g) },
      bounded: { (x: [RunningError<T>], g, _) in outputs(logits: x, gradOutput: g) })
  }
}

extension UpstreamAlgorithm {
  public func options(classCount: Int) -> LossOptions {
    var options = LossOptions()
    options.gradOutput = .row
    return options
  }

  public func evaluate<T: LossScalar>(
    _ rows: LossRows, withBounds: Bool, in _: T.Type
  ) -> ComputedRows? {
    let count = rows.classCount
    guard rows.gradOutputCount == 1,
      rows.targetKind == .probabilities || rows.hasLabels(of: function)
    else { return nil }
    let (numbers, probabilities) = (rows.gradOutputs.doubles, rows.probabilities.doubles)
    let targets =
      probabilities.isEmpty
      ? rows.labels.flatMap { label in (0..<count).map { Int(label) == $0 ? 1 : 0 } }
      : probabilities
    return rows.computed(
      function, besides: targets, hasBounds: withBounds && isExactFormula,
      plain: { (x: [T], y, row) in
        outputs(logits: x, target: y, gradOutput: T(numbers[row]))
      },
      bounded: { (x: [RunningError<T>], y, row) in
        outputs(logits: x, target: y, gradOutput: RunningError(T(numbers[row])))
      })
  }
}

extension TargetLogitsAlgorithm {
  public func evaluate<T: LossScalar>(
    _ rows: LossRows, withBounds: Bool, in _: T.Type
  ) -> ComputedRows? {
    guard rows.targetKind == .logits, rows.gradOutputCount == 0 else { return nil }
    return rows.computed(
      function, besides: rows.probabilities.doubles, hasBounds: withBounds && isExactFormula,
      plain: { (x: [T], y, _) in outputs(logits: x, targetLogits: y) },
      bounded: { (x: [RunningError<T>], y, _) in outputs(logits: x, targetLogits: y) })
  }
}

extension LossRows {
  /// Whether the rows have as many numbers of `grad_output` as the function takes.
  func hasGradOutput(of function: LossFunction) -> Bool {
    gradOutputCount == function.gradOutputCount(classCount: classCount)
  }

  /// Whether each row has a label that indexes a class, or that of another shard.
  func hasLabels(of function: LossFunction) -> Bool {
    let least: Int32 = function == .shardPartials ? -1 : 0
    return targetKind == .index && labels.allSatisfy { $0 >= least && $0 < classCount }
  }

  /// What one of two closures gives row by row: one computes in T, the other on numbers of T that carry
  /// their errors.
  ///
  /// - Parameter others: Numbers that each row has as many of, which are handed on beside its logits.
  @inline(__always)
  fileprivate func computed<T: LossScalar>(
    _ function: LossFunction, besides others: [Double] = [], hasBounds: Bool,
    plain: ([T], [T], Int) -> [T],
    bounded: ([RunningError<T>], [RunningError<T>], Int) -> [RunningError<T>]
  ) -> ComputedRows {
    let outputCount = function.outputCount(classCount: classCount)
    let hasBounds = areBoundsCompiled && hasBounds
    return ComputedRows(format, count: count * outputCount, hasBounds: hasBounds) {
      values, bounds in
      if hasBounds {
        forEachRow(besides: others, { RunningError(T($0)) }) { x, y, row in
          let outputs = bounded(x, y, row)
          for index in 0..<min(outputs.count, outputCount) {
            values[row * outputCount + index] = outputs[index].value.double
            bounds[row * outputCount + index] = outputs[index].bound
          }
        }
      } else {
        forEachRow(besides: others, { T($0) }) { x, y, row in
          let outputs = plain(x, y, row)
          for index in 0..<min(outputs.count, outputCount) {
            values[row * outputCount + index] = outputs[index].double
          }
        }
      }
    }
  }

  /// Calls `body` with the logits, the targets or the numbers of `grad_output`, and how far apart those of rows are;
  /// that is 0 for a function that has neither, whose target is 0.
  @inline(__always)
  func withBinaryRows(
    _ function: LossFunction,
    _ body: (
      _ logits: UnsafeBufferPointer<Double>, _ targets: UnsafeBufferPointer<Double>, _ stride: Int
    ) -> Void
  ) {
    let isGradient = function.gradOutputKind != .none
    let (targets, stride) =
      function.hasTarget
      ? (probabilities.doubles, 1) : isGradient ? (gradOutputs.doubles, 1) : ([0], 0)
    logits.doubles.withUnsafeBufferPointer { logits in
      targets.withUnsafeBufferPointer { body(logits, $0, stride) }
    }
  }

  /// Calls `body` with the logits of each row as numbers, and with as many of the others for each, in two arrays that
  /// all rows take in turn.
  @inline(__always)
  func forEachRow<Number>(
    besides others: [Double] = [], _ number: (Double) -> Number,
    _ body: ([Number], [Number], Int) -> Void
  ) {
    var x = [Number](repeating: number(0), count: classCount)
    var y = [Number](repeating: number(0), count: others.count / max(count, 1))
    logits.doubles.withUnsafeBufferPointer { logits in
      others.withUnsafeBufferPointer { others in
        for row in 0..<count {
          for i in x.indices { x[i] = number(logits[row * x.count + i]) }
          for i in y.indices { y[i] = number(others[row * y.count + i]) }
          body(x, y, row)
        }
      }
    }
  }
}

extension ComputedRows {
  /// Outputs and bounds that `body` writes; NaN where it does not.
  @inline(__always)
  init(
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
