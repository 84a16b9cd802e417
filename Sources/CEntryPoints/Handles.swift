// The names are those of C.
// swift-format-ignore-file: AlwaysUseLowerCamelCase

public import CLossOracle
internal import SmallFoundation
internal import Synchronization

/// What the library keeps for its callers, by numbers that are never given out twice.
enum Handles {
  private struct Table {
    var next: lo_handle = 1
    var objects: [lo_handle: any Sendable & AnyObject] = [:]
  }

  private static let table = Mutex(Table())

  /// Keeps an object until its handle is released.
  static func keep(_ object: any Sendable & AnyObject) -> lo_handle {
    table.withLock { table in
      defer { table.next += 1 }
      table.objects[table.next] = object
      return table.next
    }
  }

  /// The object of a handle.
  static func object<Kind: AnyObject>(_ handle: lo_handle, _: Kind.Type) throws -> Kind {
    guard let object = table.withLock({ $0.objects[handle] }) else { throw unknown(handle) }
    guard let object = object as? Kind else {
      throw EntryError(LO_INVALID_HANDLE, "handle \(handle) is of another kind")
    }
    return object
  }

  /// Keeps an object no longer.
  static func release(_ handle: lo_handle) throws {
    guard let object = table.withLock({ $0.objects.removeValue(forKey: handle) }) else {
      throw unknown(handle)
    }
    (object as? KeptTrial)?.session.cancel()
  }

  private static func unknown(_ handle: lo_handle) -> EntryError {
    EntryError(LO_INVALID_HANDLE, "there is no handle \(handle); it may have been released")
  }
}

/// A text that is kept for a caller.
final class KeptText: Sendable {
  let bytes: [UInt8]

  init(_ bytes: [UInt8]) { self.bytes = bytes }
}

@c @implementation
public func lo_release(_ handle: lo_handle) -> lo_status {
  atBoundary { try Handles.release(handle) }
}

@c @implementation
public func lo_text_read(
  _ text: lo_handle, _ buffer: UnsafeMutablePointer<CChar>?, _ capacity: Int,
  _ length: UnsafeMutablePointer<Int>?
) -> lo_status {
  atBoundary {
    let bytes = try Handles.object(text, KeptText.self).bytes
    length?.pointee = bytes.count
    guard let buffer, capacity > 0 else { return }
    bytes.withUnsafeBytes { source in
      guard let start = source.baseAddress else { return }
      memcpy(buffer, start, min(capacity, source.count))
    }
    if bytes.count < capacity { buffer[bytes.count] = 0 }
  }
}
