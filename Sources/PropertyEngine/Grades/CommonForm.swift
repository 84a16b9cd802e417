internal import FloatFormats
internal import LossFunctions
internal import SmallFoundation

/// How far the common form may be from the exact values: the first-order bounds of the article "What passes".
///
/// Gaps are taken from the maximum, so that nothing grows with an offset that all logits share; what a sum
/// of K terms is allowed grows with log K.
struct CommonForm {
  let function: LossFunction
  let options: CommonOptions
  /// Half an ulp of 1 in the format that is computed in.
  let unit: Double
  /// The greatest number of that format.
  private let greatest: Double
  /// Below which a number on the way may be lost, in units u.
  let lost: Double

  init(_ function: LossFunction, _ options: LossOptions, computedIn format: FloatFormat) {
    self.function = function
    self.options = CommonOptions(options)
    unit = format.unitRoundoff
    greatest = format.greatestFinite.double
    lost = format.leastNormal.double / unit
  }

  /// exp and log are off by at most 4 ulp, which is 8 u.
  static let elementary = 8.0
  /// e^−d is off by as much, and by 3 u·d: x − max is rounded, and so is its multiple by log₂ e where the
  /// exponential is one of base 2.
  static let perGap = 3.0
  /// A tree of sums is log₂ K deep; vectors, blocks and rescaling make it as many times deeper.
  static let perLevel = 4.0

  /// How far off a probability may be at most, in units u: it lies between 0 and 1, however far off its logit is.
  var greatestProbabilityError: Double { 1 / unit }

  /// The absolute error that each output of rows may have.
  ///
  /// - Parameter summing: Whether what loops lose of long sums is counted, which takes long.
  func errors(of rows: LossRows, summing: Bool) -> [Double] {
    var errors = plainErrors(of: rows, summing: summing)
    if function.mayHaveGradOutput, rows.gradOutputCount > 0 {
      errors = times(rows.gradOutputs.approximations, errors)
    }
    // Next to the greatest doubles a bound overflows in units u. On the way to a finite output no number was above the
    // greatest one, and so many steps of that size no form has.
    let most = (1024 + 4 * Double(rows.classCount)) * unit * greatest
    return errors.map { $0 < most ? $0 : most }
  }

  /// The same without what the gradients of losses are multiplied by.
  private func plainErrors(of rows: LossRows, summing: Bool) -> [Double] {
    let (logits, probabilities) = (rows.logits.approximations, rows.probabilities.approximations)
    let gradOutputs = function.mayHaveGradOutput ? [] : rows.gradOutputs.approximations
    guard !function.isBinary else {
      return (0..<rows.count).map { row in
        guard gradOutputs.isEmpty else {
          return slopeError(logits[row], gradOutput: gradOutputs[row]) * unit
        }
        let target = probabilities.isEmpty ? 0 : probabilities[row]
        let error =
          options.input == .logits
          ? binaryError(logits[row], target: target)
          : probabilityError(logits[row], target: target)
        return error * unit
      }
    }
    var errors: [Double] = []
    errors.reserveCapacity(rows.count * function.outputCount(classCount: rows.classCount))
    for row in 0..<rows.count {
      let places = row * rows.classCount..<(row + 1) * rows.classCount
      if function.isOfDistributions || rows.targetKind == .logits {
        let target = probabilities.isEmpty ? nil : probabilities[places]
        errors += distributionErrors(logits[places], target, summing: summing).map { $0 * unit }
        continue
      }
      let label = rows.targetKind == .index ? Int(rows.labels[row]) : nil
      let target = probabilities.isEmpty ? [] : probabilities[places]
      guard options.input == .logits else {
        errors += probabilityErrors(logits[places], label: label, target: target).map { $0 * unit }
        continue
      }
      if function == .mergedCrossEntropy {
        let numbers = gradOutputs[rows.gradOutputPlaces(row)]
        errors.append(mergeError(Array(logits[places]), Array(numbers)) * unit)
        continue
      }
      let shifted = ShiftedRow(logits[places], self, summing: summing)
      guard gradOutputs.isEmpty else {
        let numbers = gradOutputs[rows.gradOutputPlaces(row)]
        errors += slopeErrors(shifted, gradOutput: numbers).map { $0 * unit }
        continue
      }
      append(to: &errors, shifted, label: label, target: target)
    }
    return errors
  }

  private func append(
    to errors: inout [Double], _ row: ShiftedRow, label: Int?, target: ArraySlice<Double>
  ) {
    switch function {
    case .logSumExp:
      let rounding = row.greatestError + 2 * (row.greatest + row.log).magnitude
      errors.append((row.logError + rounding) * unit)
    // The sum is e^log, and the maximum and the target's logit are numbers of the row, or what has become of them.
    case .shardPartials:
      errors += [
        row.maximumError * unit, exp(row.log) * row.logError * unit,
        label.map { row.logitError($0) * unit } ?? 0,
      ]
    case .softmax: errors += (0..<row.count).map { row.probabilityError($0) * unit }
    case .logSoftmax: errors += (0..<row.count).map { row.lossError($0) * unit }
    case .crossEntropyGradient:
      let coefficients = options.coefficients(label, target, row.count)
      errors += gradientErrors(row, coefficients, label).map { $0 * unit }
    default:
      errors.append(lossError(row, label, target) * unit)
    }
  }
}

/// The options of a loss as doubles, with what each is where it is not given.
struct CommonOptions {
  let input: InputKind
  let classWeights: [Double]
  let positiveWeight: Double
  let labelSmoothing: Double
  let ignoredLabel: Int?
  let logits: CommonLogits
  let zLoss: Double
  let focalGamma: Double
  let focalAlpha: Double?
  let isFocal: Bool
  let beta: Double

  init(_ options: LossOptions) {
    input = options.input
    classWeights = (options.classWeights ?? []).map(\.double)
    positiveWeight = options.positiveWeight?.double ?? 1
    labelSmoothing = options.labelSmoothing?.double ?? 0
    ignoredLabel = options.ignoreIndex
    logits = CommonLogits(options)
    zLoss = options.zLoss?.double ?? 0
    focalGamma = options.focalGamma?.double ?? 0
    focalAlpha = options.focalAlpha?.double
    beta = options.beta?.double ?? 1
    isFocal = options.focalGamma != nil || options.focalAlpha != nil
  }

  /// What the loss of each class is multiplied with; nothing for a row that is ignored.
  func coefficients(_ label: Int?, _ target: ArraySlice<Double>, _ count: Int) -> [Double] {
    if let label, label == ignoredLabel { return [] }
    return (0..<count).map { coefficient($0, label, target, count) }
  }

  /// That of a class of a row that is not ignored.
  func coefficient(
    _ index: Int, _ label: Int?, _ target: ArraySlice<Double>, _ count: Int
  ) -> Double {
    let given = label.map { $0 == index ? 1 : 0 } ?? target[target.startIndex + index]
    let smoothed = given * (1 - labelSmoothing) + labelSmoothing / Double(count)
    return smoothed * (classWeights.isEmpty ? 1 : classWeights[index])
  }
}

extension NumberColumn {
  /// The numbers, rounded where float64 does not hold them.
  var approximations: [Double] {
    format.isWithinFloat64 ? doubles : (0..<count).map { self[$0].double }
  }
}
