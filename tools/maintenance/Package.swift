// swift-tools-version: 6.3

import PackageDescription

// What a maintainer runs, a package of its own: who depends on the library gets none of it.
//
// These programs use what the library's own targets share with one another (`package` declarations), so
// they are compiled as of that package, whose identity is the name of its folder: SwiftPM gives them no
// package of their own where `packageAccess` is false.
let identity =
  Context.packageDirectory.split(separator: "/").dropLast(2).last.map { $0.lowercased() } ?? ""
let packageName = String(identity.map { $0.isASCII && ($0.isLetter || $0.isNumber) ? $0 : "_" })
let lossOracle = Target.Dependency.product(name: "LossOracle", package: identity)
let realModule = Target.Dependency.product(name: "RealModule", package: "swift-numerics")
let argumentParser = Target.Dependency.product(
  name: "ArgumentParser", package: "swift-argument-parser")

let package = Package(
  name: "maintenance",
  platforms: [.macOS(.v26)],
  dependencies: [
    .package(path: "../.."),
    .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.0"),
    .package(url: "https://github.com/apple/swift-numerics", from: "1.1.0"),
  ],
  targets: [
    .target(
      name: "RecordedBounds", dependencies: [lossOracle, realModule], packageAccess: false),
    .executableTarget(
      name: "record-bounds", dependencies: ["RecordedBounds", lossOracle, argumentParser],
      packageAccess: false),
    .executableTarget(
      name: "record-properties", dependencies: ["RecordedBounds", lossOracle, argumentParser],
      packageAccess: false),
    .executableTarget(
      name: "record-witnesses", dependencies: ["RecordedBounds", lossOracle, argumentParser],
      packageAccess: false),
    .executableTarget(
      name: "attack-forms", dependencies: [lossOracle, argumentParser], packageAccess: false),
    .executableTarget(
      name: "hardest-inputs", dependencies: [lossOracle, argumentParser], packageAccess: false),
  ],
  swiftLanguageModes: [.v6]
)

for target in package.targets {
  target.swiftSettings = [
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .unsafeFlags(["-package-name", packageName]),
  ]
  target.linkerSettings = [.linkedLibrary("m", .when(platforms: [.linux]))]
}
