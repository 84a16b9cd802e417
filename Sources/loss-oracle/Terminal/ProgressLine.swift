internal import Dispatch
internal import Foundation
internal import Synchronization

/// Says on stderr how far a long run is and how long it still takes: on a terminal in a line that is
/// drawn anew, elsewhere in a line every ten seconds.
final class ProgressLine: Sendable {
  private let label: String
  private let unit: String?
  private let isDrawn = Terminal.isError
  private let start = ContinuousClock.now
  private let state: Mutex<State>

  private struct State {
    var done = 0
    var total = 0
    /// What was done by an earlier run, and took none of the time.
    var before = 0
    /// When the line was last drawn.
    var drawn: ContinuousClock.Instant?
    var isFinished = false
  }

  private static let drawingInterval = Duration.milliseconds(100)

  /// A line of a run; with the rate where a unit is given.
  init(_ label: String, unit: String? = nil) {
    self.label = label
    self.unit = unit
    state = Mutex(State())
    if !isDrawn { scheduleLine() }
  }

  deinit { finish() }

  /// Takes note of what is done.
  func update(_ done: Int, _ total: Int) { update(done, total, before: 0) }

  /// Takes note of what is done, of it `before` by an earlier run.
  func update(_ done: Int, _ total: Int, before: Int) {
    let text = state.withLock { state -> String? in
      (state.done, state.total, state.before) = (done, total, before)
      guard isDrawn, state.drawn.map({ .now - $0 > Self.drawingInterval }) ?? true else {
        return nil
      }
      guard let line = line(state) else { return nil }
      state.drawn = .now
      return line
    }
    if let text { write("\r\u{1B}[K" + text) }
  }

  /// Takes the line away, and writes none any more.
  func finish() {
    let wasDrawn = state.withLock { state in
      state.isFinished = true
      defer { state.drawn = nil }
      return state.drawn != nil
    }
    if wasDrawn { write("\r\u{1B}[K") }
  }

  /// Not a task: those that compute may leave it no thread for minutes.
  private func scheduleLine() {
    DispatchQueue.global().asyncAfter(deadline: .now() + 10) { [weak self] in
      guard let self else { return }
      let text = state.withLock { state in state.isFinished ? nil : line(state) ?? beginning }
      guard let text else { return }
      write(text + "\n")
      scheduleLine()
    }
  }

  private var beginning: String { "\(label), \(duration(elapsed)) so far" }

  private var elapsed: Double { (ContinuousClock.now - start) / .seconds(1) }

  /// The line; nil where nothing has been done yet.
  private func line(_ state: State) -> String? {
    let (done, total) = (state.done, state.total)
    guard total > 0, done > state.before else { return nil }
    let rate = Double(done - state.before) / elapsed
    let left = Double(total - done) / rate
    let percent = Int(100 * Double(done) / Double(total))
    let speed = unit.map { ", \(Int(rate / 1e6)) million \($0) a second" } ?? ""
    return "\(label) \(percent)% (\(done) of \(total))\(speed), \(duration(left)) left"
  }

  private func write(_ text: String) {
    try? StandardStream.error.write(text)
  }

  private func duration(_ seconds: Double) -> String {
    let whole = Int(clamping: Int64(min(seconds.rounded(.up), 1e15)))
    if whole >= 3600 { return "\(whole / 3600) h \(whole / 60 % 60) min" }
    return whole >= 60 ? "\(whole / 60) min \(whole % 60) s" : "\(whole) s"
  }
}
