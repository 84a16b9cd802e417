public import FastTier
public import FloatFormats
internal import LossFunctions
public import Losses

/// Every logit of a format, for one implementation, or a numbered shard of them.
///
/// Logits are taken in the order of their encodings, 0 to 2ⁿ − 1, in blocks of a fixed size. A shard
/// is a run of whole blocks, so that shards, resumed parts and threads all add up to the same bytes.
public struct SweepPlan: Sendable {
  /// The implementation under test.
  public let implementation: any Implementation
  /// The function with its label.
  public let function: OneLogitFunction
  /// The format of logits and values.
  public let format: FloatFormat
  /// The blocks to do.
  public private(set) var blocks = 0..<0

  /// The number of logits of the format.
  public var domainCount: UInt64 { 1 << UInt64(format.bitCount) }
  /// The number of logits in a block.
  public var blockSize: Int { format.bitCount == 32 ? 1 << 20 : 1 << 12 }
  /// The number of blocks of the whole domain.
  public var blockCount: Int { Int(domainCount) / blockSize }
  /// The number of logits that are done in one go: all finite, or none.
  var batchSize: Int { min(1 << 12, 1 << format.fractionBitCount) }

  /// A plan for the shard `shard` of `shardCount`, counted from 1.
  public init(
    implementation: any Implementation, function: OneLogitFunction, format: FloatFormat,
    shard: Int = 1, of shardCount: Int = 1
  ) throws(SweepError) {
    guard FastTier.formats.contains(format) else { throw .unsupportedFormat(format.name) }
    self.implementation = implementation
    self.function = function
    self.format = format
    guard implementation.options(classCount: 1) == LossOptions() else {
      throw .hasOptions(implementation.name)
    }
    let trial = implementation.evaluate(FastTier(function).input(1), in: format)
    guard trial?.count == 1 else {
      throw .unsupported(implementation: implementation.name, format: format.name)
    }
    guard shardCount >= 1, shardCount <= blockCount, (1...shardCount).contains(shard) else {
      throw .badShard(shard, of: shardCount, greatest: blockCount)
    }
    blocks = blockCount * (shard - 1) / shardCount..<blockCount * shard / shardCount
  }
}

/// Why there can be no such sweep.
public enum SweepError: Error, Hashable, Sendable, CustomStringConvertible {
  case unsupportedFormat(String)
  case unsupported(implementation: String, format: String)
  case hasOptions(String)
  case badShard(Int, of: Int, greatest: Int)

  /// What was wrong.
  public var description: String {
    switch self {
    case .unsupportedFormat(let format):
      "Sweeps take \(FastTier.formats.map(\.name).joined(separator: ", ")); not \(format)."
    case .unsupported(let implementation, let format):
      "The implementation \"\(implementation)\" does not compute in \(format)."
    case .hasOptions(let implementation):
      "The implementation \"\(implementation)\" computes with options; sweeps are of plain functions."
    case .badShard(let shard, let count, let greatest):
      "There is no shard \(shard)/\(count): write I/N with 1 ≤ I ≤ N ≤ \(greatest)."
    }
  }
}
