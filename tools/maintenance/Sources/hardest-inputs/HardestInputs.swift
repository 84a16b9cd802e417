internal import ArgumentParser
internal import FloatFormats
internal import Foundation
internal import LossFunctions

/// Finds the inputs that are hardest to round, among all there are.
@main
struct HardestInputs: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "hardest-inputs",
    abstract: "Find the inputs whose exact value lies nearest to where rounding turns.",
    discussion: """
      All logits of a format, or all pairs of 16-bit logits, are gone through. Where the exact value is \
      within 2^-BITS ulp of a number of the format or of the middle of two, the input is a line of the table. \
      Left out are inputs where the function is itself within 2^-BITS ulp of 0, 1, z or 1/2 + z/4.
      """)

  @Argument(help: "softplus, sigmoid; cross-entropy or cross-entropy-gradient for pairs.")
  var function: String

  @Option(help: "float32, float16 or bfloat16.")
  var format = "float32"

  @Option(help: "The distance that counts, as the exponent of 1/2.")
  var bits = 30

  @Option(help: "The number of threads; by default the number of cores.")
  var threads: Int?

  @Option(help: "Only the part NUMBER/OF of all inputs.")
  var shard: String?

  func run() async throws {
    guard let function = LossFunction(rawValue: function), let format = FloatFormat(named: format),
      [.float32, .float16, .bfloat16].contains(format), (0...60).contains(bits)
    else { throw ValidationError("no such function, format or number of bits") }
    let space: InputSpace = function.isBinary ? .logits(format) : .pairs(format)
    guard space.count <= 1 << 32 else { throw ValidationError("pairs are of 16-bit logits") }
    let search = HardInputSearch(function: function, space: space, bits: bits)
    let part = try part(of: space.count)
    var polynomialCount = 0
    print(HardInput.header)
    let pieces = OrderedPieces(of: part.count, pieceSize: 1 << 18, threadCount: threads)
    try await pieces.forEach { range in
      try search.search(part.lowerBound + range.lowerBound..<part.lowerBound + range.upperBound)
    } consume: { range, found in
      for input in found.hard { print(input.line(of: function, in: format)) }
      fflush(nil)
      polynomialCount += found.polynomialCount
      if range.lowerBound & (1 << 28 - 1) == 0 {
        note("\(range.lowerBound) of \(part.count)")
      }
    }
    note("\(polynomialCount) left out: a polynomial is as good there")
  }

  private func note(_ text: String) { FileHandle.standardError.write(Data("\(text)\n".utf8)) }

  private func part(of count: Int) throws -> Range<Int> {
    guard let shard else { return 0..<count }
    let numbers = shard.split(separator: "/").compactMap { Int($0) }
    guard numbers.count == 2, numbers[1] > 0, (0..<numbers[1]).contains(numbers[0]) else {
      throw ValidationError("--shard takes NUMBER/OF, 0/16 for example")
    }
    return count * numbers[0] / numbers[1]..<count * (numbers[0] + 1) / numbers[1]
  }
}
