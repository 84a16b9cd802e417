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
      Left out are inputs where the function is itself within 2^-BITS ulp of 0, 1, z or 1/2 + z/4. Of \
      float64 logits those between two bounds are searched, by Lefèvre's method.
      """)

  @Argument(help: "softplus, sigmoid; cross-entropy or cross-entropy-gradient for pairs.")
  var function: String

  @Option(help: "float32, float16 or bfloat16; float64 for softplus and sigmoid.")
  var format = "float32"

  @Option(help: "The distance that counts, as the exponent of 1/2; 20 to 50 for float64.")
  var bits = 30

  @Option(
    parsing: .unconditional,
    help: "float64: the first logit, from 2^-10 to 32, or from -6 to -2^-10.")
  var from = 1.0

  @Option(parsing: .unconditional, help: "float64: the last logit, of the same sign.")
  var to = 1.0625

  @Flag(help: "float64: evaluate every logit between them instead, to check the method.")
  var every = false

  @Option(help: "The number of threads; by default the number of cores.")
  var threads: Int?

  @Option(help: "Only the part NUMBER/OF of all inputs.")
  var shard: String?

  func run() async throws {
    guard let function = LossFunction(rawValue: function), let format = FloatFormat(named: format),
      [.float64, .float32, .float16, .bfloat16].contains(format), (0...60).contains(bits)
    else { throw ValidationError("no such function, format or number of bits") }
    guard format != .float64 else { return try await searchNeighbours(function) }
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

  private func searchNeighbours(_ function: LossFunction) async throws {
    let (low, high) = (min(abs(from), abs(to)), max(abs(from), abs(to)))
    guard [.softplus, .sigmoid].contains(function), (20...50).contains(bits),
      low >= 0x1p-10, high <= (from < 0 ? 6 : 32), (from < 0) == (to < 0)
    else {
      throw ValidationError(
        "float64 is searched for softplus and sigmoid, with 20 to 50 bits, from 2^-10 to 32 or -6 to -2^-10"
      )
    }
    print(HardInput.header)
    let sign: Double = from < 0 ? -1 : 1
    let search = HardInputSearch(function: function, space: .logits(.float64), bits: bits)
    let blocks = LinearSearch.blocks(
      from: (sign * low).bitPattern, through: (sign * high).bitPattern)
    let pieces = OrderedPieces(of: blocks.count, pieceSize: 1, threadCount: threads)
    try await pieces.forEach { range in
      let encodings = blocks[range.lowerBound]
      guard !every else {
        return try encodings.compactMap { try search.confirmed([Double(bitPattern: $0)]) }
      }
      return try LinearSearch(search: search).hardInputs(in: encodings)
    } consume: { range, found in
      for input in found { print(input.line(of: function, in: .float64)) }
      fflush(nil)
      if range.lowerBound % 1024 == 0 { note("block \(range.lowerBound) of \(blocks.count)") }
    }
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
