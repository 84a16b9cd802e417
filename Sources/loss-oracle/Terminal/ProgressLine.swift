internal import Foundation

/// A line on stderr that says how far a long run is and how long it still takes.
struct ProgressLine: Sendable {
  private let label: String
  private let isShown: Bool
  private let start = ContinuousClock.now

  /// A line that is shown on a terminal and nowhere else.
  init(_ label: String) {
    self.label = label
    isShown = Terminal.isError
  }

  /// Draws the line anew.
  func update(_ done: Int, _ total: Int) {
    guard isShown, total > 0, done > 0 else { return }
    let elapsed = (ContinuousClock.now - start) / .seconds(1)
    let left = elapsed * Double(total - done) / Double(done)
    let percent = 100 * done / total
    write("\r\u{1B}[K\(label) \(percent)% (\(done) of \(total)), \(duration(left)) left")
  }

  /// Takes the line away.
  func finish() {
    if isShown { write("\r\u{1B}[K") }
  }

  private func write(_ text: String) {
    try? StandardStream.error.write(text)
  }

  private func duration(_ seconds: Double) -> String {
    let whole = Int(seconds.rounded(.up))
    if whole >= 3600 { return "\(whole / 3600) h \(whole / 60 % 60) min" }
    return whole >= 60 ? "\(whole / 60) min \(whole % 60) s" : "\(whole) s"
  }
}
