import SmallFoundation

/// What a program may do before it answers anything.
enum Beginnings {
  /// Does what a fault does at the beginning, and comes back from some.
  ///
  /// - Parameter duration: How many seconds a child sleeps, by which tests know it.
  static func commit(_ fault: String, _ duration: String) {
    switch fault {
    case "banner": MisbehavingProgram.send(Array("model loaded\n".utf8))
    case "unable":
      MisbehavingProgram.send(Array("no module named losses\n".utf8), to: STDERR_FILENO)
      exit(1)
    case "sleeps": sleep(1000)
    case "floods":
      // Once it is asked: of what comes before, other words are said.
      var byte: UInt8 = 0
      _ = read(STDIN_FILENO, &byte, 1)
      while true { MisbehavingProgram.send([UInt8](repeating: 120, count: 1 << 16)) }
    case "closes-its-output":
      close(STDOUT_FILENO)
      sleep(1000)
    case "stops-itself": kill(getpid(), SIGSTOP)
    case "slow-start-abort", "slow-start": sleep(2)
    case "leaves-a-child": start("sleep \(duration) &")
    case "leaves-a-session", "hangs-with-a-child":
      start("setsid sh -c 'sleep \(duration) & sleep \(duration)' &")
    default: break
    }
  }

  private static func start(_ command: String) {
    let words = ["/bin/sh", "-c", command]
    var arguments = words.map { strdup($0) } + [nil]
    var child: pid_t = 0
    posix_spawn(&child, "/bin/sh", nil, nil, &arguments, environ)
  }
}
