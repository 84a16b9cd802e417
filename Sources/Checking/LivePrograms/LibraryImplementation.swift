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

  /// What it has done that a function of values may not, and how often.
  public var misdeeds: [String] { kernel.misdeeds }

  /// How long the call has taken that has taken longest and not returned yet.
  public var longestCall: Duration { kernel.longestCall }

  public func evaluate(_ input: LossInput, in format: FloatFormat) -> [FloatValue]? {
    guard Self.formats.contains(format) else { return nil }
    let logits = input.logits.map { Float($0.double) }
    var targets: [UInt8] = []
    switch input.target {
    case .none: break
    case .index(let label):
      withUnsafeBytes(of: Int32(clamping: label).littleEndian) { targets.append(contentsOf: $0) }
    case .probabilities(let values):
      targets = Self.bytes(of: values.map { Float($0.double) }, in: format)
    }
    let count = function.hasOutputPerClass ? input.logits.count : 1
    var values = [Float](repeating: .nan, count: count)
    values.withUnsafeMutableBufferPointer { values in
      logits.withUnsafeBufferPointer {
        call(format, $0, targets, rows: 1, classes: input.logits.count, into: values)
      }
    }
    return values.map { FloatValue($0) }
  }

  public func fill(
    _ values: UnsafeMutableBufferPointer<Float>, logits: UnsafeBufferPointer<Float>, target: Float
  ) {
    let targets = function.hasTarget ? [Float](repeating: target, count: logits.count) : []
    call(
      .float32, logits, Self.bytes(of: targets, in: .float32), rows: logits.count, classes: 1,
      into: values)
  }

  public func fill(
    _ values: UnsafeMutableBufferPointer<Float>, first: Float,
    seconds: UnsafeBufferPointer<Float>, label: Int, in format: FloatFormat
  ) -> Bool {
    guard Self.formats.contains(format) else { return false }
    let logits = seconds.flatMap { [first, $0] }
    let targets = [Int32](repeating: Int32(clamping: label), count: seconds.count)
    logits.withUnsafeBufferPointer {
      call(
        format, $0, targets.withUnsafeBytes { [UInt8]($0) }, rows: seconds.count, classes: 2,
        into: values)
    }
    return true
  }

  /// The formats that `Float` holds.
  private static let formats: [FloatFormat] = [.float16, .bfloat16, .float32]

  private static func bytes(of numbers: [Float], in format: FloatFormat) -> [UInt8] {
    if format == .float32 { return numbers.withUnsafeBytes { [UInt8]($0) } }
    var bytes: [UInt8] = []
    NumberColumn(format, doubles: numbers.map { Double($0) })
      .append(0..<numbers.count, encodedTo: &bytes)
    return bytes
  }

  private func call(
    _ format: FloatFormat, _ logits: UnsafeBufferPointer<Float>, _ targets: [UInt8], rows: Int,
    classes: Int, into values: UnsafeMutableBufferPointer<Float>
  ) {
    func call(_ bytes: UnsafeRawBufferPointer) {
      targets.withUnsafeBytes { targets in
        values.update(repeating: .nan)
        _ = kernel.call(
          logits: bytes, targets: targets, rows: rows, classes: classes,
          outputSize: values.count * format.byteCount
        ) { outputs in
          if format == .float32 {
            _ = values.update(fromContentsOf: outputs.bindMemory(to: Float.self))
          } else {
            for (index, number) in NumberColumn(format, decoding: outputs).doubles.enumerated() {
              values[index] = Float(number)
            }
          }
        }
      }
    }
    if format == .float32 {
      call(UnsafeRawBufferPointer(logits))
    } else {
      Self.bytes(of: Array(logits), in: format).withUnsafeBytes { call($0) }
    }
  }
}
