public import Verification

/// A question about the output layer that is answered with figures against exact values.
public protocol Study: Sendable {
  /// The name on the command line.
  var name: String { get }
  /// The title of its page.
  var title: String { get }
  /// The question, in one line.
  var question: String { get }

  /// The answer: always the same.
  ///
  /// - Parameter progress: Called with the parts done and of all.
  func answer(progress: @Sendable (_ done: Int, _ total: Int) -> Void) async throws -> StudyAnswer
}

/// What a study found.
public struct StudyAnswer: Encodable, Hashable, Sendable {
  /// Tables, to be printed.
  public var tables: [StudyTable]
  /// Figures, to be drawn.
  public var figures: [Figure]
  /// Three lines of plain words.
  public var words: [String]

  /// An answer.
  public init(tables: [StudyTable], figures: [Figure], words: [String]) {
    self.tables = tables
    self.figures = figures
    self.words = words
  }
}

/// A table of a study.
public struct StudyTable: Encodable, Hashable, Sendable {
  /// A few words.
  public var heading: String
  /// What it shows, exactly.
  public var title: String
  /// The heads of the columns.
  public var columns: [String]
  /// The cells, row by row.
  public var rows: [[String]]

  /// A table.
  public init(heading: String, title: String, columns: [String], rows: [[String]]) {
    self.heading = heading
    self.title = title
    self.columns = columns
    self.rows = rows
  }
}
