public import Cases
public import FloatFormats
internal import LossFunctions

/// The tolerance with which a test suite, or the comparison of a framework, lets outputs pass.
public struct KnownTolerance: Codable, Hashable, Sendable {
  /// The name on the command line.
  public let name: String
  /// What compares so.
  public let what: String
  /// Where that stands: the repository and the file.
  public let source: String
  /// The tolerances by the format of the outputs.
  public let tolerances: [Entry]
  /// The inputs that it is used on, for the audit of the suites.
  public let usages: [Usage]

  /// A tolerance for outputs of a format.
  public struct Entry: Codable, Hashable, Sendable {
    public let format: String
    public let rtol: Double
    public let atol: Double
  }

  /// What is tested, and with which inputs. Of more rows than an audit holds, so many: what is caught on
  /// few is caught on more.
  public struct Usage: Codable, Hashable, Sendable {
    public let function: String
    public let formats: [String]
    /// How the losses of a run become one: `none`, `mean` or `sum`.
    public let reduction: String
    public let rows: Int
    public let classes: Int
    public let draw: Distribution
    public let scale: Double
    public let shift: Double
  }

  /// The tolerance for outputs of a format; nil where it has none.
  public func closeness(in format: FloatFormat) -> Closeness? {
    tolerances.first { $0.format == format.name }.map {
      Closeness(rtol: $0.rtol, atol: $0.atol)
    }
  }
}

/// The tolerances that have a name.
public enum KnownTolerances {
  /// The tolerance with a name.
  public static func named(_ name: String) -> KnownTolerance? { all.first { $0.name == name } }

  /// All of them, as their sources had them in November 2026. One more is an entry here.
  public static let all: [KnownTolerance] = [
    KnownTolerance(
      "pytorch", "torch.testing.assert_close, and the operators' tests, by default",
      "pytorch/pytorch: torch/testing/_comparison.py",
      [
        .float16: (1e-3, 1e-5), .bfloat16: (1.6e-2, 1e-5), .float32: (1.3e-6, 1e-5),
        .float64: (1e-7, 1e-7),
      ],
      // make_tensor draws from [-9, 9).
      [.init(.softmax, .uniform, scale: 18, shift: -9, rows: 5, classes: 5)]),
    KnownTolerance(
      "pytorch-devices", "the operators' tests of a device against the CPU",
      "pytorch/pytorch: test/test_ops.py, test_compare_cpu",
      [
        .float16: (1e-3, 1e-3), .bfloat16: (1e-3, 1e-3), .float32: (1e-3, 1e-3),
        .float64: (1e-3, 1e-3),
      ],
      [.init(.softmax, .uniform, scale: 18, shift: -9, rows: 5, classes: 5)]),
    KnownTolerance(
      "numpy", "numpy.allclose and torch.allclose by default",
      "numpy/numpy: numpy/_core/numeric.py; pytorch/pytorch: torch/_torch_docs.py",
      [
        .float16: (1e-5, 1e-8), .bfloat16: (1e-5, 1e-8), .float32: (1e-5, 1e-8),
        .float64: (1e-5, 1e-8),
      ], []),
    KnownTolerance(
      "numpy-testing", "numpy.testing.assert_allclose by default",
      "numpy/numpy: numpy/testing/_private/utils.py",
      [.float16: (1e-7, 0), .float32: (1e-7, 0), .float64: (1e-7, 0)], []),
    KnownTolerance(
      "tensorflow", "assertAllCloseAccordingToType by default",
      "tensorflow/tensorflow: tensorflow/python/framework/test_util.py",
      [
        .float16: (1e-3, 1e-3), .bfloat16: (1e-2, 1e-2), .float32: (1e-6, 1e-6),
        .float64: (1e-6, 1e-6),
      ],
      [.init(.crossEntropy, .normal, rows: 16, classes: 10)]),
    KnownTolerance(
      "jax", "jtu.assertAllClose by default",
      "jax-ml/jax: jax/_src/public_test_util.py",
      [
        .float8E4M3FN: (1e-1, 1e-1), .float8E5M2: (1e-1, 1e-1), .float16: (1e-3, 1e-3),
        .bfloat16: (1e-2, 1e-2), .float32: (1e-6, 1e-6), .float64: (1e-15, 1e-15),
      ],
      [.init(.softmax, .normal, rows: 16, classes: 10)]),
    KnownTolerance(
      "keras", "TestCase.assertAllClose by default",
      "keras-team/keras: keras/src/testing/test_case.py",
      [.float16: (1e-6, 1e-6), .float32: (1e-6, 1e-6), .float64: (1e-6, 1e-6)],
      [.init(.crossEntropy, .normal, reduction: .mean, rows: 16, classes: 10)]),
    KnownTolerance(
      "onnx", "the tests of backends by default",
      "onnx/onnx: onnx/backend/test/loader/__init__.py",
      [.float16: (1e-3, 1e-7), .float32: (1e-3, 1e-7), .float64: (1e-3, 1e-7)],
      [.init(.crossEntropy, .uniform, rows: 3, classes: 5)]),
    KnownTolerance(
      "onnxruntime", "the tests of backends",
      "microsoft/onnxruntime: onnxruntime/test/python/onnx_backend_test_series.py",
      [.float16: (1e-3, 1e-5), .float32: (1e-3, 1e-5), .float64: (1e-3, 1e-5)], []),
    KnownTolerance(
      "liger", "the tests of the cross-entropy",
      "linkedin/Liger-Kernel: test/transformers/test_cross_entropy.py",
      [.bfloat16: (5e-2, 1e-8), .float32: (1e-6, 1e-8)],
      [
        .init(.crossEntropy, .normal, reduction: .mean, rows: 16, classes: 32000),
        .init(.crossEntropyGradient, .normal, reduction: .mean, rows: 16, classes: 32000),
      ]),
    KnownTolerance(
      "liger-softmax", "the tests of the softmax",
      "linkedin/Liger-Kernel: test/transformers/test_softmax.py",
      [.bfloat16: (5e-2, 5e-2), .float32: (1e-5, 1e-5)],
      [.init(.softmax, .normal, rows: 1, classes: 4096)]),
    KnownTolerance(
      "liger-swiglu", "the tests of SwiGLU and GeGLU, of issue 192",
      "linkedin/Liger-Kernel: test/transformers/test_swiglu.py",
      [.bfloat16: (1e-2, 1e4), .float32: (1e-5, 1)], []),
    KnownTolerance(
      "kernelbench", "the check of generated kernels",
      "ScalingIntelligence/KernelBench: src/eval.py",
      [.float16: (1e-2, 1e-2), .bfloat16: (1e-2, 1e-2), .float32: (1e-4, 1e-4)],
      [
        .init(.softmax, .uniform, rows: 4, classes: 393_216),
        .init(.crossEntropy, .uniform, reduction: .mean, rows: 64, classes: 4096),
      ]),
    KnownTolerance(
      "kernelbench-2025", "the same until it had tolerances by format, of issue 165",
      "ScalingIntelligence/KernelBench: src/eval.py",
      [.float16: (1e-2, 1e-2), .bfloat16: (1e-2, 1e-2), .float32: (1e-2, 1e-2)],
      [.init(.softmax, .uniform, rows: 4, classes: 393_216)]),
    KnownTolerance(
      "triton", "the tutorial on the fused softmax",
      "triton-lang/triton: python/tutorials/02-fused-softmax.py",
      [.float16: (1e-5, 1e-8), .float32: (1e-5, 1e-8)],
      [.init(.softmax, .normal, in: [.float32], rows: 512, classes: 781)]),
    KnownTolerance(
      "xformers", "the tests of the fused softmax",
      "facebookresearch/xformers: tests/test_triton_softmax.py",
      [.float16: (1e-5, 1e-8), .float32: (1e-5, 1e-8)],
      [.init(.logSoftmax, .normal, in: [.float32], rows: 384, classes: 384)]),
    KnownTolerance(
      "flash-attention", "the tests of the cross-entropy; of 16-bit formats the gradient",
      "Dao-AILab/flash-attention: tests/losses/test_cross_entropy.py",
      [.float16: (1e-3, 1e-4), .bfloat16: (1e-3, 1e-4), .float32: (1e-5, 1e-6)],
      [
        .init(
          .crossEntropy, .normal, in: [.float32], reduction: .mean, rows: 16, classes: 50257),
        .init(
          .crossEntropyGradient, .normal, in: [.bfloat16, .float32], reduction: .mean, rows: 16,
          classes: 50257),
      ]),
    KnownTolerance(
      "transformer-engine", "the tests of the cross-entropy",
      "NVIDIA/TransformerEngine: tests/pytorch/utils.py, test_parallel_cross_entropy.py",
      [.float16: (1e-3, 1e-5), .bfloat16: (1.6e-2, 1e-5), .float32: (1.3e-6, 1e-5)],
      [
        .init(
          .crossEntropy, .uniform, in: [.float32], reduction: .mean, rows: 16, classes: 64000),
        .init(.crossEntropyGradient, .uniform, reduction: .mean, rows: 16, classes: 64000),
      ]),
    KnownTolerance(
      "apex", "the tests of the cross-entropy",
      "NVIDIA/apex: apex/contrib/test/xentropy/test_label_smoothing.py",
      [.float16: (1e-3, 1e-5), .bfloat16: (1.6e-2, 1e-5), .float32: (1.3e-6, 1e-5)],
      [.init(.crossEntropyGradient, .normal, in: [.float16], rows: 4, classes: 32320)]),
    KnownTolerance(
      "flaggems", "gems_assert_close by default",
      "FlagOpen/FlagGems: tests/accuracy_utils.py",
      [.float16: (1e-3, 1e-4), .bfloat16: (1.6e-2, 1e-4), .float32: (1.3e-6, 1e-4)],
      [.init(.softmax, .normal, rows: 512, classes: 1280)]),
  ]
}

extension KnownTolerance {
  fileprivate init(
    _ name: String, _ what: String, _ source: String,
    _ tolerances: KeyValuePairs<FloatFormat, (rtol: Double, atol: Double)>, _ usages: [Use]
  ) {
    self.name = name
    self.what = what
    self.source = source
    self.tolerances = tolerances.map {
      Entry(format: $0.key.name, rtol: $0.value.rtol, atol: $0.value.atol)
    }
    let common = [FloatFormat.float32, .bfloat16].filter { tolerances.map(\.key).contains($0) }
    self.usages = usages.map { use in
      Usage(
        function: use.function.rawValue, formats: (use.formats ?? common).map(\.name),
        reduction: use.reduction.rawValue, rows: use.rows, classes: use.classes, draw: use.draw,
        scale: use.scale, shift: use.shift)
    }
  }

  /// A usage, in the types of this package.
  fileprivate struct Use {
    let function: LossFunction
    let formats: [FloatFormat]?
    let reduction: Reduction
    let draw: Distribution
    let scale: Double
    let shift: Double
    let rows: Int
    let classes: Int

    init(
      _ function: LossFunction, _ draw: Distribution, in formats: [FloatFormat]? = nil,
      reduction: Reduction = .none, scale: Double = 1, shift: Double = 0, rows: Int, classes: Int
    ) {
      self.function = function
      self.formats = formats
      self.reduction = reduction
      self.draw = draw
      self.scale = scale
      self.shift = shift
      self.rows = rows
      self.classes = classes
    }
  }
}
