internal import FloatFormats
internal import LossFunctions

/// The encoding of a number of the case's format.
///
/// Encodings are what families draw: to step to a neighbour is to add 1, to change the sign to flip a
/// bit, and to choose from all binades alike to choose bits.
typealias Encoding = UInt128

/// A case that is being drawn: the choices it is made of, what it must be like, and what of it there
/// is so far. One draft after another uses the same memory, so it is never copied.
struct CaseDraft: ~Copyable {
  /// What decides what is drawn.
  var choices: ChoiceSource
  /// What the case must be like.
  let shape: CaseShape
  /// The format of its numbers.
  let format: FloatFormat
  /// Whether the function takes one logit.
  let isBinary: Bool
  /// The number of logits that is chosen.
  var logitCount: Int
  /// The logits drawn so far.
  var logits: [Encoding] = []
  /// Whether the family draws probabilities in place of logits.
  var holdsProbabilities = false
  /// How the target is given.
  private(set) var targetKind = TargetKind.none
  /// The class that is the target, where one is.
  private(set) var label = 0
  /// The probability of each class, or its logit, where these are the target.
  private(set) var probabilities: [Encoding] = []
  /// What a gradient is multiplied by, where the function takes it.
  var gradOutput: [Encoding] = []

  /// Whether the last logits may be left to be drawn with those of other cases.
  var mayAwaitLogits = false
  /// The logits that are still to be drawn.
  var awaitedLogits: LastLogits?

  /// How its numbers become doubles.
  let width: Width
  /// The bit of the sign.
  let signBit: Encoding
  /// The greatest number.
  let greatest: Encoding
  private var knownEdges: (logitCount: Int, edges: [Encoding])?

  /// How numbers of the format become doubles, and doubles numbers.
  enum Width { case float32, float64, withinFloat64, beyondFloat64 }

  /// An empty draft.
  init(_ shape: CaseShape, _ choices: ChoiceSource) {
    self.choices = choices
    self.shape = shape
    format = shape.format
    isBinary = shape.function.isBinary
    logitCount = shape.logitCount
    width =
      format == .float32
      ? .float32
      : format == .float64 ? .float64 : format.isWithinFloat64 ? .withinFloat64 : .beyondFloat64
    signBit = 1 << Encoding(format.bitCount - 1)
    greatest = format.greatestPattern
  }

  /// Begins another case, of random choices.
  mutating func begin(_ random: RandomSource) {
    choices.turn(to: random)
    logitCount = shape.logitCount
    logits.removeAll(keepingCapacity: true)
    gradOutput.removeAll(keepingCapacity: true)
    targetKind = .none
    holdsProbabilities = false
    awaitedLogits = nil
  }

  /// Chooses the number of classes, where the shape leaves a choice.
  mutating func chooseLogitCount() {
    guard !isBinary, shape.classCounts.count > 1 else { return }
    logitCount = choices.integer(in: shape.classCounts)
  }
}

// MARK: - Logits and targets

extension CaseDraft {
  /// A class, the first for the choice 0.
  mutating func anyClass() -> Int { choices.integer(in: 0...logitCount - 1) }

  /// A class; for the binary functions one of the two, 0 or 1.
  mutating func classOrSide() -> Int { isBinary ? choices.integer(in: 0...1) : anyClass() }

  /// Draws the logits one by one.
  @inline(__always) mutating func drawLogits(_ logit: (inout CaseDraft) -> Encoding) {
    for _ in 0..<logitCount { logits.append(logit(&self)) }
  }

  /// Makes a class the target, where the function has one; for the binary functions, whether it is 1.
  mutating func target(label: Int) {
    guard shape.function.hasTarget else { return }
    guard isBinary else {
      // Where the target is logits these are drawn at last, and may lead there.
      if !shape.function.comparesLogits { targetKind = .index }
      self.label = label
      return
    }
    target(probabilities: CollectionOfOne(label == 0 ? 0 : one))
  }

  /// Makes probabilities the target, where the function has one.
  mutating func target(probabilities: some Sequence<Encoding>) {
    guard shape.function.hasLabels else { return }
    guard shape.function.isOfLosses else { return target(label: 0) }
    targetKind = .probabilities
    self.probabilities.removeAll(keepingCapacity: true)
    self.probabilities.append(contentsOf: probabilities)
  }

  /// Makes logits the target, where they can be.
  mutating func target(logits: [Encoding]) {
    guard shape.function.targetKinds.contains(.logits) else { return }
    targetKind = .logits
    probabilities = logits
  }

  /// Draws a target such as training sets have: a class, each as likely; for the binary functions a
  /// hard label seven times in eight, else a soft one.
  mutating func drawTarget() {
    guard shape.function.hasTarget, isBinary else {
      target(label: anyClass())
      return
    }
    // The labels in turn, and at last soft ones.
    let kind = choices.choice(below: 16)
    if kind < 14 {
      target(label: Int(kind % 2))
    } else {
      target(probabilities: CollectionOfOne(number(choices.fraction())))
    }
  }

  /// The edges of the family, made by `make` for each number of classes once.
  mutating func edges(_ make: (borrowing CaseDraft) -> [Encoding]) -> [Encoding] {
    if let knownEdges, knownEdges.logitCount == logitCount { return knownEdges.edges }
    let edges = make(self)
    knownEdges = (logitCount, edges)
    return edges
  }
}

// MARK: - Cases

extension CaseDraft {
  /// The case.
  var input: LossInput {
    let target: Target =
      switch targetKind {
      case .none: .none
      case .index: .index(label)
      case .probabilities: .probabilities(probabilities.map { format.decode($0) })
      case .logits: .logits(probabilities.map { format.decode($0) })
      }
    return LossInput(
      logits: logits.map { format.decode($0) }, target: target,
      gradOutput: gradOutput.map { format.decode($0) })
  }

  /// Takes a case that is made already, with `grad_output` of ones where the function takes it and the case has none.
  mutating func take(_ input: LossInput) {
    for logit in input.logits { logits.append(encoding(logit)) }
    gradOutput = input.gradOutput.map { encoding($0) }
    if gradOutput.isEmpty { gradOutput(each: { $0.one }) }
    switch input.target {
    case .none: break
    case .index(let label):
      targetKind = .index
      self.label = label
    case .probabilities(let values):
      targetKind = .probabilities
      probabilities = values.map { encoding($0) }
    case .logits(let values): target(logits: values.map { encoding($0) })
    }
  }
}
