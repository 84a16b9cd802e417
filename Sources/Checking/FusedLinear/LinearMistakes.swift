internal import FloatFormats
internal import Interchange
internal import LossFunctions
internal import Multiprecision

/// A known way to compute a linear layer fused with its loss wrongly.
public struct LinearMistake: Sendable {
  /// The name in reports: `softcap-left-out`.
  public let name: String
  /// What was done, in a line.
  public let summary: String
  /// The forms that it comes in for a layer; none where it does not apply.
  let forms: @Sendable (LinearEvidence) -> [LinearMistakeForm]
}

/// What is done another way, and the parameters for the reader: `bfloat16`.
struct LinearMistakeForm: Sendable {
  var detail: String?
  var options: LossOptions
  var input: LinearInput
  /// The logit of a row's label, where it is another than the softmax has.
  var labelLogit: (@Sendable (_ row: Int) -> Double)?
  /// What is made of a logit.
  var logit: (@Sendable (Double) -> Double)?
  /// Classes more whose logits are 0.
  var extraCount = 0
  /// The row whose label a row takes.
  var labelRow: (@Sendable (Int) -> Int)?
  /// What the mean divides by.
  var divisor: Double?
  /// Whether derivatives leave the slope of the soft cap out.
  var leavesSlopeOut = false
  /// How a sum over rows is stored.
  var accumulation: Accumulation?
  /// What the rows add to the outputs, where that is known.
  var terms: [LinearEvidence.Term]?

  /// A sum over rows that is rounded after so many of them.
  struct Accumulation: Sendable {
    let rows: Int
    /// Whether what so many rows make is rounded before it is added.
    let storesParts: Bool
    /// Whether the mean divides the whole sum.
    let scalesAfterwards: Bool
    let round: @Sendable (Double) -> Double
  }

  init(_ evidence: LinearEvidence, _ detail: String? = nil) {
    self.detail = detail
    (options, input) = (evidence.contract.options, evidence.input)
  }

  /// The same, changed.
  func with(_ change: (inout LinearMistakeForm) -> Void) -> LinearMistakeForm {
    var form = self
    change(&form)
    return form
  }
}

/// Sixteen-bit numbers next to doubles, through float32 as kernels store them.
private enum Narrow: String, CaseIterable {
  case bfloat16, float16

  func rounded(_ value: Double) -> Double {
    let single = Float(value)
    guard single.isFinite else { return Double(single) }
    if self == .bfloat16 {
      let bits = single.bitPattern
      let rounded = bits &+ 0x7FFF &+ (bits >> 16 & 1)
      return Double(Float(bitPattern: rounded & 0xFFFF_0000))
    }
    return FloatFormat.float16.rounded(FloatValue(single), .nearestEven).double
  }
}

/// The known mistakes of the fused loss. One more is an entry here.
public enum LinearMistakes {
  /// All of them; of two that explain as much, the first is named.
  public static let all: [LinearMistake] =
    [labelOfAnotherRow, biasLeftOut] + optionsLeftOut
    + [
      slopeLeftOut, upstreamLeftOut, paddingCounted, anotherDenominator, logitsCastDown,
      labelProductsCastDown, narrowSum,
    ]

  private static let labelOfAnotherRow = LinearMistake(
    name: "label-of-another-row", summary: "the labels are shifted by a row against the hidden rows"
  ) { evidence in
    let count = evidence.input.rowCount
    guard count > 1 else { return [] }
    return [1, -1].map { shift in
      LinearMistakeForm(evidence, shift > 0 ? "the next" : "the one before").with {
        $0.labelRow = { ($0 + shift + count) % count }
      }
    }
  }

  private static let biasLeftOut = LinearMistake(
    name: "bias-left-out", summary: "the bias is not added to the logits"
  ) { evidence in
    let input = evidence.input
    guard input.bias != nil, let plain = input.with(bias: nil, gradOutput: input.gradOutput) else {
      return []
    }
    return [LinearMistakeForm(evidence).with { $0.input = plain }]
  }

  private static let optionsLeftOut: [LinearMistake] = [
    leftOut(.softcap, "softcap-left-out", "the logits are not capped"),
    leftOut(.scale, "scale-left-out", "the logits are not multiplied by the scale"),
    leftOut(.temperature, "temperature-left-out", "the logits are not divided by the temperature"),
    leftOut(.labelSmoothing, "smoothing-left-out", "the labels are not smoothed"),
    leftOut(.classWeights, "weights-left-out", "the class weights are not applied"),
    leftOut(.zLoss, "z-loss-left-out", "c·(log Σ e^x)² is not added"),
  ]

  private static func leftOut(
    _ option: LossOption, _ name: String, _ summary: String
  ) -> LinearMistake {
    LinearMistake(name: name, summary: summary) { evidence in
      guard evidence.contract.options.present.contains(option) else { return [] }
      return [
        LinearMistakeForm(evidence).with { form in
          switch option.value {
          case .number(let place): form.options[keyPath: place] = nil
          case .list(let place): form.options[keyPath: place] = nil
          case .integer, .input, .denominator, .gradOutput: break
          }
        }
      ]
    }
  }

  private static let slopeLeftOut = LinearMistake(
    name: "gradient-by-capped-logits",
    summary: "the gradient is that by the capped logits; multiply it by 1 − tanh² (chain rule)"
  ) { evidence in
    guard evidence.contract.options.softcap != nil, evidence.quantity != .loss else { return [] }
    return [LinearMistakeForm(evidence).with { $0.leavesSlopeOut = true }]
  }

  private static let upstreamLeftOut = LinearMistake(
    name: "upstream-left-out", summary: "the gradient is not multiplied by grad_output"
  ) { evidence in
    let input = evidence.input
    guard input.gradOutput != nil, let plain = input.with(bias: input.bias, gradOutput: nil) else {
      return []
    }
    return [LinearMistakeForm(evidence).with { $0.input = plain }]
  }

  private static let paddingCounted = LinearMistake(
    name: "padding-counted",
    summary: "the classes that pad the vocabulary count, with logits of 0; mask them"
  ) { evidence in
    (1...12).compactMap { power in
      let size = 1 << power
      let extra = (size - evidence.input.classCount % size) % size
      guard extra > 0 else { return nil }
      return LinearMistakeForm(evidence, "up to a multiple of \(size)").with {
        $0.extraCount = extra
      }
    }
  }

  private static let anotherDenominator = LinearMistake(
    name: "another-denominator",
    summary: "the mean divides by something else; --denominator asks for that"
  ) { evidence in
    guard evidence.contract.reduction == .mean else { return [] }
    let plain = LinearMistakeForm(evidence)
    let terms = evidence.terms(plain)
    let own = evidence.contract.options.denominator ?? .weights
    return [LinearMistakeForm(evidence, "nothing, a sum").with { $0.divisor = 1 }]
      + Denominator.likeliest.filter { $0 != own }.map { other in
        LinearMistakeForm(
          evidence, "\(other.rawValue), as \(other.calls.joined(separator: ", "))"
        ).with {
          ($0.options.denominator, $0.terms) = (other, terms)
        }
      }
  }

  private static let logitsCastDown = LinearMistake(
    name: "logits-cast-down",
    summary: "the logits are rounded to a narrower format before the softmax"
  ) { evidence in
    Narrow.allCases.map { narrow in
      LinearMistakeForm(evidence, narrow.rawValue).with { $0.logit = narrow.rounded }
    }
  }

  /// Cut Cross-Entropy 25.1.1 does so in `indexed_dot.py`.
  private static let labelProductsCastDown = LinearMistake(
    name: "label-products-cast-down",
    summary: "the products of the label's logit are rounded to 16 bits before they are added"
  ) { evidence in
    guard evidence.quantity == .loss,
      let narrow = Narrow(rawValue: evidence.contract.format.name)
    else { return [] }
    let input = evidence.input
    return [
      LinearMistakeForm(evidence, narrow.rawValue).with {
        $0.labelLogit = { row in
          let label = Int(input.labels[row])
          return (0..<input.width).reduce(Double(input.bias?[label] ?? 0)) {
            let product =
              input.hidden[row * input.width + $1] * input.weight[label * input.width + $1]
            return $0 + narrow.rounded(Double(product))
          }
        }
      }
    ]
  }

  private static let narrowSum = LinearMistake(
    name: "16-bit-accumulation",
    summary: "the gradient's sum over the rows is kept in 16 bits; add in float32"
  ) { evidence in
    guard [.weightGradient, .biasGradient].contains(evidence.quantity) else { return [] }
    // A mean in two parts has sums of its own for each, which may be stored in many ways.
    guard evidence.contract.options.partsOfMean.count == 1 else { return [] }
    let plain = LinearMistakeForm(evidence)
    let terms = evidence.terms(plain)
    var forms: [LinearMistakeForm] = []
    for narrow in Narrow.allCases {
      for rows in (0...8).map({ 1 << $0 }) {
        for storesParts in rows == 1 ? [false] : [false, true] {
          for scalesAfterwards in evidence.contract.reduction == .mean ? [false, true] : [false] {
            let detail =
              "\(narrow.rawValue), after \(rows == 1 ? "each row" : "\(rows) rows")"
              + (storesParts ? " that are rounded first" : "")
              + (scalesAfterwards ? ", divided at the end" : "")
            forms.append(
              LinearMistakeForm(evidence, detail).with {
                $0.terms = terms
                $0.accumulation = .init(
                  rows: rows, storesParts: storesParts, scalesAfterwards: scalesAfterwards,
                  round: narrow.rounded)
              })
          }
        }
      }
    }
    return forms
  }
}

extension LinearInput {
  /// The layer with another bias and other numbers to multiply gradients by, or without them.
  fileprivate func with(bias: [Float]?, gradOutput: [Float]?) -> LinearInput? {
    try? LinearInput(
      hidden: hidden, weight: weight, bias: bias, labels: labels, width: width,
      gradOutput: gradOutput)
  }
}
