internal import Foundation

/// A line on stderr that says how far a long run is and how long it still takes.
struct ProgressLine: Sendable {
  private let label: String
  private let isShown: Bool
  private let start = ContinuousClock.now

  private let unit: String?

  /// A line that is shown on a terminal and nowhere else; with the rate where a unit is given.
  init(_ label: String, unit: String? = nil) {
    self.label = label
    self.unit = unit
    isShown = Terminal.isError
  }

  /// Draws the line anew.
  func update(_ done: Int, _ total: Int) { update(done, total, before: 0) }

  /// Draws the line anew. What was done `before`, by an earlier run, took none of the time.
  func update(_ done: Int, _ total: Int, before: Int) {
    guard isShown, total > 0, done > before else { return }
    let elapsed = (ContinuousClock.now - start) / .seconds(1)
    let rate = Double(done - before) / elapsed
    let left = Double(total - done) / rate
    let percent = 100 * done / total
    let speed = unit.map { ", \(Int(rate / 1e6)) million \($0) a second" } ?? ""
    write("\r\u{1B}[K\(label) \(percent)% (\(done) of \(total))\(speed), \(duration(left)) left")
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
