internal import Cases
internal import LossFunctions
internal import SmallFoundation

/// A search for the case that is worst: hill-climbing by small changes, with annealing, from the
/// worst cases known.
///
/// S. Kirkpatrick et al., "Optimization by simulated annealing", Science 220 (1983), on the
/// logarithm of the error: late in the search a change that makes it less is seldom taken.
struct Ascent {
  private let mutation: Mutation
  private var choices: ChoiceSource
  /// The walkers, each with the badness where it stands.
  private(set) var walkers: [(input: LossInput, badness: Double)] = []
  /// What a further place to start from must exceed.
  private var least = 0.0

  private static let walkerCount = 16

  init(_ mutation: Mutation, seed: UInt64, path: [String]) {
    self.mutation = mutation
    choices = ChoiceSource(RandomSource(seed: seed, path: path))
  }

  /// Whether there is a place to start from.
  var isEmpty: Bool { walkers.isEmpty }

  /// Offers places to start from; the worst are kept, each badness once, so that walkers differ.
  mutating func offer(_ rows: LossRows, _ badness: [Double]) {
    guard rows.classCount <= mutation.greatestClassCount else { return }
    for (row, badness) in badness.enumerated()
    where badness > least && badness.isFinite && !walkers.contains(where: { $0.badness == badness })
    {
      let input = rows[row]
      guard input.isFinite else { continue }
      if walkers.count < Self.walkerCount {
        walkers.append((input, badness))
      } else if let index = walkers.indices.min(by: { walkers[$0].badness < walkers[$1].badness }) {
        walkers[index] = (input, badness)
      }
      guard walkers.count == Self.walkerCount else { continue }
      least = walkers.map(\.badness).min() ?? 0
    }
  }

  /// The next changes to try, and the walkers that they are of.
  mutating func proposals(count: Int) -> [(walker: Int, input: LossInput)] {
    guard !walkers.isEmpty else { return [] }
    return (0..<count).map { position in
      let walker = position % walkers.count
      return (walker, mutation.changed(walkers[walker].input, &choices))
    }
  }

  /// Moves a walker to a proposal, or leaves it where it is.
  ///
  /// - Parameter temperature: From 1, where an error half as large is taken once in e times, to 0.
  mutating func consider(
    _ proposal: (walker: Int, input: LossInput), badness: Double, temperature: Double
  ) {
    let current = walkers[proposal.walker].badness
    guard badness.isFinite, badness > 0 else { return }
    let loss = log2(current) - log2(badness)
    if loss <= 0 || choices.unitInterval() < exp(-loss / max(temperature, 1e-3)) {
      walkers[proposal.walker] = (proposal.input, badness)
    }
  }
}
