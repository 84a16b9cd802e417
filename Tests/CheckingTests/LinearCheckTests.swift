import Cases
import Checking
import FloatFormats
import Interchange
import LossFunctions
import Multiprecision
import RealModule
import Reference
import Testing

/// The usual fused form in float32, and mistakes that such forms have had: the mean of the losses of the rows that
/// count, and its gradients.
private struct FusedForm {
  /// What is made of a logit.
  var storesLogits: (Float) -> Float = { $0 }
  /// Classes of weights 0 that are counted beside the others.
  var paddingCount = 0
  var countsIgnoredRows = false
  /// What is made of the weights' gradient after each row.
  var storesGradient: (Float) -> Float = { $0 }
  /// The bits of the place of a logit.
  var indexBitCount = 64

  struct Outputs {
    var loss: Float = 0
    var hiddenGradient: [Float]
    var weightGradient: [Float]
  }

  func outputs(_ input: LinearInput) -> Outputs {
    let (width, classes) = (input.width, input.classCount)
    var outputs = Outputs(
      hiddenGradient: [Float](repeating: 0, count: input.hidden.count),
      weightGradient: [Float](repeating: 0, count: input.weight.count))
    var logits = [Float](repeating: 0, count: input.rowCount * classes)
    for place in logits.indices {
      let (row, index) = (place / classes, place % classes)
      var sums = [Float](repeating: 0, count: 8)
      for k in 0..<width {
        sums[k % 8] += input.hidden[row * width + k] * input.weight[index * width + k]
      }
      logits[place] = storesLogits(
        ((sums[0] + sums[1]) + (sums[2] + sums[3])) + ((sums[4] + sums[5]) + (sums[6] + sums[7])))
    }
    let counted = (0..<input.rowCount).filter { input.labels[$0] >= 0 }
    let divisor = Float(countsIgnoredRows ? input.rowCount : counted.count)
    for row in counted {
      let label = Int(input.labels[row])
      let mask = indexBitCount == 64 ? Int.max : 1 << indexBitCount - 1
      let x = (0..<classes).map { logits[(row * classes + $0) & mask] }
      let greatest = max(x.max() ?? 0, paddingCount > 0 ? 0 : -.infinity)
      var total: Float = Float(paddingCount) * Float.exp(-greatest)
      for index in 0..<classes { total += Float.exp(x[index] - greatest) }
      let logSum = greatest + Float.log(total)
      outputs.loss += (logSum - x[label]) / divisor
      for index in 0..<classes {
        let slope = (Float.exp(x[index] - logSum) - (index == label ? 1 : 0)) / divisor
        for k in 0..<width {
          outputs.hiddenGradient[row * width + k] += slope * input.weight[index * width + k]
          let place = index * width + k
          outputs.weightGradient[place] = storesGradient(
            outputs.weightGradient[place] + slope * input.hidden[row * width + k])
        }
      }
    }
    return outputs
  }
}

@Suite struct `A check of fused losses` {
  private static func checks(_ form: FusedForm, _ family: LinearFamily) throws -> [LinearCheck] {
    let input = try family.input(rows: 12, classes: 90, width: 24, in: .float32, seed: 1)
    var options = family.options
    options.ignoreIndex = -100
    let outputs = form.outputs(input)
    let tensors: [(LinearQuantity, [Float])] = [
      (.loss, [outputs.loss]), (.hiddenGradient, outputs.hiddenGradient),
      (.weightGradient, outputs.weightGradient),
    ]
    return try tensors.map { quantity, numbers in
      var column = NumberColumn(.float32)
      for number in numbers { column.append(FloatValue(number)) }
      return try LinearCheck(
        quantity, of: column,
        against: quantity.exact(input, options: options, reduction: .mean, in: .float32), input,
        options: options, reduction: .mean)
    }
  }

  private static func families(finding form: FusedForm) throws -> [String] {
    try LinearFamily.all.filter { try !checks(form, $0).allSatisfy(\.hasPassed) }.map(\.name)
  }

  @Test func `lets the form in common use pass`() throws {
    for family in LinearFamily.all {
      for check in try Self.checks(FusedForm(), family) {
        #expect(
          check.hasPassed && check.greatestShare > 1e-7,
          "\(family.name) \(check.quantity): \(check.greatestShare)")
      }
    }
  }

  @Test func `finds the mistakes that such forms have had`() throws {
    func narrow(_ value: Float) -> Float {
      Float(FloatFormat.bfloat16.rounded(FloatValue(value), .nearestEven).double)
    }
    let rounded = try Self.families(finding: FusedForm(storesLogits: narrow))
    #expect(rounded.contains("normal"))
    #expect(try Self.families(finding: FusedForm(paddingCount: 6)).contains("normal"))
    let ignored = try Self.families(finding: FusedForm(countsIgnoredRows: true))
    #expect(ignored == ["ignored-rows"])
    #expect(try Self.families(finding: FusedForm(storesGradient: narrow)).contains("normal"))
    #expect(try Self.families(finding: FusedForm(indexBitCount: 9)).contains("normal"))
  }
}
