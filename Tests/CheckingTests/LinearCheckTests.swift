import Cases
import Checking
import FloatFormats
import Interchange
import LossFunctions
import Multiprecision
import PropertyEngine
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

  func outputs(_ input: LinearInput, _ options: LossOptions = LossOptions()) -> Outputs {
    let (scale, temperature) = (
      Float(options.scale?.double ?? 1), Float(options.temperature?.double ?? 1)
    )
    let cap = options.softcap.map { Float($0.double) }
    let square = Float(options.zLoss?.double ?? 0)
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
      let y = (0..<classes).map { scale * logits[(row * classes + $0) & mask] }
      let ratios = y.map { y in cap.map { Float.tanh(y / $0) } ?? 0 }
      let x = y.indices.map { index in
        (cap.map { $0 * ratios[index] } ?? y[index]) / temperature
      }
      let greatest = max(x.max() ?? 0, paddingCount > 0 ? 0 : -.infinity)
      var total: Float = Float(paddingCount) * Float.exp(-greatest)
      for index in 0..<classes { total += Float.exp(x[index] - greatest) }
      let logSum = greatest + Float.log(total)
      outputs.loss += (logSum - x[label] + square * logSum * logSum) / divisor
      for index in 0..<classes {
        let own =
          Float.exp(x[index] - logSum) * (1 + 2 * square * logSum) - (index == label ? 1 : 0)
        let slope =
          own * scale / temperature * (1 - ratios[index] * ratios[index]) / divisor
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
          check.hasPassed && (check.grades.greatestShare ?? 0) > 1e-7,
          "\(family.name) \(check.quantity): \(check.grades.greatestShare ?? 0)")
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

  /// What is named of a form, by the quantities that fall short of a claim.
  private static func names(
    of form: FusedForm, _ family: String, _ claim: Grade = .common, asking asked: LossOptions? = nil
  ) throws -> [LinearQuantity: [String]] {
    guard let family = LinearFamily.named(family) else { return [:] }
    let input = try family.input(rows: 12, classes: 90, width: 24, in: .float32, seed: 1)
    var options = asked ?? family.options
    options.ignoreIndex = -100
    let contract = LinearContract(
      in: .float32, options: options, reduction: .mean, claim: claim)
    let outputs = form.outputs(input)
    var names: [LinearQuantity: [String]] = [:]
    for (quantity, numbers) in [
      (LinearQuantity.loss, [outputs.loss]), (.hiddenGradient, outputs.hiddenGradient),
      (.weightGradient, outputs.weightGradient),
    ] {
      let column = NumberColumn(.float32, floats: numbers)
      let exact = try contract.exact(quantity, of: input)
      let check = contract.check(column, quantity, of: input, against: exact)
      guard check.verdict == .fellShort else { continue }
      let evidence = LinearEvidence(quantity, of: input, column, against: exact, contract)
      names[quantity] = LinearDiagnosis.diagnoses(of: [evidence]).map(\.mistake.name)
    }
    return names
  }

  @Test func `names the mistakes, each by what it does`() throws {
    func narrow(_ value: Float) -> Float {
      Float(FloatFormat.bfloat16.rounded(FloatValue(value), .nearestEven).double)
    }
    let cases: [(FusedForm, String, String, [LinearQuantity])] = [
      (
        FusedForm(storesLogits: narrow), "normal", "logits-cast-down",
        [.loss, .hiddenGradient, .weightGradient]
      ),
      (
        FusedForm(paddingCount: 6), "normal", "padding-counted",
        [.loss, .hiddenGradient, .weightGradient]
      ),
      (
        FusedForm(countsIgnoredRows: true), "ignored-rows", "another-denominator",
        [.loss, .hiddenGradient, .weightGradient]
      ),
      (FusedForm(storesGradient: narrow), "normal", "16-bit-accumulation", [.weightGradient]),
    ]
    for (form, family, name, quantities) in cases {
      let names = try Self.names(of: form, family)
      #expect(Set(names.keys) == Set(quantities), "\(name): \(names)")
      for (quantity, found) in names { #expect(found == [name], "\(name), \(quantity)") }
    }
    // An index that wraps has no name, and gets none.
    #expect(try Self.names(of: FusedForm(indexBitCount: 9), "normal").values.allSatisfy(\.isEmpty))
  }

  @Test func `passes a mean over what was asked for, and names what it was divided by instead`()
    throws
  {
    // Labels of a class that is ignored, of weight 0, and of others.
    let input = try LinearInput(
      hidden: (0..<16).map { Float($0 * 5 % 16) / 8 - 1 },
      weight: (0..<12).map { Float($0 * 7 % 12) / 4 - 1.5 }, labels: [0, 1, 2, 3, 3, 4, 5, 5],
      width: 2)
    func contract(_ denominator: Denominator) -> LinearContract {
      var options = LossOptions()
      options.classWeights = [0.5, 2, 0, 1.5, 0.25, 3].map { FloatValue(Double($0)) }
      (options.ignoreIndex, options.zLoss) = (3, FloatValue(0.25))
      options.labelSmoothing = FloatValue(0.125)
      options.denominator = denominator
      return LinearContract(in: .float32, options: options, reduction: .mean)
    }
    for quantity in [LinearQuantity.loss, .weightGradient, .hiddenGradient] {
      let exact = try Dictionary(
        uniqueKeysWithValues: Denominator.allCases.map {
          ($0, try contract($0).exact(quantity, of: input))
        })
      for asked in Denominator.allCases {
        for given in Denominator.allCases {
          guard let right = exact[asked], let outputs = exact[given]?.values else { continue }
          let contract = contract(asked)
          let check = contract.check(outputs, quantity, of: input, against: right)
          #expect(check.hasPassed == (asked == given), "\(quantity) \(asked) \(given)")
          guard check.verdict == .fellShort else { continue }
          let evidence = LinearEvidence(quantity, of: input, outputs, against: right, contract)
          let found = LinearDiagnosis.diagnoses(of: [evidence])
          #expect(found.first?.mistake.name == "another-denominator", "\(asked) \(given)")
          let detail = found.first?.detail ?? ""
          #expect(detail.hasPrefix("\(given.rawValue), as \(given.calls[0])"), "\(asked) \(detail)")
        }
      }
    }
  }

  @Test func `names products of the label's logit that are rounded to 16 bits`() throws {
    for format in [FloatFormat.bfloat16, .float16] {
      func narrow(_ value: Double) -> Double {
        format.rounded(FloatValue(value), .nearestEven).double
      }
      let family = try #require(LinearFamily.named("normal"))
      let input = try family.input(rows: 12, classes: 90, width: 24, in: format, seed: 1)
      func losses(_ makesProduct: (Double) -> Double) -> [Float] {
        (0..<input.rowCount).map { row in
          func logit(_ index: Int, _ make: (Double) -> Double) -> Double {
            (0..<24).reduce(0) {
              $0 + make(Double(input.hidden[row * 24 + $1]) * Double(input.weight[index * 24 + $1]))
            }
          }
          let sum = (0..<90).reduce(0.0) { $0 + Double.exp(logit($1) { $0 }) }
          return Float(Double.log(sum) - logit(Int(input.labels[row]), makesProduct))
        }
      }
      let contract = LinearContract(in: format, outputFormat: .float32)
      let exact = try contract.exact(.loss, of: input)
      for (numbers, names) in [
        (losses(narrow), ["label-products-cast-down"]), (losses { $0 }, []),
      ] {
        let column = NumberColumn(.float32, floats: numbers)
        let evidence = LinearEvidence(.loss, of: input, column, against: exact, contract)
        #expect(LinearDiagnosis.diagnoses(of: [evidence]).map(\.mistake.name) == names)
      }
    }
  }

  @Test(arguments: [
    ("softcap-left-out", LossOptions.fused(softcap: 0.5)), ("scale-left-out", .fused(scale: 0.25)),
    ("temperature-left-out", .fused(temperature: 3)), ("z-loss-left-out", .fused(zLoss: 0.25)),
  ])
  func `names the option that was left out`(_ name: String, _ options: LossOptions) throws {
    let names = try Self.names(of: FusedForm(), "normal", asking: options)
    #expect(names.count == 3 && names.values.allSatisfy { $0 == [name] }, "\(names)")
  }

  @Test func `accuses the form in common use of nothing, whatever is claimed`() throws {
    for family in LinearFamily.all {
      let names = try Self.names(of: FusedForm(), family.name, .correctlyRounded)
      #expect(!names.isEmpty && names.values.allSatisfy(\.isEmpty), "\(family.name) \(names)")
    }
  }

  @Test func `is incomplete where no output could be compared`() throws {
    // The bias gradients of the two rows cancel, which no theorem says of such sums.
    let input = try LinearInput(
      hidden: [1, -1], weight: [1, -1], bias: [0, 0], labels: [0, 1], width: 1)
    func check(_ quantity: LinearQuantity, _ claim: Grade) throws -> LinearCheck {
      let exact = try quantity.exact(
        input, options: LossOptions(), reduction: .none, in: .float32)
      return LinearCheck(
        quantity, of: exact.values, against: exact, input, options: LossOptions(),
        reduction: .none, claim: claim)
    }
    for claim in [Grade.common, .ulps(1)] {
      let bias = try check(.biasGradient, claim)
      #expect(bias.undecidedCount == 2)
      #expect(bias.verdict == .incomplete && !bias.hasPassed)
      #expect(try check(.loss, claim).verdict == .passed)
    }
    #expect(try check(.loss, .ulps(1)).grades.greatestShare == nil)
  }

  @Test func `lets the form in common use pass with options`() throws {
    let form = FusedForm()
    for family in LinearFamily.all where family.name != "huge-row" {
      let input = try family.input(rows: 5, classes: 24, width: 8, in: .float32, seed: 2)
      for options in [
        LossOptions.fused(softcap: 2), .fused(scale: 0.5, temperature: 2), .fused(zLoss: 0.25),
        .fused(scale: 3, softcap: 5, temperature: 0.5, zLoss: 0.125),
      ] {
        let outputs = form.outputs(input, options)
        for (quantity, numbers) in [
          (LinearQuantity.loss, [outputs.loss]), (.hiddenGradient, outputs.hiddenGradient),
          (.weightGradient, outputs.weightGradient),
        ] {
          let exact = try quantity.exact(input, options: options, reduction: .mean, in: .float32)
          let check = LinearCheck(
            quantity, of: NumberColumn(.float32, floats: numbers), against: exact, input,
            options: options, reduction: .mean)
          #expect(
            check.hasPassed && (check.grades.greatestShare ?? 0) > 1e-7,
            "\(family.name) \(quantity) \(options.text): \(check.grades.greatestShare ?? 0)")
        }
      }
    }
  }
}

extension LossOptions {
  fileprivate static func fused(
    scale: Double? = nil, softcap: Double? = nil, temperature: Double? = nil, zLoss: Double? = nil
  ) -> LossOptions {
    var options = LossOptions()
    options.ignoreIndex = -100
    options.scale = scale.map { FloatValue($0) }
    options.softcap = softcap.map { FloatValue($0) }
    options.temperature = temperature.map { FloatValue($0) }
    options.zLoss = zLoss.map { FloatValue($0) }
    return options
  }
}
