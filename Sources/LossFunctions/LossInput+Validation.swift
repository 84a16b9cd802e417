internal import FloatFormats

extension LossFunction {
  /// Checks that `input` and `options` are ones that the function is defined for.
  ///
  /// NaN passes everywhere among logits and targets: it is data, and its value is NaN.
  /// - Throws: The first thing that is wrong.
  public func validate(_ input: LossInput, _ options: LossOptions) throws(InputError) {
    let classCount = input.logits.count
    let label: Int? = if case .index(let label) = input.target { label } else { nil }
    try validateTarget(
      input.target.kind, label: label, count: input.target.numbers?.count ?? 0, classCount, options)
    if case .probabilities(let probabilities) = input.target {
      for probability in probabilities where !probability.isNaN {
        try probability.require(in: 0...1, what: "a target probability")
      }
    }
    try validateGradOutput(count: input.gradOutput.count, classCount, options)
    if gradOutputKind == .partials {
      for sum in input.gradOutput.prefix(classCount)
      where !sum.isNaN && sum.isNegative && !sum.isZero {
        throw .outOfRange(what: "the sum of a shard", value: sum, interval: "[0, ∞]")
      }
    }
    try validate(options, classCount: classCount, targetKind: input.target.kind)
  }

  /// Checks the same of all but the numbers of a row, whose target has one for each class, if any.
  package func validateShape(
    classCount: Int, targetKind: TargetKind, label: Int?, gradOutputCount: Int,
    _ options: LossOptions
  ) throws(InputError) {
    try validateTarget(targetKind, label: label, count: classCount, classCount, options)
    try validateGradOutput(count: gradOutputCount, classCount, options)
    try validate(options, classCount: classCount, targetKind: targetKind)
  }

  private func validateTarget(
    _ kind: TargetKind, label: Int?, count: Int, _ classCount: Int, _ options: LossOptions
  ) throws(InputError) {
    guard classCount > 0 else { throw .noLogits }
    if isBinary, classCount != 1 { throw .notOneLogit(count: classCount) }
    switch kind {
    case .none:
      if hasTarget { throw .targetMissing }
    case .index:
      guard hasTarget else { throw .targetUnexpected }
      if isBinary { throw .targetNotProbabilities }
      if self == .shardPartials, label == -1 { break }
      if comparesLogits { throw .targetNotLogits }
      guard let label, label == options.ignoreIndex || (0..<classCount).contains(label) else {
        throw .labelOutOfRange(label: label ?? -1, classCount: classCount)
      }
    case .probabilities:
      guard hasTarget else { throw .targetUnexpected }
      if comparesLogits { throw .targetNotLogits }
      guard isOfLosses else { throw .targetNotIndex }
      guard count == classCount else {
        throw .countMismatch(what: "target probabilities", count: count, classCount: classCount)
      }
    case .logits:
      guard hasTarget else { throw .targetUnexpected }
      if isBinary { throw .targetIsLogits }
      guard count == classCount else {
        throw .countMismatch(what: "target logits", count: count, classCount: classCount)
      }
    }
  }

  private func validateGradOutput(
    count: Int, _ classCount: Int, _ options: LossOptions
  ) throws(InputError) {
    let expected = gradOutputCount(classCount: classCount, options)
    let isOfOneNumber = mayHaveGradOutput && count == 1
    guard count == expected || isOfOneNumber else {
      if expected == 0, !mayHaveGradOutput { throw .gradOutputUnexpected }
      if count == 0 { throw .gradOutputMissing }
      throw .wrongCount(what: "numbers of grad_output", count: count, expected: max(expected, 1))
    }
  }

  /// Checks that all rows and the options are ones that the function is defined for.
  ///
  /// - Throws: The first thing that is wrong, and the row.
  public func validate(_ rows: LossRows, _ options: LossOptions) throws(InputRowError) {
    guard rows.count > 0 else { return }
    // The first row stands for what all have in common.
    try validateRow(0, rows, options)
    let isLookedAt = !rows.format.isWithinFloat64 || gradOutputKind == .partials
    guard hasTarget, !isLookedAt else {
      for row in 1..<rows.count where isLookedAt {
        try validateRow(row, rows, options)
      }
      return
    }
    let ignored = options.ignoreIndex.flatMap { Int32(exactly: $0) }
    for (row, label) in rows.labels.enumerated()
    where !(0..<Int32(clamping: rows.classCount)).contains(label) && label != ignored {
      try validateRow(row, rows, options)
    }
    guard rows.targetKind != .logits else { return }
    // Also finds no NaN.
    for (index, y) in rows.probabilities.doubles.enumerated() where y < 0 || y > 1 {
      try validateRow(index / rows.classCount, rows, options)
    }
  }

  private func validateRow(
    _ row: Int, _ rows: LossRows, _ options: LossOptions
  ) throws(InputRowError) {
    do {
      try validate(rows[row], options)
    } catch {
      throw InputRowError(row: row, error: error)
    }
  }

  private func validate(
    _ options: LossOptions, classCount: Int, targetKind: TargetKind
  ) throws(InputError) {
    let present = options.present
    for option in LossOption.allCases
    where present.contains(option) && !self.options.contains(option) {
      throw .optionNotApplicable(option, self)
    }
    if targetKind == .logits {
      for option in LossOption.allCases
      where present.contains(option)
        && !(LossOption.beforeTheLoss + [.denominator, .gradOutput]).contains(option)
      {
        throw .optionBesideTargetLogits(option)
      }
    }
    if options.input != .logits {
      for option in LossOption.ofLogits where present.contains(option) {
        throw .optionsIncompatible(.input, option)
      }
    }
    if let weights = options.classWeights {
      guard weights.count == classCount else {
        throw .countMismatch(what: "class weights", count: weights.count, classCount: classCount)
      }
      for weight in weights { try weight.requireNonNegative("a class weight") }
    }
    try options.positiveWeight?.requireNonNegative("pos_weight")
    try options.labelSmoothing?.require(in: 0...1, what: "label_smoothing")
    try options.zLoss?.requireNonNegative("z_loss")
    try options.focalGamma?.requireNonNegative("focal_gamma")
    if isBinary {
      try options.focalAlpha?.require(in: 0...1, what: "focal_alpha")
    } else {
      try options.focalAlpha?.requireNonNegative("focal_alpha")
    }
    try options.scale?.requirePositive("scale")
    try options.softcap?.requirePositive("softcap")
    try options.temperature?.requirePositive("temperature")
    if let biases = options.logitBias {
      guard biases.count == classCount else {
        throw .countMismatch(what: "logit biases", count: biases.count, classCount: classCount)
      }
      for bias in biases where !bias.isFinite {
        throw .outOfRange(what: "a logit bias", value: bias, interval: "(-∞, ∞)")
      }
    }
    try options.beta?.requirePositive("beta")
    if let threshold = options.threshold, !threshold.isFinite {
      throw .outOfRange(what: "threshold", value: threshold, interval: "(-∞, ∞)")
    }
    for sharpness in [LossOption.beta, .threshold] where present.contains(sharpness) {
      for other in LossOption.beforeTheLoss where present.contains(other) {
        throw .optionsIncompatible(sharpness, other)
      }
    }
    for focal in [LossOption.focalGamma, .focalAlpha] where present.contains(focal) {
      for other in [LossOption.labelSmoothing, .zLoss, .positiveWeight]
      where present.contains(other) {
        throw .optionsIncompatible(focal, other)
      }
      if !isBinary, targetKind == .probabilities { throw .focalNeedsLabel }
    }
  }
}

extension LossOption {
  /// What changes the logits, or what becomes of them, and has no meaning for probabilities.
  fileprivate static let ofLogits =
    beforeTheLoss + [LossOption.zLoss, .focalGamma, .focalAlpha]
}

extension FloatValue {
  fileprivate func require(in range: ClosedRange<Double>, what: String) throws(InputError) {
    let (low, high) = (FloatValue(range.lowerBound), FloatValue(range.upperBound))
    guard isFinite, !isLess(than: low), !high.isLess(than: self) else {
      throw .outOfRange(what: what, value: self, interval: "[0, 1]")
    }
  }

  fileprivate func requirePositive(_ what: String) throws(InputError) {
    guard isFinite, !isNegative, !isZero else {
      throw .outOfRange(what: what, value: self, interval: "(0, ∞)")
    }
  }

  fileprivate func requireNonNegative(_ what: String) throws(InputError) {
    guard isFinite, !isNegative || isZero else {
      throw .outOfRange(what: what, value: self, interval: "[0, ∞)")
    }
  }
}
