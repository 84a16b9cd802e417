package import FloatFormats
internal import LossFunctions
package import Losses
internal import Reference

/// Every input of a format, for one implementation, or a numbered shard of them.
///
/// Logits are taken in the order of their encodings, 0 to 2ⁿ − 1, and pairs of numbers in that of the first one, then
/// the second, in blocks of a fixed size. A shard is a run of whole blocks, so that shards, resumed parts and threads all add up to the same bytes.
package struct SweepPlan: Sendable {
  /// The implementation under test.
  package let implementation: any Implementation
  /// The function with its label.
  package let subject: SweepSubject
  /// The format of logits and values.
  package let format: FloatFormat
  /// The blocks to do.
  package private(set) var blocks = 0..<0

  /// The inputs by their numbers.
  let inputs: SweepInputs

  /// The number of inputs.
  package var domainCount: UInt64 {
    UInt64(subject.firstCount(format)) << UInt64(format.bitCount)
  }
  /// The number of inputs in a block.
  package var blockSize: Int {
    if subject.numberCount > 1 { return 1 << format.bitCount }
    return format.bitCount == 32 ? 1 << 20 : 1 << 12
  }
  /// The number of blocks of the whole domain.
  package var blockCount: Int { Int(domainCount) / blockSize }
  /// The number of inputs that are computed in one go, so many as stay in the processor's cache.
  var chunkSize: Int { subject.numberCount > 1 ? 1 << 10 : min(1 << 14, blockSize) }
  /// The number of inputs that are compared in one go: the last numbers of all are ordinary, or of none. Beside 0
  /// stand ordinary probabilities.
  var batchSize: Int {
    subject.input == .logits ? min(chunkSize / 8, 1 << 9, 1 << format.fractionBitCount) : 1
  }

  /// A plan for the shard `shard` of `shardCount`, counted from 1.
  package init(
    implementation: any Implementation, subject: SweepSubject, format: FloatFormat,
    shard: Int = 1, of shardCount: Int = 1
  ) throws(SweepError) {
    guard subject.formats.contains(format) else {
      throw .unsupportedFormat(
        format.name, function: subject.name, known: subject.formats.map(\.name))
    }
    self.implementation = implementation
    self.subject = subject
    self.format = format
    let options = implementation.options(classCount: subject.classCount)
    guard options == subject.options else {
      throw .otherOptions(options, of: implementation, asked: subject.options)
    }
    let trial = [Float](repeating: 1, count: subject.numberCount)
    inputs = SweepInputs(subject, format)
    let outputCount = subject.function.hasOutputPerClass ? subject.classCount : 1
    guard implementation.evaluate(subject.input(trial), in: format)?.count == outputCount else {
      throw .unsupported(implementation: implementation.name, format: format.name)
    }
    guard shardCount >= 1, shardCount <= blockCount, (1...shardCount).contains(shard) else {
      throw .badShard(shard, of: shardCount, greatest: blockCount)
    }
    blocks = blockCount * (shard - 1) / shardCount..<blockCount * shard / shardCount
  }

  /// The tally of a block.
  func tally(block: Int) throws(ReferenceError) -> SweepTally {
    try BlockSweep.tally(self, inputs: block * blockSize..<(block + 1) * blockSize)
  }
}

/// Why there can be no such sweep.
package enum SweepError: Error, Hashable, Sendable, CustomStringConvertible {
  case unsupportedFormat(String, function: String, known: [String])
  case unsupported(implementation: String, format: String)
  case hasOptions(String)
  case takesGradOutput(String)
  case takesNoGradOutput(String, known: [String])
  case badShard(Int, of: Int, greatest: Int)

  /// What is wrong with an implementation of other options than are asked for.
  fileprivate static func otherOptions(
    _ options: LossOptions, of implementation: any Implementation, asked: LossOptions
  ) -> SweepError {
    var others = options
    others.gradOutput = asked.gradOutput
    guard others == asked else { return .hasOptions(implementation.name) }
    guard asked.gradOutput != .none else { return .takesGradOutput(implementation.name) }
    let known = Implementations.all.filter {
      $0.function == implementation.function && $0.options(classCount: 1) == asked
    }
    return .takesNoGradOutput(implementation.name, known: known.map(\.name))
  }

  /// What was wrong.
  package var description: String {
    switch self {
    case .unsupportedFormat(let format, let function, let known):
      "Sweeps of \(function) take \(known.joined(separator: ", ")); not \(format)."
    case .unsupported(let implementation, let format):
      "The implementation \"\(implementation)\" does not compute in \(format)."
    case .hasOptions(let implementation):
      "The implementation \"\(implementation)\" computes with options; sweeps are of plain functions."
    case .takesGradOutput(let implementation):
      "The implementation \"\(implementation)\" takes a grad_output: sweep it with --paired-with grad_output."
    case .takesNoGradOutput(let implementation, let known):
      "The implementation \"\(implementation)\" takes no grad_output; \(known.joined(separator: ", ")) do."
    case .badShard(let shard, let count, let greatest):
      "There is no shard \(shard)/\(count): write I/N with 1 ≤ I ≤ N ≤ \(greatest)."
    }
  }
}
