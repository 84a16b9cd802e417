import CEntryPoints
import CLossOracle
import Foundation
import Testing

/// What goes to the kernels where it lies as it should, and through columns where not.
@Suite struct `Values of targets that are numbers, and of probabilities` {
  private static func question(
    _ function: String, _ options: String?, classCount: Int, count: Int
  ) -> CCall {
    var call = CCall(function: function, options: options, classCount: classCount)
    let isOfNumbers = options != nil
    call.logits = (0..<count * classCount).map { i in
      let unit = Float((i * 7919) % 10007) / 10007
      return isOfNumbers ? (i % 17 == 0 ? unit * 0x1p-130 : 1 - unit) : unit * 60 - 30
    }
    if function.hasPrefix("binary") {
      call.labels = nil
      call.probabilities = (0..<count).map { $0 % 3 == 0 ? 0 : $0 % 5 < 3 ? 1 : 0.3 }
    } else {
      call.labels = (0..<count).map { Int64($0 % classCount) }
    }
    return call
  }

  private static let probabilities = #"{"input": "probabilities"}"#

  @Test(
    arguments: [
      "binary-cross-entropy", "binary-cross-entropy-gradient", "cross-entropy",
      "cross-entropy-gradient",
    ], [nil, probabilities])
  func `do not depend on where they lie`(function: String, options: String?) throws {
    let classCount = function.hasPrefix("binary") ? 1 : 3
    let call = Self.question(function, options, classCount: classCount, count: 3000)
    let count = function.hasSuffix("gradient") ? 3000 * classCount : 3000
    let (status, values) = call.values(count: count)
    #expect(status == lo_status(LO_OK))
    // What begins at an odd place is read number by number, by other arithmetic.
    let memory = UnsafeMutableRawBufferPointer.allocate(byteCount: 4 * count + 8, alignment: 8)
    defer { memory.deallocate() }
    let start = try #require(memory.baseAddress) + 1
    #expect(call { lo_values($0, $1, start, count) } == lo_status(LO_OK))
    for place in 0..<count {
      let other = start.loadUnaligned(fromByteOffset: 4 * place, as: Float.self)
      #expect(other.bitPattern == values[place].bitPattern)
    }
    let numbers = UnsafeMutableRawBufferPointer.allocate(byteCount: 4 * 3000 + 8, alignment: 8)
    defer { numbers.deallocate() }
    let targets = try #require(numbers.baseAddress) + 1
    (call.probabilities ?? []).withUnsafeBytes { bytes in
      if let source = bytes.baseAddress { targets.copyMemory(from: source, byteCount: bytes.count) }
    }
    guard call.probabilities != nil else { return }
    var others = [Float](repeating: 7, count: count)
    let otherStatus = call { question, rows in
      var rows = rows.pointee
      rows.probabilities = UnsafeRawPointer(targets)
      return lo_values(question, &rows, &others, count)
    }
    #expect(otherStatus == lo_status(LO_OK))
    #expect(others.map(\.bitPattern) == values.map(\.bitPattern))
  }

  @Test(
    arguments: ["binary-cross-entropy", "binary-cross-entropy-gradient"], [nil, probabilities])
  func `nor do sums and means, and gradients of these`(function: String, options: String?) throws {
    var call = Self.question(function, options, classCount: 1, count: 700)
    // Where p is the one end that the target is not, the loss is infinite.
    if options != nil { call.logits = call.logits?.map { min(max($0, 0x1p-20), 0.875) } }
    let count = function.hasSuffix("gradient") ? 700 : 1
    let memory = UnsafeMutableRawBufferPointer.allocate(byteCount: 4 * 700 + 8, alignment: 8)
    defer { memory.deallocate() }
    let numbers = try #require(memory.baseAddress) + 1
    (call.logits ?? []).withUnsafeBytes { bytes in
      if let source = bytes.baseAddress { numbers.copyMemory(from: source, byteCount: bytes.count) }
    }
    for reduction in ["mean", "sum"] {
      call.reduction = reduction
      let (status, values) = call.values(count: count)
      #expect(status == lo_status(LO_OK))
      #expect(values.allSatisfy { $0.isFinite && $0 != 0 })
      var others = [Float](repeating: 7, count: count)
      let otherStatus = call { question, rows in
        var rows = rows.pointee
        rows.logits = UnsafeRawPointer(numbers)
        return lo_values(question, &rows, &others, count)
      }
      #expect(otherStatus == lo_status(LO_OK))
      #expect(others.map(\.bitPattern) == values.map(\.bitPattern))
    }
  }

  @Test(arguments: [nil, probabilities])
  func `name the row of what is no target`(_ options: String?) {
    var call = Self.question("binary-cross-entropy", options, classCount: 1, count: 5000)
    #expect(call.values(count: 5000).status == lo_status(LO_OK))
    call.probabilities?[4321] = 1.5
    #expect(call.values(count: 5000).status == lo_status(LO_INVALID_INPUT))
    #expect(lo_error_text().map { String(cString: $0) }?.hasPrefix("row 4322: ") == true)
    call.probabilities?[4321] = .nan
    let (status, values) = call.values(count: 5000)
    #expect(status == lo_status(LO_OK))
    #expect(values[4321].isNaN && !values[4320].isNaN)
  }
}
