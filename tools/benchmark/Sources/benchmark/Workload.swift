import CReferences
import Foundation
import LossOracle

/// Rows of one function in one format.
final class Workload {
  let rowCount: Int
  private let function: LossFunction
  private let format: FloatFormat
  private let classCount: Int
  private let doubles: [Double]
  private let floats: [Float]
  private let labels: [Int32]
  private let inputs: [LossInput]
  private var floatValues: [Float]
  private var doubleValues: [Double]

  init(_ function: String, _ format: String, classCount: Int, path: String) throws {
    guard let known = LossFunction(rawValue: function), let type = FloatFormat(named: format),
      classCount > 0
    else { throw BadRequest(text: "\(function) \(format) \(classCount)") }
    let data = try Data(contentsOf: URL(filePath: path))
    let rowSize = 8 * classCount + 4
    guard data.count % rowSize == 0 else { throw BadRequest(text: path) }
    let rowCount = data.count / rowSize
    let logits = data.withUnsafeBytes { bytes in
      (0..<rowCount * classCount).map {
        bytes.loadUnaligned(fromByteOffset: 8 * $0, as: Double.self)
      }
    }
    let targets = data.withUnsafeBytes { bytes in
      (0..<rowCount).map {
        bytes.loadUnaligned(fromByteOffset: 8 * logits.count + 4 * $0, as: Int32.self)
      }
    }
    (self.rowCount, self.function, self.format, self.classCount) = (
      rowCount, known, type, classCount
    )
    (doubles, labels) = (logits, targets)
    floats = logits.map { Float($0) }
    // Only the slow tier takes these, of few rows.
    let slowCount = min(rowCount, max(1, (1 << 17) / classCount))
    inputs = (0..<slowCount).map { row in
      LossInput(
        logits: logits[row * classCount..<(row + 1) * classCount].map { FloatValue($0) },
        target: !known.hasTarget
          ? .none
          : known.isBinary
            ? .probabilities([FloatValue(Double(targets[row]))]) : .index(Int(targets[row])))
    }
    let count = rowCount * (known.hasOutputPerClass ? classCount : 1)
    floatValues = Array(repeating: 0, count: count)
    doubleValues = Array(repeating: 0, count: count)
  }

  func nanoseconds(of subject: Subject, rows: Int) throws -> Double {
    try ContinuousClock().measure { try run(subject, rows) } / .nanoseconds(1)
  }

  func values(of subject: Subject, rows: Int) throws -> [Double] {
    try run(subject, rows)
    let count = rows * outputCount
    let isFloat = format != .float64 && (subject == .fast || subject == .threads)
    return isFloat ? floatValues[..<count].map { Double($0) } : Array(doubleValues[..<count])
  }

  /// The first rows with a kind of targets, options or rounding: see `Certified`.
  func certified(_ kind: String, rows: Int) throws -> Certified {
    guard (1...rowCount).contains(rows) else { throw BadRequest(text: "\(rows) rows") }
    return try Certified(
      function, format, logits: doubles[..<(rows * classCount)], labels: Array(labels[..<rows]),
      classCount: classCount, kind: kind)
  }

  /// By how many KiB the peak grows beyond the arrays of inputs and outputs; nil where the system does not
  /// tell.
  func peakGrowth(rows: Int) throws -> Int? {
    guard let before = PeakMemory.restart() else { return nil }
    try run(.fast, rows)
    return PeakMemory.now.map { $0 - before }
  }

  private var outputCount: Int { function.hasOutputPerClass ? classCount : 1 }

  private func run(_ subject: Subject, _ rows: Int) throws {
    guard (1...rowCount).contains(rows) else { throw BadRequest(text: "\(rows) rows") }
    switch subject {
    case .fast: try fill(rows, threadCount: 1)
    case .threads: try fill(rows, threadCount: ProcessInfo.processInfo.activeProcessorCount)
    case .mpfrTier:
      guard rows <= inputs.count else { throw BadRequest(text: "\(rows) rows") }
      let reference = Reference(usesFastTier: false)
      for row in 0..<rows {
        let exact = try reference.evaluate(function, inputs[row], in: format)
        for i in exact.indices { doubleValues[row * outputCount + i] = exact[i].value.double }
      }
    case .mpfr: mpfr_losses(code, doubles, labels, rows, classCount, bits, &doubleValues)
    case .arb: arb_losses(code, doubles, labels, rows, classCount, bits, &doubleValues)
    case .swiftKernel:
      guard function == .softplus else { throw BadRequest(text: "\(subject) of \(function)") }
      floats.withUnsafeBufferPointer { logits in
        doubleValues.withUnsafeMutableBufferPointer { values in
          SwiftKernel.softplus(UnsafeBufferPointer(rebasing: logits[..<rows]), into: values)
        }
      }
    }
  }

  private func fill(_ rows: Int, threadCount: Int) throws {
    let some = rows == rowCount ? labels : Array(labels[..<rows])
    let targets = function.hasTarget ? some : []
    if format == .float64 {
      _ = try doubles.withUnsafeBufferPointer { logits in
        try doubleValues.withUnsafeMutableBufferPointer {
          try Reference().fill(
            $0, function, logits: UnsafeBufferPointer(rebasing: logits[..<(rows * classCount)]),
            classCount: classCount, targets: targets, threadCount: threadCount)
        }
      }
    } else {
      _ = try floats.withUnsafeBufferPointer { logits in
        try floatValues.withUnsafeMutableBufferPointer {
          try Reference().fill(
            $0, function, logits: UnsafeBufferPointer(rebasing: logits[..<(rows * classCount)]),
            classCount: classCount, targets: targets, in: format, threadCount: threadCount)
        }
      }
    }
  }

  private var bits: Int32 { Int32(format.precision) }

  private var code: Int32 {
    switch function {
    case .binaryCrossEntropy: Int32(bench_binary)
    case .binaryCrossEntropyGradient: Int32(bench_binary_gradient)
    case .crossEntropy: Int32(bench_cross_entropy)
    case .crossEntropyGradient: Int32(bench_gradient)
    default: Int32(bench_softplus)
    }
  }
}
