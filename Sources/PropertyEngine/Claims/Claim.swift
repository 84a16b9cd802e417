public import FloatFormats
public import LossFunctions
public import Reference

/// A statement about code under verification that a single case can refute.
///
/// Trials look for such a case, and shrink it. A claim is asked about many cases at a time, so that
/// one about a program at the other end of a pipe need not wait for every answer by itself.
public protocol Claim: Sendable {
  /// The function that the cases are for.
  var function: LossFunction { get }
  /// The format of their numbers.
  var format: FloatFormat { get }
  /// The claim in one line: `errors of at most 4 ulp`.
  var statement: String { get }

  /// What the cases say about the claim, one judgement for each, in order.
  func judge(_ inputs: [LossInput]) async throws -> [Judgement]

  /// What one case says, judged with as much patience as a finding deserves.
  func confirm(_ input: LossInput) async throws -> Judgement?
}

extension Claim {
  /// By default, what it says among others.
  public func confirm(_ input: LossInput) async throws -> Judgement? {
    try await judge([input]).first
  }
}

/// What one case says about a claim.
public struct Judgement: Sendable {
  /// Why the claim does not hold there; nil where it does.
  public var failure: Failure?
  /// How near to failing the case is, the larger the nearer: what the search climbs.
  public var badness: Double
  /// What was computed, where it was compared with exact values.
  public var comparison: Comparison?
  /// Why nothing could be said: the code or the oracle does not answer for such a case.
  public var abstention: String?

  /// A judgement.
  public init(
    failure: Failure? = nil, badness: Double = 0, comparison: Comparison? = nil,
    abstention: String? = nil
  ) {
    self.failure = failure
    self.badness = badness
    self.comparison = comparison
    self.abstention = abstention
  }
}

/// Computed outputs beside the exact ones.
public struct Comparison: Sendable {
  /// The outputs as computed.
  public let computed: [FloatValue]
  /// The exact ones.
  public let exact: [CertifiedValue]
  /// The output with the largest error, and that error in ulps.
  public let worst: (outputIndex: Int, ulps: Double)

  /// A comparison.
  public init(
    computed: [FloatValue], exact: [CertifiedValue], worst: (outputIndex: Int, ulps: Double)
  ) {
    self.computed = computed
    self.exact = exact
    self.worst = worst
  }
}

/// How a claim was refuted.
public struct Failure: Error, Hashable, Sendable {
  /// What went wrong; a case is only shrunk to others that fail in the same way.
  public let kind: Kind
  /// What happened, in a line.
  public let message: String
  /// What else is known, such as what a program said last; no part of what makes failures the same.
  public let note: String?

  /// A failure.
  public init(_ kind: Kind, _ message: String, note: String? = nil) {
    self.kind = kind
    self.message = message
    self.note = note
  }

  public static func == (a: Failure, b: Failure) -> Bool {
    (a.kind, a.message) == (b.kind, b.message)
  }

  public func hash(into hasher: inout Hasher) {
    hasher.combine(kind)
    hasher.combine(message)
  }

  /// A way to fail.
  public struct Kind: RawRepresentable, Hashable, Codable, Sendable {
    /// The name in reports.
    public let rawValue: String

    /// A way to fail of one's own.
    public init(rawValue: String) {
      self.rawValue = rawValue
    }

    /// A finite output with too large an error.
    public static let inaccurate = Kind(rawValue: "inaccurate")
    /// Too large an error, and the opposite sign.
    public static let wrongSign = Kind(rawValue: "wrong-sign")
    /// An infinite or NaN output where the exact value is finite.
    public static let nonFinite = Kind(rawValue: "non-finite")
    /// Another result than the conventions have where the logits are infinite or NaN.
    public static let specialValue = Kind(rawValue: "special-value")
    /// Too few or too many outputs.
    public static let outputCount = Kind(rawValue: "output-count")
    /// The end of the process, or an error that it reported.
    public static let crash = Kind(rawValue: "crash")
    /// No answer in the time allowed.
    public static let hang = Kind(rawValue: "hang")
    /// An answer that is not one.
    public static let garbage = Kind(rawValue: "garbage")

    /// Whether the code has to be started again after it.
    var isCostly: Bool { [.crash, .hang, .garbage, .outputCount].contains(self) }
  }
}
