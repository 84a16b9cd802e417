internal import FloatFormats

/// How a claim was refuted.
public struct Failure: Error, Hashable, Sendable {
  /// What went wrong; a case is only shrunk to others that fail in the same way.
  public let kind: Kind
  private let event: Event
  /// What else is known, such as what a program said last; no part of what makes failures the same.
  public let note: String?
  /// Whether it is no sign of a fault for as long as it is not repeated, however often it is seen: a late
  /// answer, or the signal that a system short of memory sends.
  public let mayComeFromOutside: Bool

  /// A failure.
  public init(
    _ kind: Kind, _ message: String, note: String? = nil, mayComeFromOutside: Bool = false
  ) {
    self.kind = kind
    self.mayComeFromOutside = mayComeFromOutside || kind == .hang
    event = .other(message)
    self.note = note
  }

  /// A failure of an output, one of several where it has an index.
  init(
    _ kind: Kind, output: Int?, computed: FloatValue, exact: FloatValue, in format: FloatFormat
  ) {
    self.kind = kind
    event = .output(output, computed: computed, exact: exact, format)
    note = nil
    mayComeFromOutside = false
  }

  /// What happened. Many rows of a batch may fail, and a number takes long to write out: this is done
  /// for those that are shown.
  private enum Event: Hashable {
    case other(String)
    case output(Int?, computed: FloatValue, exact: FloatValue, FloatFormat)
  }

  /// What happened, in a line.
  public var message: String {
    switch event {
    case .other(let text): text
    case .output(let index, let computed, let exact, let format):
      (index.map { "output \($0) is" } ?? "gives")
        + " \(format.shortestDecimal(computed)), exact \(format.shortestDecimal(exact))"
    }
  }

  public static func == (a: Failure, b: Failure) -> Bool {
    (a.kind, a.event) == (b.kind, b.event)
  }

  public func hash(into hasher: inout Hasher) {
    hasher.combine(kind)
    hasher.combine(event)
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
    /// 0 for a value below the least normal number, where subnormal numbers are to be kept.
    public static let flushed = Kind(rawValue: "flushed-to-zero")
    /// What no rounding makes, whatever error is allowed: a loss below 0, a softmax that does not sum to 1.
    public static let impossible = Kind(rawValue: "impossible")
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

    /// Those of outputs that were compared with exact values, and are too far off.
    public static let errors: Set<Kind> = [.inaccurate, .wrongSign, .nonFinite, .flushed]

    /// Those that the machine may have brought about, where it was short of memory or of time.
    static let perhapsTheMachines: [Kind] = [.crash, .hang]

    /// Whether the code has to be started again after it.
    package var isCostly: Bool { [.crash, .hang, .garbage, .outputCount].contains(self) }
  }
}
