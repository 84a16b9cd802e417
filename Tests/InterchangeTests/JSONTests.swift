import Interchange
import Testing

@Suite struct `JSON` {
  @Test func `keeps numbers as they were written`() throws {
    let value = try parse(#"{"a": [1, -0.10e+5, 123456789012345678901234567890], "b": null}"#)
    guard case .object(let members) = value, case .array(let numbers)? = members["a"] else {
      Issue.record("\(value)")
      return
    }
    #expect(
      numbers == [.number("1"), .number("-0.10e+5"), .number("123456789012345678901234567890")])
    #expect(members["b"] == .null)
  }

  @Test func `reads strings with all escapes`() throws {
    #expect(
      try parse(#""a\"\\\/\b\f\n\r\tA\u00e9\ud83d\ude00""#) == .string("a\"\\/\u{8}\u{C}\n\r\tAé😀"))
  }

  @Test(arguments: [
    "", " ", "{", "[1,]", "[1 2]", "{\"a\":1,}", "{\"a\" 1}", "{a:1}", "01", "1.", ".5", "-", "+1",
    "1e", "tru", "\"a", "\"\\x\"", "\"\\ud800\"", "\"\t\"", "[1]x", "{\"a\":1,\"a\":2}", "NaN",
    "Infinity",
    "\"\\u+123\"",
  ])
  func `that is malformed is refused`(text: String) {
    #expect(throws: JSONError.self) { try parse(text) }
  }

  @Test func `nested without end is refused, not followed`() {
    #expect(throws: JSONError.self) { try parse(String(repeating: "[", count: 100_000)) }
  }

  @Test func `errors name the column`() {
    #expect(throws: JSONError.self) { try parse("[1, x]") }
    do {
      _ = try parse("[1, x]")
    } catch {
      #expect("\(error)".contains("column 5"))
    }
  }

  private func parse(_ text: String) throws -> JSONValue {
    try JSONValue(parsing: Array(text.utf8)[...])
  }
}
