/// The exit statuses of the command, those of sysexits.h where there is one.
enum ExitStatus {
  static let fellShort: Int32 = 1
  static let badData: Int32 = 65
  static let noInput: Int32 = 66
  static let unavailable: Int32 = 69
  static let cannotCreate: Int32 = 73
  static let inputOutputError: Int32 = 74
  static let interrupted: Int32 = 130
}
