internal import Foundation

/// What is known of the terminal, if there is one.
struct Terminal {
  /// Whether stdout is a terminal.
  static var isOutput: Bool { isatty(STDOUT_FILENO) == 1 }
  /// Whether stderr is a terminal: whether anyone would see progress.
  static var isError: Bool { isatty(STDERR_FILENO) == 1 }

  /// Whether to use colour on stdout: on a terminal, unless `NO_COLOR` or `--no-color` says not to.
  static func usesColor(disabled: Bool) -> Bool {
    let environment = ProcessInfo.processInfo.environment
    return isOutput && !disabled && (environment["NO_COLOR"] ?? "").isEmpty
      && environment["TERM"] != "dumb"
  }
}

/// Text that is coloured where colour is used.
struct Style {
  let usesColor: Bool

  /// What went wrong.
  func bad(_ text: String) -> String { wrapped(text, "31") }
  /// Headings.
  func heading(_ text: String) -> String { wrapped(text, "1") }
  /// What matters less.
  func faint(_ text: String) -> String { wrapped(text, "2") }

  private func wrapped(_ text: String, _ code: String) -> String {
    usesColor ? "\u{1B}[\(code)m\(text)\u{1B}[0m" : text
  }
}
