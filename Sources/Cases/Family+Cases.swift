internal import FloatFormats
public import LossFunctions

// The cases of a family: a range of them as columns, or one, with the choices it was made from.

extension Family {
  /// The cases with a range of indices, as columns: those of one number of classes and kind of target
  /// together, in order.
  ///
  /// - Returns: Rows whose places are their indices.
  package func rows(_ shape: CaseShape, seed: UInt64, indices: Range<Int>) -> [PlacedRows] {
    let streams = streams(shape, seed: seed)
    var batches = RowBatches(shape.format, expecting: indices.count)
    var draft = CaseDraft(shape, ChoiceSource(streams[0]))
    var together = LogitsTogether(shape)
    var spare = CaseDraft(shape, ChoiceSource(streams[0]))
    for index in indices {
      draft.mayAwaitLogits = together.isPossible
      draft.begin(streams[index])
      draw(&draft, index)
      if !together.hasRoom(for: draft) { finish(&together, &spare, streams, &batches) }
      guard !together.take(draft, index) else { continue }
      draft.finish()
      batches.append(
        logits: draft.logits, draft.targetKind, label: draft.label,
        probabilities: draft.probabilities, gradOutput: draft.gradOutput, place: index)
    }
    finish(&together, &spare, streams, &batches)
    return batches.all
  }

  /// Draws the logits that cases await, and appends the cases.
  private func finish(
    _ together: inout LogitsTogether, _ draft: inout CaseDraft, _ streams: RandomStreams,
    _ batches: inout RowBatches
  ) {
    for position in together.draw(draft) {
      let index = together.places[position]
      draft.begin(streams[index])
      draw(&draft, index)
      together.put(draft, at: position)
    }
    together.move(to: &batches)
  }

  /// The case with an index: the same for the same seed, whatever else is drawn.
  public func input(_ shape: CaseShape, seed: UInt64, index: Int) -> LossInput {
    made(shape, ChoiceSource(streams(shape, seed: seed)[index]), index).input
  }

  /// The case with an index, and the choices that it was made from.
  public func recordedInput(
    _ shape: CaseShape, seed: UInt64, index: Int
  ) -> (input: LossInput, choices: [Choice]) {
    made(shape, ChoiceSource(streams(shape, seed: seed)[index], isRecording: true), index)
  }

  /// The case that a sequence of choices makes, and those of the choices that it used.
  public func input(
    _ shape: CaseShape, replaying choices: [UInt64], index: Int
  ) -> (input: LossInput, choices: [Choice]) {
    made(shape, ChoiceSource(replaying: choices), index)
  }

  private func made(
    _ shape: CaseShape, _ choices: ChoiceSource, _ index: Int
  ) -> (input: LossInput, choices: [Choice]) {
    var draft = CaseDraft(shape, choices)
    draw(&draft, index)
    draft.finish()
    return (draft.input, draft.choices.record)
  }

  /// The random streams of the cases.
  private func streams(_ shape: CaseShape, seed: UInt64) -> RandomStreams {
    // Rows of probabilities are made of the same logits.
    RandomStreams(seed: seed, path: [shape.function.rawValue, shape.format.name, name])
  }
}
