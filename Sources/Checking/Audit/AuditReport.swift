internal import Cases
internal import FloatFormats
internal import Interchange
internal import LossFunctions
internal import Verification

/// What an audit found: what `--report json` prints.
public struct AuditReport: Encodable, Hashable, Sendable {
  /// The version of this structure.
  public var schema = 1
  public let function: String
  public let format: String
  public let outputFormat: String
  /// The options, as JSON.
  public let options: String
  /// How the losses of a run become one: `none`, `mean` or `sum`.
  public let reduction: String
  /// What the test expects, and how near outputs must be to it.
  public let expected: String
  public let closeness: Closeness
  /// Where the inputs come from, in words.
  public let inputs: String
  /// The numbers of rows and classes of a run, and of runs.
  public let rows: Int
  public let classes: Int
  public let runs: Int
  public let seed: UInt64
  /// The right implementations.
  public let rightForms: [RightForm]
  /// What right implementations need to pass in every run: a tolerance of so much, alone.
  public let needed: Errors
  /// The mistakes that apply to the function, those that pass most often first.
  public let mistakes: [KnownMistake]
  /// How well each way to allow errors tells the right forms from the mistakes.
  public let separations: [Separation]
  /// How well the claim `common` does, by which `check` judges.
  public let claim: Claim

  /// Errors by the ways to allow them; nil where none is enough.
  public struct Errors: Encodable, Hashable, Sendable {
    public let rtol: Double?
    public let atol: Double?
    public let ulps: Double?
  }

  /// A right implementation.
  public struct RightForm: Encodable, Hashable, Sendable {
    public let name: String
    /// The runs in which it fails the test.
    public let failedRuns: Int
    /// The runs in which it does not keep the claim.
    public let refutedRuns: Int
    /// Its greatest errors over all runs.
    public let greatest: Errors
  }

  /// A mistake.
  public struct KnownMistake: Encodable, Hashable, Sendable {
    public let name: String
    public let summary: String
    /// Whether these inputs show it: whether it is ever further off than right implementations are.
    public let isShown: Bool
    /// The form that passes most often, of those that are shown.
    public let worst: Form
    /// Tolerances below which every form that is shown is caught in every run; nil where any catches it.
    public let caughtBelow: Errors
    /// All its forms.
    public let forms: [Form]

    /// One form.
    public struct Form: Encodable, Hashable, Sendable {
      /// Its parameters.
      public let detail: String?
      public let isShown: Bool
      /// The runs that it says something of, and those in which it passes.
      public let runs: Int
      public let passedRuns: Int
      /// The runs in which it keeps the claim.
      public let keptRuns: Int
      public let caughtBelow: Errors
    }

    /// The share of the runs in which it passes.
    public var passShare: Double { Double(worst.passedRuns) / Double(worst.runs) }
  }

  /// A way to allow errors, at the least that lets the right forms pass in every run.
  public struct Separation: Encodable, Hashable, Sendable {
    /// `rtol`, `atol` or `ulps`.
    public let way: String
    /// That least; nil where nothing finite is enough.
    public let least: Double?
    /// The mistakes that are shown and that it catches in every run, and those that it does not.
    public let caught: [String]
    public let missed: [String]
  }

  /// What a claim of a check tells apart.
  public struct Claim: Encodable, Hashable, Sendable {
    public let name: String
    /// The right forms that it refuses in some run.
    public let refused: [String]
    /// The mistakes that are shown and that it refuses in every run, and those that it does not.
    public let caught: [String]
    public let missed: [String]
  }
}

extension AuditReport {
  /// The mistakes that the inputs show, and those that they do not.
  public var shown: [KnownMistake] { mistakes.filter(\.isShown) }
  public var hidden: [KnownMistake] { mistakes.filter { !$0.isShown } }
  /// The mistakes that pass in some run.
  public var passing: [KnownMistake] { shown.filter { $0.passShare > 0 } }
  /// The way that catches most.
  public var best: Separation? {
    // The first of equals.
    separations.filter { $0.least != nil }.max { $0.caught.count < $1.caught.count }
  }
}

// MARK: - From tallies

/// What came of every candidate, in the order in which they are listed.
struct AuditTallies {
  private(set) var all: [(candidate: Candidate, tally: DeviationTally)] = []
  private var places: [Candidate: Int] = [:]

  mutating func add(_ run: [(candidate: Candidate, deviation: Deviation)]) {
    for (candidate, deviation) in run {
      let place = places[candidate, default: all.count]
      if place == all.count {
        places[candidate] = place
        all.append((candidate, DeviationTally()))
      }
      all[place].tally.add(deviation)
    }
  }
}

extension AuditReport {
  init(_ audit: Audit, _ tallies: AuditTallies) {
    let right = tallies.all.filter { $0.candidate.form == nil }
    var needed = Measures()
    for (_, tally) in right { needed.raise(to: tally.greatest) }
    let mistakes = audit.mistakes.compactMap { mistake in
      MistakeTallies(
        mistake,
        tallies.all.filter { $0.candidate.form != nil && $0.candidate.name == mistake.name },
        needed)
    }
    self.init(
      function: audit.function.rawValue, format: audit.format.name,
      outputFormat: audit.outputFormat.name, options: audit.options.text,
      reduction: audit.reduction.rawValue,
      expected: "the exact values, correctly rounded to \(audit.outputFormat)",
      closeness: audit.closeness, inputs: audit.inputText, rows: audit.rowCount,
      classes: audit.classCount, runs: audit.runCount, seed: audit.seed,
      rightForms: right.map { candidate, tally in
        RightForm(
          name: candidate.name, failedRuns: tally.runCount - tally.passCount,
          refutedRuns: tally.runCount - tally.keptCount,
          greatest: Errors(tally.greatest))
      },
      needed: Errors(needed), mistakes: mistakes.map(\.report).inOrder,
      separations: Measures.all.map { Separation($0.name, $0.path, needed, mistakes) },
      claim: Claim(
        refused: right.filter { $0.tally.keptCount < $0.tally.runCount }.map(\.candidate.name),
        mistakes.filter(\.isShown)))
  }
}

/// A mistake with what came of its forms.
private struct MistakeTallies {
  let mistake: Mistake
  /// The forms, without those that came to the same as one before, and whether each is shown.
  let forms: [(detail: String?, isShown: Bool, tally: DeviationTally)]

  /// - Returns: nil for a mistake that says nothing of the function.
  init?(
    _ mistake: Mistake, _ tallies: [(candidate: Candidate, tally: DeviationTally)],
    _ needed: Measures
  ) {
    guard !tallies.isEmpty else { return nil }
    self.mistake = mistake
    var seen: Set<DeviationTally> = []
    forms = tallies.filter { seen.insert($0.tally).inserted }.map { candidate, tally in
      (candidate.detail, tally.greatest.isBeyond(needed), tally)
    }
  }

  /// The forms that count: those that are shown, where any is.
  private var counted: [(detail: String?, isShown: Bool, tally: DeviationTally)] {
    isShown ? forms.filter(\.isShown) : forms
  }

  var isShown: Bool { forms.contains(where: \.isShown) }

  /// Whether every form that counts breaks the claim in every run.
  var isRefuted: Bool { counted.allSatisfy { $0.tally.keptCount == 0 } }

  /// What catches every form that counts in every run.
  var least: Measures {
    counted.reduce(into: .unlimited) { $0.lower(to: $1.tally.least) }
  }

  var report: AuditReport.KnownMistake {
    func form(
      _ form: (detail: String?, isShown: Bool, tally: DeviationTally)
    ) -> AuditReport.KnownMistake.Form {
      AuditReport.KnownMistake.Form(
        detail: form.detail, isShown: form.isShown, runs: form.tally.runCount,
        passedRuns: form.tally.passCount, keptRuns: form.tally.keptCount,
        caughtBelow: .init(form.tally.least))
    }
    // Of those that pass as often, the one that is nearest to right.
    let worst =
      counted.max {
        ($0.tally.passShare, $1.tally.least.ulps) < ($1.tally.passShare, $0.tally.least.ulps)
      } ?? forms[0]
    return AuditReport.KnownMistake(
      name: mistake.name, summary: mistake.summary, isShown: isShown, worst: form(worst),
      caughtBelow: .init(least), forms: forms.map(form))
  }
}

extension [AuditReport.KnownMistake] {
  /// Those that are shown first, and of them those that pass most often; the catalogue's order among
  /// equals.
  fileprivate var inOrder: Self {
    func rank(_ mistake: AuditReport.KnownMistake) -> Double {
      mistake.isShown ? mistake.passShare : -1
    }
    return enumerated().sorted {
      (rank($1.element), $0.offset) < (rank($0.element), $1.offset)
    }.map(\.element)
  }
}

extension AuditReport.Separation {
  fileprivate init(
    _ way: String, _ path: KeyPath<Measures, Double>, _ needed: Measures,
    _ mistakes: [MistakeTallies]
  ) {
    let needed = needed[keyPath: path]
    let shown = mistakes.filter(\.isShown)
    self.init(
      way: way, least: needed.finite,
      caught: shown.filter { $0.least[keyPath: path] > needed }.map(\.mistake.name),
      missed: shown.filter { $0.least[keyPath: path] <= needed }.map(\.mistake.name))
  }
}

extension AuditReport.Claim {
  fileprivate init(refused: [String], _ shown: [MistakeTallies]) {
    self.init(
      name: "common", refused: refused,
      caught: shown.filter(\.isRefuted).map(\.mistake.name),
      missed: shown.filter { !$0.isRefuted }.map(\.mistake.name))
  }
}

extension AuditReport.Errors {
  fileprivate init(_ measures: Measures) {
    self.init(
      rtol: measures.rtol.finite, atol: measures.atol.finite, ulps: measures.ulps.finite)
  }
}
