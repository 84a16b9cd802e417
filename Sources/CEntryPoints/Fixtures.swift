// The names are those of C.
// swift-format-ignore-file: AlwaysUseLowerCamelCase

public import CLossOracle
internal import Cases
internal import Dispatch
internal import FloatFormats
internal import Interchange
internal import LossFunctions
internal import SmallFoundation
internal import Synchronization

/// What a file of fixtures is to hold, as it is written in JSON.
private struct FixtureSpecification: Codable {
  var function: String
  var format: String?
  var options: String?
  var families: [String]?
  var count: Int?
  var classes: Int?
  var seed: UInt64?
  var classAxis: Int?
  var inner: Int?

  func plan(asTensors: Bool) throws -> FixturePlan {
    let function = try CEntryPoints.function(named: function)
    let format = try CEntryPoints.format(named: format ?? "float32")
    let chosen = try families?.map {
      try named($0, "family", Families.named, among: Families.all.map(\.name)).name
    }
    guard (1...1_000_000_000).contains(count ?? 1), (1...1_048_576).contains(classes ?? 1) else {
      throw EntryError.argument("count goes from 1 to 1000000000, classes to 1048576")
    }
    let options: LossOptions
    do {
      options = try LossOptions(parsing: self.options ?? "{}", for: function, in: format)
    } catch {
      throw EntryError.argument("options: \(error)")
    }
    let isLast = classAxis ?? -1 == -1
    guard [nil, -1, 0, 1].contains(classAxis), isLast || asTensors && !function.isBinary,
      inner == nil || !isLast && RowLayout.innerRange.contains(inner ?? 0)
    else {
      throw EntryError.argument(
        "classAxis is -1, or 0 or 1 of tensors of rows of classes, with inner from 1 to "
          + "\(RowLayout.innerRange.upperBound)")
    }
    do {
      let plan = try FixturePlan(
        function: function, format: format, options: options,
        families: chosen.map { names in Families.all.filter { names.contains($0.name) } }
          ?? FixturePlan.usualFamilies(
            for: function, in: format, options: options, asTensors: asTensors),
        caseCount: count ?? 100, classCount: classes ?? 10, seed: seed ?? 1)
      return switch classAxis {
      case 0: try plan.withClassesFirst(inner: inner)
      case 1: try plan.laidOut(inner: inner)
      default: plan
      }
    } catch {
      throw EntryError.argument("\(error)")
    }
  }
}

@c @implementation
public func lo_fixtures_write(
  _ specification: UnsafePointer<CChar>?, _ path: UnsafePointer<CChar>?
) -> lo_status {
  atBoundary {
    let path = try required(text(path), "path")
    let isJSON = path.hasSuffix(".json")
    guard isJSON || path.hasSuffix(".safetensors") else {
      throw EntryError.argument("path must end in .json or .safetensors")
    }
    let plan: FixturePlan
    do {
      let text = try required(text(specification), "specification")
      plan = try FixtureSpecification(strictJSON: Data(text.utf8)).plan(asTensors: !isJSON)
    } catch let error as EntryError {
      throw error
    } catch {
      throw EntryError.argument("the specification: \(error)")
    }
    if let refusal = Threads.refusal() { throw refusal }
    let done = DispatchSemaphore(value: 0)
    let outcome = Mutex(Result<Void, any Error>.success(()))
    Task.detached {
      do {
        let threads = OrderedPieces.coreCount
        if isJSON {
          try await plan.writeJSON(to: path, threadCount: threads) { _, _ in }
        } else {
          try await plan.writeSafetensors(to: path, threadCount: threads) { _, _ in }
        }
      } catch {
        outcome.withLock { $0 = .failure(error) }
      }
      done.signal()
    }
    done.wait()
    try outcome.withLock { $0 }.get()
  }
}
