public import FloatFormats
internal import Foundation
public import LossFunctions
public import Losses

/// A function of a C library as an implementation, called in this process.
///
/// Outputs of a call that has written beyond them are NaN.
public struct LibraryImplementation: Float32Batches, PairBatches {
  public let name: String
  public let function: LossFunction
  public let formula: String
  public let source: String
  private let kernel: LibraryKernel

  /// A function of the library at a path.
  ///
  /// - Throws: `ProgramError.cannotStart`.
  public init(
    _ function: LossFunction, library: String, symbol: String
  ) throws(ProgramError) {
    kernel = try LibraryKernel(library: library, symbol: symbol)
    name = symbol
    self.function = function
    // Another library of the same name is another implementation.
    let bytes = FileManager.default.contents(atPath: library) ?? Data()
    let hash = bytes.reduce(0xCBF2_9CE4_8422_2325 as UInt64) {
      ($0 ^ UInt64($1)) &* 0x100_0000_01B3
    }
    let file = URL(filePath: library).lastPathComponent
    formula = "\(file), FNV-1a \(String(format: "%016llx", hash))"
    source = library
  }

  public func evaluate(_ input: LossInput, in format: FloatFormat) -> [FloatValue]? {
    let encoding = Encoding(format)
    guard let encoding else { return nil }
    let logits = encoding.bytes(input.logits.map { Float($0.double) })
    let targets: [UInt8] =
      switch input.target {
      case .none: []
      case .index(let label): withUnsafeBytes(of: Int32(label).littleEndian) { [UInt8]($0) }
      case .probabilities(let values): encoding.bytes(values.map { Float($0.double) })
      }
    let count = function.hasOutputPerClass ? input.logits.count : 1
    var values = [Float](repeating: .nan, count: count)
    values.withUnsafeMutableBufferPointer {
      call(encoding, logits, targets, rows: 1, classes: input.logits.count, into: $0)
    }
    return values.map { FloatValue($0) }
  }

  public func fill(
    _ values: UnsafeMutableBufferPointer<Float>, logits: UnsafeBufferPointer<Float>, target: Float
  ) {
    let targets = function.hasTarget ? [Float](repeating: target, count: logits.count) : []
    call(
      .float32, UnsafeRawBufferPointer(logits), targets.withUnsafeBytes { [UInt8]($0) },
      rows: logits.count, classes: 1, into: values)
  }

  public func fill(
    _ values: UnsafeMutableBufferPointer<Float>, first: Float,
    seconds: UnsafeBufferPointer<Float>, label: Int, in format: FloatFormat
  ) -> Bool {
    guard let encoding = Encoding(format) else { return false }
    let logits = seconds.flatMap { [first, $0] }
    let targets = [Int32](repeating: Int32(label), count: seconds.count)
    call(
      encoding, encoding.bytes(logits), targets.withUnsafeBytes { [UInt8]($0) },
      rows: seconds.count, classes: 2, into: values)
    return true
  }

  private func call(
    _ encoding: Encoding, _ logits: some Collection<UInt8>, _ targets: [UInt8], rows: Int,
    classes: Int, into values: UnsafeMutableBufferPointer<Float>
  ) {
    let isWithin = kernel.call(
      logits: logits, targets: targets, rows: rows, classes: classes,
      outputSize: values.count * encoding.byteCount
    ) { encoding.decode($0, into: values) }
    if !isWithin { values.update(repeating: .nan) }
  }

  /// How a format that `Float` holds is written for a C function.
  private enum Encoding {
    case float16
    case bfloat16
    case float32

    init?(_ format: FloatFormat) {
      switch format {
      case .float16: self = .float16
      case .bfloat16: self = .bfloat16
      case .float32: self = .float32
      default: return nil
      }
    }

    private var format: FloatFormat {
      switch self {
      case .float16: .float16
      case .bfloat16: .bfloat16
      case .float32: .float32
      }
    }

    var byteCount: Int { format.byteCount }

    func bytes(_ numbers: [Float]) -> [UInt8] {
      switch self {
      case .float32: numbers.withUnsafeBytes { [UInt8]($0) }
      case .bfloat16:
        numbers.map { BFloat16($0).bitPattern }.withUnsafeBytes { [UInt8]($0) }
      case .float16:
        numbers.map { UInt16(truncatingIfNeeded: FloatFormat.float16.encode(FloatValue($0)) ?? 0) }
          .withUnsafeBytes { [UInt8]($0) }
      }
    }

    func decode(_ bytes: UnsafeRawBufferPointer, into values: UnsafeMutableBufferPointer<Float>) {
      switch self {
      case .float32: _ = values.update(fromContentsOf: bytes.bindMemory(to: Float.self))
      case .bfloat16:
        for (i, bits) in bytes.bindMemory(to: UInt16.self).enumerated() {
          values[i] = BFloat16(bitPattern: bits).float
        }
      case .float16:
        for (i, bits) in bytes.bindMemory(to: UInt16.self).enumerated() {
          values[i] = Float(FloatFormat.float16.decode(UInt128(bits)).double)
        }
      }
    }
  }
}
