// Answers version 1 of the live protocol of `loss-oracle check` with the losses of Loss.swift.

import Foundation

/// What is sent back before the outputs.
struct Reply: Encodable {
  var id: Int?
  var payload: Int?
  var unsupported: String?
  var error: String?
}

var input = Input()
while let line = try input.line() {
  var reply = Reply()
  var outputs = Data()
  do {
    let following = try JSONDecoder().decode(Payload.self, from: line)
    reply.id = following.id
    guard let payload = try input.bytes(max(0, following.payload)) else { break }
    outputs = try answer(try JSONDecoder().decode(Request.self, from: line), payload: payload)
    reply.payload = outputs.count
  } catch Refusal.unsupported(let why) {
    reply.unsupported = why
  } catch Refusal.invalid(let why) {
    reply.error = why
  } catch {
    reply.error = "\(error)"
  }
  try FileHandle.standardOutput.write(
    contentsOf: try JSONEncoder().encode(reply) + Data("\n".utf8) + outputs)
}
