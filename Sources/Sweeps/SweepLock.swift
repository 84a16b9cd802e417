internal import SmallFoundation

/// Keeps other sweeps from the file that one saves its state in, for as long as it lives.
///
/// It locks a file beside that one, which is itself replaced with each state, and removes it in the end.
/// One that a kill has left behind is not locked, and is removed by the next sweep.
package final class SweepLock: Sendable {
  private let path: String
  private let descriptor: Int32

  /// The lock of a state's file.
  ///
  /// - Throws: Where another sweep has it.
  package init(of checkpoint: String) throws(SweepFileError) {
    let path = checkpoint + ".lock"
    while true {
      let descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o666)
      guard descriptor >= 0 else {
        throw .unwritable(path: checkpoint, reason: String(cString: strerror(errno)))
      }
      guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
        close(descriptor)
        throw .inUse(path: checkpoint)
      }
      var (locked, named) = (stat(), stat())
      if fstat(descriptor, &locked) == 0, stat(path, &named) == 0, locked.st_ino == named.st_ino {
        (self.path, self.descriptor) = (path, descriptor)
        return
      }
      // Whoever had it before has removed it between the two calls.
      close(descriptor)
    }
  }

  deinit {
    unlink(path)
    close(descriptor)
  }
}
