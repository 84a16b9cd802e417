import Foundation

/// The line of JSON that begins a request.
struct Request: Decodable {
  var version: Int
  var id: Int?
  var function: String
  var format: String
  var outputFormat: String
  var rows: Int
  var classes: Int
  var target: String
  /// The options that change the function.
  var options: [String]

  private enum CodingKeys: String, CodingKey {
    case version = "protocol"
    case outputFormat = "output_format"
    case id, function, format, rows, classes, target, options
  }

  init(from decoder: any Decoder) throws {
    let members = try decoder.container(keyedBy: CodingKeys.self)
    version = try members.decode(Int.self, forKey: .version)
    id = try members.decodeIfPresent(Int.self, forKey: .id)
    function = try members.decode(String.self, forKey: .function)
    format = try members.decode(String.self, forKey: .format)
    outputFormat = try members.decodeIfPresent(String.self, forKey: .outputFormat) ?? format
    rows = try members.decode(Int.self, forKey: .rows)
    classes = try members.decode(Int.self, forKey: .classes)
    target = try members.decode(String.self, forKey: .target)
    options = try members.decodeIfPresent(Options.self, forKey: .options)?.effective ?? []
  }
}

/// The number of bytes that follow the line, read even where the rest of it cannot be.
struct Payload: Decodable {
  var id: Int?
  var payload: Int
}

/// The names of the options, whatever their values are.
private struct Options: Decodable {
  var effective: [String]

  private struct Name: CodingKey {
    var stringValue: String
    var intValue: Int? { nil }
    init?(stringValue: String) { self.stringValue = stringValue }
    init?(intValue: Int) { nil }
  }

  init(from decoder: any Decoder) throws {
    let members = try decoder.container(keyedBy: Name.self)
    effective = members.allKeys.filter { name in
      let value = try? members.decode(String.self, forKey: name)
      return !(name.stringValue == "reduction" && value == "none")
    }.map(\.stringValue)
  }
}
