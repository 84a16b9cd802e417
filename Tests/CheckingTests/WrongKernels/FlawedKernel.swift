import FloatFormats
import Foundation
import LossFunctions

/// A kernel with one step taken wrongly, and what that is called.
struct FlawedKernel: Sendable, CustomStringConvertible {
  /// The name of the mistake.
  let mistake: String
  /// Which form of it.
  let form: String
  let functions: [LossFunction]
  /// The options that it takes for the mistake to be one: a JSON object's members.
  let options: String
  private let change: @Sendable (inout SteppedKernel) -> Void

  init(
    _ mistake: String, _ form: String, _ functions: [LossFunction], _ options: String = "",
    _ change: @escaping @Sendable (inout SteppedKernel) -> Void
  ) {
    self.mistake = mistake
    self.form = form
    self.functions = functions
    self.options = options
    self.change = change
  }

  init(
    _ mistake: String, _ functions: [LossFunction], _ options: String = "",
    _ change: @escaping @Sendable (inout SteppedKernel) -> Void
  ) {
    self.init(mistake, "", functions, options, change)
  }

  var description: String { form.isEmpty ? mistake : "\(mistake): \(form)" }

  /// The kernel of a right form with the mistake made in it.
  func kernel(of kernel: SteppedKernel) -> SteppedKernel {
    var kernel = kernel
    change(&kernel)
    return kernel
  }

  /// All of them.
  static let all: [FlawedKernel] =
    rows + activations + options + sums + masks + clips + gradients + numbers
}

let crossEntropies: [LossFunction] = [.crossEntropy, .crossEntropyGradient]
let binaries: [LossFunction] = [.binaryCrossEntropy, .binaryCrossEntropyGradient]
let ofClasses: [LossFunction] = [.softmax, .logSoftmax, .crossEntropy, .crossEntropyGradient]

func softmax(_ x: [Double]) -> [Double] {
  let greatest = x.max() ?? 0
  let terms = x.map { exp($0 - greatest) }
  let sum = terms.reduce(0, +)
  return terms.map { $0 / sum }
}

extension FlawedKernel {
  static func temperature(_ options: LossOptions) -> Double {
    options.temperature?.double ?? 1
  }

  static func times(_ factor: Double) -> @Sendable ([Double], SteppedKernel.Row) -> [Double] {
    { outputs, _ in outputs.map { $0 * factor } }
  }
}
