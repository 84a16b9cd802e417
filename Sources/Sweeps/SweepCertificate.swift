internal import FloatFormats
internal import LossFunctions
internal import Losses
internal import Reference
package import SmallFoundation
internal import Verification

/// What a sweep found, as it is written to a file: a certificate once it is complete, and before that
/// the state from which it goes on. The file tells no times, so the same sweep gives the same bytes.
package struct SweepCertificate: Codable, Hashable, Sendable {
  /// The version of this structure.
  package var sweep = 1
  /// The version of the package, and the platform whose elementary functions were called.
  package let version: String
  package let platform: String
  package let function: String
  /// The label, 0 or 1, of functions that have a target.
  package let target: Int?
  /// What the numbers are where they are no logits.
  package let input: String?
  package let implementation: String
  package let formula: String
  package let format: String
  /// The number of logits of an input where it is not one: 2 for pairs.
  package let classes: Int?
  /// What goes through all its numbers with the logit, targets from 0 to 1, as the first number of a pair.
  package let pairedWith: SweepPartner?
  /// The encodings of the inputs: 0 to this, less one. Of a pair it is that of the first number times 2¹⁶, and that of
  /// the second.
  package let domain: UInt64
  /// The encodings that this file is about, from `first` to `end` less one.
  package internal(set) var first: UInt64
  package internal(set) var end: UInt64
  /// The encodings from `first` to this, less one, have been done.
  package internal(set) var done: UInt64
  /// What was counted over them.
  package internal(set) var tally = SweepTally()
  /// FNV-1a of the file without this entry, to notice damage.
  package private(set) var checksum = ""

  private enum CodingKeys: String, CodingKey {
    case sweep, version, platform, function, target, input, implementation, formula, format, classes
    case pairedWith = "paired_with"
    case domain, first, end, done, tally, checksum
  }

  /// Whether all that the file is about has been done.
  package var isComplete: Bool { done == end }

  /// A sweep of which nothing is done.
  package init(_ plan: SweepPlan) {
    version = PackageVersion.current
    platform = Platform.current.name
    function = plan.subject.function.rawValue
    target = plan.subject.label
    input = plan.subject.input == .logits ? nil : plan.subject.input.rawValue
    classes = plan.subject.classCount == 1 ? nil : plan.subject.classCount
    pairedWith = plan.subject.partner
    implementation = plan.implementation.name
    formula = plan.implementation.formula
    format = plan.format.name
    domain = plan.domainCount
    first = UInt64(plan.blocks.lowerBound * plan.blockSize)
    end = UInt64(plan.blocks.upperBound * plan.blockSize)
    done = first
  }

  /// What two files must have in common to belong to one sweep; the names of what differs.
  func differences(from other: SweepCertificate) -> [String] {
    var names: [String] = []
    if sweep != other.sweep || version != other.version { names.append("version") }
    if platform != other.platform { names.append("platform") }
    if function != other.function { names.append("function") }
    if target != other.target { names.append("target") }
    if input != other.input { names.append("input") }
    if pairedWith != other.pairedWith { names.append("paired_with") }
    if implementation != other.implementation { names.append("implementation") }
    if formula != other.formula { names.append("formula") }
    if format != other.format || classes != other.classes || domain != other.domain {
      names.append("format")
    }
    return names
  }
}

// MARK: - As a file

extension SweepCertificate {
  /// The bytes of the file: the same for the same contents.
  package func encoded() throws -> Data {
    var sealed = self
    sealed.checksum = ""
    sealed.checksum = Self.hash(try Self.encoder.encode(sealed))
    return try Self.encoder.encode(sealed) + Data("\n".utf8)
  }

  /// Reads a file.
  ///
  /// - Throws: `notOne` where it is damaged or something else.
  package init(decoding data: Data, path: String) throws(SweepFileError) {
    do {
      self = try JSONDecoder().decode(SweepCertificate.self, from: data)
      guard sweep == 1, first <= done, done <= end, end <= domain, try encoded() == data else {
        throw SweepFileError.notOne(path: path, reason: "its checksum does not fit its contents")
      }
      if let contradiction {
        throw SweepFileError.notOne(path: path, reason: "it contradicts itself: \(contradiction)")
      }
    } catch let error as SweepFileError {
      throw error
    } catch {
      throw .notOne(path: path, reason: "it is not JSON of this structure")
    }
  }

  /// What cannot be so, however the file has come about.
  private var contradiction: String? {
    let (count, outputCount) = (done - first, UInt64(max(classes ?? 1, 1)))
    guard domain <= 1 << 32, outputCount <= 2 else { return "no format has so many inputs" }
    let sum = tally.finiteLogits.addingReportingOverflow(tally.specialLogits)
    guard !sum.overflow, sum.partialValue == count else {
      return "\(count) inputs are done, and other numbers are counted"
    }
    // No product overflows: there are at most 2³² inputs.
    let finite = tally.finiteLogits * outputCount
    let counts = [tally.misrounded, tally.nonFinite, tally.wrongSigns, tally.decidedByMPFR]
    guard counts.allSatisfy({ $0 <= finite }),
      tally.specialDifferences <= tally.specialLogits * outputCount
    else { return "more values are counted than there are" }
    let worst = tally.worst?.ulps ?? 0
    guard (tally.nonFinite > 0) == (tally.firstNonFinite != nil),
      tally.misrounded > tally.nonFinite ? worst > 0 : tally.misrounded > 0 || worst <= 0.5
    else { return "its witnesses do not fit its counts" }
    guard let format = FloatFormat(named: format) else {
      return "there is no format \(format.shown)"
    }
    let witnesses = [tally.worst, tally.firstNonFinite].compactMap(\.self)
    guard
      witnesses.allSatisfy({
        $0.isCase(of: format, numberCount: pairedWith == nil ? classes ?? 1 : 2)
      })
    else {
      return "a witness is none of \(format)"
    }
    return nil
  }

  private static var encoder: JSONEncoder {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
    return encoder
  }

  private static func hash(_ data: Data) -> String {
    let hash = data.reduce(0xCBF2_9CE4_8422_2325 as UInt64) { ($0 ^ UInt64($1)) &* 0x100_0000_01B3 }
    return hash.hexadecimalDigits
  }

  /// The file at a path.
  package static func read(_ path: String) throws(SweepFileError) -> SweepCertificate {
    let data: Data
    do {
      data = try Data(contentsOf: URL(filePath: path))
    } catch {
      throw .unreadable(path: path, reason: error.reason)
    }
    return try SweepCertificate(decoding: data, path: path)
  }

  /// Writes the file whole or not at all: see `PartialFile`.
  package func write(to path: String) throws(SweepFileError) {
    do {
      try PartialFile.write(encoded(), to: path)
    } catch {
      throw .unwritable(path: path, reason: error.reason)
    }
  }
}
