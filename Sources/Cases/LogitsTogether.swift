internal import DrawingKernels
internal import FloatFormats
internal import LossFunctions

/// How logits are drawn that are the last of a case: all alike, each of three choices, a whole part, a fraction and a
/// sign.
enum LogitLaw: Hashable, Sendable {
  /// `ChoiceSource.steppedNormal`.
  case steppedNormal
  /// Evenly between a whole number and its negative.
  case even(below: Int)
}

/// A class that leads the greatest of the others.
struct Lead {
  let leader: Int
  /// By how much.
  let gap: Double
}

/// Logits that are the last that is drawn of a case.
struct LastLogits {
  let law: LogitLaw
  let lead: Lead?
}

extension CaseDraft {
  /// Draws the logits, and nothing after them.
  mutating func drawLastLogits(_ law: LogitLaw, lead: Lead? = nil) {
    guard !mayAwaitLogits else {
      awaitedLogits = LastLogits(law: law, lead: lead)
      return
    }
    var greatest = -Double.infinity
    for _ in 0..<logitCount {
      let logit = choices.number(law)
      greatest = max(greatest, logit)
      logits.append(number(logit))
    }
    if let lead { logits[lead.leader] = number(lead.gap + greatest) }
  }
}

extension ChoiceSource {
  @inline(__always) fileprivate mutating func number(_ law: LogitLaw) -> Double {
    switch law {
    case .steppedNormal: return steppedNormal()
    case .even(let limit):
      let magnitude = magnitude(below: limit)
      return isNegative() ? -magnitude : magnitude
    }
  }
}

/// Cases whose last logits are drawn several at a time, the streams beside each other.
///
/// One stream after the other waits for each of its choices; and what a number is made of is the same steps for all.
/// The numbers are those that `ChoiceSource` draws one by one.
struct LogitsTogether {
  /// Whether cases of the shape may await their logits: nothing may be drawn after these.
  let isPossible: Bool
  /// The indices of the cases.
  private(set) var places: [Int] = []

  private static let count = Int(lo_streamCount)
  private let classCount: Int
  private var law = LogitLaw.steppedNormal
  private var targetKind = TargetKind.none
  private var states = [UInt64](repeating: 0, count: 4 * count)
  private var labels: [Int32] = []
  private var leads: [Lead?] = []
  private var greatest = [Double](repeating: 0, count: count)
  private var numbers: NumberColumn

  init(_ shape: CaseShape) {
    classCount = shape.logitCount
    isPossible =
      (shape.format == .float32 || shape.format == .float64) && shape.input == .logits
      && !shape.function.isBinary && !shape.function.comparesLogits
      && shape.classCounts.count == 1 && classCount <= 4096
      && shape.gradOutputCount(classCount: classCount) == 0
    let size = isPossible ? Self.count * classCount : 0
    numbers = NumberColumn(shape.format, repeating: .zero, count: size)
  }

  /// Whether a case may stand behind those that are here: one that awaits logits like theirs.
  func hasRoom(for draft: borrowing CaseDraft) -> Bool {
    guard !places.isEmpty else { return true }
    return places.count < Self.count && draft.awaitedLogits?.law == law
      && draft.targetKind == targetKind
  }

  /// Takes a case for which there is room, where it awaits its logits.
  mutating func take(_ draft: borrowing CaseDraft, _ index: Int) -> Bool {
    guard let awaited = draft.awaitedLogits else { return false }
    (law, targetKind) = (awaited.law, draft.targetKind)
    let state = draft.choices.random.state
    let position = places.count
    states[position] = state.0
    states[Self.count + position] = state.1
    states[2 * Self.count + position] = state.2
    states[3 * Self.count + position] = state.3
    places.append(index)
    labels.append(Int32(clamping: draft.label))
    leads.append(awaited.lead)
    return true
  }

  /// Draws the logits.
  ///
  /// - Returns: The positions of cases of which a choice may have to be made again: they are to be drawn by themselves,
  ///   and `put`.
  mutating func draw(_ draft: borrowing CaseDraft) -> [Int] {
    guard !places.isEmpty else { return [] }
    let isFloat32 = numbers.format == .float32
    let open = numbers.withDoubles { numbers in
      let open = law.withNumber(isFloat32: isFloat32) {
        lo_draw_numbers($0, states, classCount, numbers.baseAddress, &greatest)
      }
      for (position, lead) in leads.enumerated() {
        guard let lead else { continue }
        let logit = draft.double(draft.number(lead.gap + greatest[position]))
        numbers[position * classCount + lead.leader] = logit
      }
      return open
    }
    return open == 0 ? [] : places.indices.filter { open >> UInt32($0) & 1 == 1 }
  }

  /// Takes the logits of a case that was drawn by itself.
  mutating func put(_ draft: borrowing CaseDraft, at position: Int) {
    for index in 0..<classCount {
      let logit = draft.double(draft.logits[index])
      numbers.withDoubles { $0[position * classCount + index] = logit }
    }
  }

  /// Appends the cases, and leaves none.
  mutating func move(to batches: inout RowBatches) {
    guard !places.isEmpty else { return }
    batches.append(
      logits: numbers, classCount: classCount, targetKind, labels: labels, places: places)
    places.removeAll(keepingCapacity: true)
    labels.removeAll(keepingCapacity: true)
    leads.removeAll(keepingCapacity: true)
  }
}

extension LogitLaw {
  /// Calls `body` with what the kernel is to know.
  fileprivate func withNumber(
    isFloat32: Bool, _ body: (lo_drawn_number) -> UInt32
  ) -> UInt32 {
    switch self {
    case .steppedNormal:
      let steps = NormalSteps.shared
      return steps.cumulative.withUnsafeBufferPointer { cumulative in
        steps.guide.withUnsafeBufferPointer { guide in
          body(
            lo_drawn_number(
              bound: steps.total, cumulative: cumulative.baseAddress, guide: guide.baseAddress,
              scale: 1.0 / 32, isFloat32: isFloat32))
        }
      }
    case .even(let limit):
      return body(
        lo_drawn_number(
          bound: UInt64(max(limit, 1)), cumulative: nil, guide: nil, scale: 1, isFloat32: isFloat32)
      )
    }
  }
}
