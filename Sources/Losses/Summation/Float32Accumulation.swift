internal import FloatFormats
public import LossFunctions

/// An implementation for 16-bit logits that computes in float32 and rounds each output once, as GPU
/// kernels do. Not defined for the wider formats.
public struct Float32Accumulation: Implementation {
  let base: any Implementation
  public var name: String { "float32-accumulation" }
  public var function: LossFunction { base.function }
  public var formula: String { "in float32, rounded once: \(base.formula)" }
  public var source: String {
    "PyTorch aten/src/ATen/AccumulateType.h; flash-attn flash_attn/ops/triton/cross_entropy.py"
  }
  public var frameworks: [String] { ["PyTorch (CUDA)", "Liger Kernel", "flash-attn"] }

  /// Computes as `base` does in float32.
  public init(_ base: any Implementation) { self.base = base }

  public func options(classCount: Int) -> LossOptions { base.options(classCount: classCount) }

  public func evaluate(_ rows: LossRows, withBounds: Bool) -> ComputedRows? {
    switch rows.format {
    case .float16: rounded(rows, withBounds, to: Binary16.self)
    case .bfloat16: rounded(rows, withBounds, to: BFloat16.self)
    default: nil
    }
  }

  /// The bounds are those of the float32 computation, and the one rounding.
  private func rounded<T: LossScalar>(
    _ rows: LossRows, _ withBounds: Bool, to _: T.Type
  ) -> ComputedRows? {
    func widened(_ numbers: NumberColumn) -> NumberColumn {
      NumberColumn(.float32, doubles: numbers.doubles)
    }
    let wide = LossRows(
      classCount: rows.classCount, logits: widened(rows.logits),
      labels: rows.targetKind == .index ? rows.labels : nil,
      probabilities: rows.targetKind == .probabilities ? widened(rows.probabilities) : nil,
      gradOutputs: widened(rows.gradOutputs))
    guard let computed = base.evaluate(wide, withBounds: withBounds) else { return nil }
    let values = computed.values.doubles.map { T($0).double }
    let bounds = computed.bounds.map { bounds in
      zip(values, bounds).map { value, bound in
        RunningError.rounded(T(value), bound).bound
      }
    }
    return ComputedRows(
      values: NumberColumn(rows.format, doubles: values), bounds: bounds)
  }
}
