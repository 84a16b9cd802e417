import FloatFormats
import LossFunctions

/// A right form of a kernel, of which no mistake may be told.
struct RightForm: Sendable, CustomStringConvertible {
  let description: String
  let change: @Sendable (inout SteppedKernel) -> Void

  func kernel(of kernel: SteppedKernel) -> SteppedKernel {
    var kernel = kernel
    change(&kernel)
    return kernel
  }

  /// Forms of which none does what a mistake does.
  static let all: [RightForm] = [
    RightForm(description: "a tree of sums") { _ in },
    RightForm(description: "a sum in order") { $0.addition = .inOrder },
    RightForm(description: "a wide sum") { $0.addition = .wide },
    RightForm(description: "all in float64") { $0.computing = .float64 },
    RightForm(description: "results flushed below the normal range") { kernel in
      let least = kernel.outputFormat.leastNormal.double
      kernel.outputs = { outputs, _ in outputs.map { abs($0) < least ? 0 : $0 } }
    },
    RightForm(description: "exponentials flushed below the normal range") { kernel in
      let least = kernel.computing.leastNormal.double
      kernel.term = { $0 < least ? 0 : $0 }
    },
    RightForm(description: "exponentials of 2 ulp") { kernel in
      let computing = kernel.computing
      kernel.term = { computing.nearest($0 * (1 + 3 * computing.unitRoundoff)) }
    },
  ]
}
