internal import Cases
internal import FloatFormats
internal import LossFunctions
internal import Reference

/// What stands in for the code under test: a right implementation, or one form of a mistake.
struct Candidate: Hashable, Sendable {
  /// Its name: that of the implementation, or of the mistake.
  let name: String
  /// The place of the form among those of the mistake; nil for a right implementation.
  var form: Int?
  /// The form's parameters, which may be of the run.
  var detail: String?

  static func == (one: Candidate, other: Candidate) -> Bool {
    one.name == other.name && one.form == other.form
  }

  func hash(into hasher: inout Hasher) {
    hasher.combine(name)
    hasher.combine(form)
  }
}

/// One run of a test: the tensors that it is given, with every candidate in the place of the code under
/// test.
struct AuditRun {
  private let audit: Audit
  private let batches: [LossRows]
  private let exact: [CertifiedRows]
  /// The sum or mean of each batch, or the gradients of that; none where the rows stand for themselves.
  private let reduced: [ReducedExact]

  init(_ audit: Audit, _ batches: [PlacedRows]) throws {
    self.audit = audit
    self.batches = batches.map(\.rows)
    var exact: [CertifiedRows] = []
    for batch in batches {
      exact.append(
        try Reference().evaluate(
          audit.function, batch.rows, options: audit.options, in: audit.outputFormat))
    }
    self.exact = exact
    guard audit.reduction != .none else {
      reduced = []
      return
    }
    reduced = try self.batches.map { batch in
      guard let exact = ReducedExact(batch, audit.contract) else {
        throw AuditError.undecided
      }
      return exact
    }
  }

  /// Adds the outputs for the rows of a batch, in doubles: each rounded once, or what they come to.
  private func add(_ values: [Double], ofBatch place: Int, to deviation: inout Deviation) {
    guard !reduced.isEmpty else {
      let outputs = audit.outputFormat.column(nearest: values)
      return deviation.add(outputs, batches[place], exact[place], audit)
    }
    let exact = reduced[place]
    let divisor = audit.reduction == .mean ? batches[place].divisor(audit.options) : 1
    let results =
      audit.function.isGradient ? values.map { $0 / divisor } : [values.reduce(0, +) / divisor]
    deviation.add(audit.outputFormat.column(nearest: results), exact, audit)
  }

  /// How far each candidate is from what the test expects.
  var deviations: [(candidate: Candidate, deviation: Deviation)] { ofRightForms + ofMistakes }

  private var ofRightForms: [(Candidate, Deviation)] {
    let forms = RightForms(audit)
    return forms.names.enumerated().compactMap { index, name in
      var deviation = Deviation()
      for (place, rows) in batches.enumerated() {
        guard let outputs = forms.outputs(index, rows) else { return nil }
        add(outputs.doubles, ofBatch: place, to: &deviation)
      }
      return (Candidate(name: name), deviation)
    }
  }

  private var ofMistakes: [(Candidate, Deviation)] {
    let evidence = evidence
    return audit.mistakes.flatMap { mistake in
      mistake.hypotheses(evidence).enumerated().compactMap { form, hypothesis in
        deviation(of: hypothesis, evidence).map { deviation in
          (Candidate(name: mistake.name, form: form, detail: hypothesis.detail), deviation)
        }
      }
    }
  }

  /// - Returns: nil where the mistake says nothing of any row.
  private func deviation(of hypothesis: Hypothesis, _ evidence: Evidence) -> Deviation? {
    var (deviation, isJudged) = (Deviation(), false)
    for (position, batch) in evidence.batches.enumerated() {
      let exact = exact[position]
      // Rows of which nothing is said are right.
      var values = exact.values.doubles
      for (row, outputs) in hypothesis.outputs(batch).enumerated() {
        guard let outputs, outputs.count == exact.outputsPerRow else { continue }
        isJudged = true
        values.replaceSubrange(exact.places(ofRow: row), with: outputs)
      }
      add(values, ofBatch: position, to: &deviation)
    }
    return isJudged ? deviation : nil
  }

  /// The rows as if the code had been right: what the models of mistakes start from.
  private var evidence: Evidence {
    let observed = zip(batches, exact).map { rows, exact in
      ObservedBatch(
        (0..<rows.count).map { row in
          let values = exact.values[exact.places(ofRow: row)]
          return Observation(input: rows[row], computed: values, exact: values)
        })
    }
    var evidence = Evidence(
      of: audit.function, in: audit.format, outputFormat: audit.outputFormat,
      options: audit.options, batches: observed)
    evidence.assumedEpsilons = Self.usualEpsilons
    return evidence
  }

  /// The ε that clip probabilities or are added to them: Keras', scikit-learn's of old and those of
  /// hand-written losses.
  private static let usualEpsilons = [1e-7, 1e-8, 1e-10, 1e-12, 1e-15]
}

extension Mistakes {
  /// What code gives that does not look at its inputs.
  package static let blind: [Mistake] = [
    Mistake("all-zeros", "every output is 0") { row, evidence in
      [Double](
        repeating: 0, count: evidence.function.outputCount(classCount: row.logits.count))
    },
    Mistake("logits-unread", "the outputs are those of equal logits") { row, evidence in
      evidence.model.outputs(row.with([Double](repeating: 0, count: row.logits.count)))
    },
  ]
}
