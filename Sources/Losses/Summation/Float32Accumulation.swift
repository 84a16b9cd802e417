public import FloatFormats
public import LossFunctions
internal import Multiprecision

/// An implementation for 16-bit logits that computes in float32 and rounds each output once, as GPU
/// kernels do. Not defined for the wider formats.
public struct Float32Accumulation: PairBatches {
  let base: any Implementation
  public var name: String { "float32-accumulation" }
  public var function: LossFunction { base.function }
  public var formula: String { "in float32, rounded once: \(base.formula)" }
  public var source: String { "PyTorch aten/src/ATen/AccumulateType.h; \(Self.tritonSource)" }
  public var frameworks: [String] { ["PyTorch (CUDA)", "Liger Kernel", "flash-attn"] }

  private static let tritonSource = "flash-attn flash_attn/ops/triton/cross_entropy.py"

  /// Computes as `base` does in float32.
  public init(_ base: any Implementation) { self.base = base }

  public func options(classCount: Int) -> LossOptions { base.options(classCount: classCount) }

  public func evaluate(_ input: LossInput, in format: FloatFormat) -> [FloatValue]? {
    guard format == .float16 || format == .bfloat16 else { return nil }
    return base.evaluate(input, in: .float32)?.map { format.rounded($0, .nearestEven) }
  }

  public func fill(
    _ values: UnsafeMutableBufferPointer<Float>, first: Float,
    seconds: UnsafeBufferPointer<Float>, label: Int, in format: FloatFormat
  ) -> Bool {
    guard let batches = base as? any PairBatches,
      batches.fill(values, first: first, seconds: seconds, label: label, in: .float32)
    else { return false }
    switch format {
    case .bfloat16: for i in values.indices { values[i] = BFloat16(values[i]).float }
    case .float16: for i in values.indices { values[i] = Binary16(values[i]).float }
    default: return false
    }
    return true
  }

  /// The bound of the float32 computation, and the one rounding.
  public func errorBounds(_ input: LossInput, in format: FloatFormat) -> [Double]? {
    guard let outputs = evaluate(input, in: format),
      let bounds = base.errorBounds(input, in: .float32), let least = format.ulp(at: .zero)
    else { return nil }
    let unitRoundoff = Double(sign: .plus, exponent: -format.precision, significand: 1)
    return zip(outputs, bounds).map { output, bound in
      guard output.isFinite else { return .infinity }
      // The float32 value lies within the rounding of what came out.
      let magnitude = output.double.magnitude * (1 + 2 * unitRoundoff) + least.double
      return bound + unitRoundoff * magnitude + least.double / 2
    }
  }
}
