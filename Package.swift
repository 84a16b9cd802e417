// swift-tools-version: 6.3

import PackageDescription

// Targets are listed bottom-up; each may import only targets above it. Each lists every target that
// it imports, those below its nearest too: an internal import is no part of a module's interface, so
// a build by the nearest alone would not notice that one further down has changed.
let numbers: [Target.Dependency] = [
  "Multiprecision", "FloatFormats", "SmallFoundation", "LossFunctions",
]
let oracle: [Target.Dependency] = numbers + ["Reference", "Losses", "Cases"]
let realModule = Target.Dependency.product(name: "RealModule", package: "swift-numerics")
let systemPackage = Target.Dependency.product(name: "SystemPackage", package: "swift-system")
let argumentParser = Target.Dependency.product(
  name: "ArgumentParser", package: "swift-argument-parser", condition: .when(traits: ["Command"]))

let package = Package(
  name: "LossOracle",
  platforms: [.macOS(.v26)],
  products: [
    .library(name: "LossOracle", targets: ["LossOracle"]),
    .library(name: "LossOracleTesting", targets: ["LossOracleTesting"]),
    // For C and what can call it; tools/wheel makes a shared library of it.
    .library(name: "LossOracleForC", type: .static, targets: ["CEntryPoints"]),
    .executable(name: "loss-oracle", targets: ["loss-oracle"]),
  ],
  traits: [
    .trait(
      name: "Command",
      description: "The command; who depends on a library alone turns it off, with `traits: []`."),
    .default(enabledTraits: ["Command"]),
  ],
  dependencies: [
    .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.0"),
    .package(url: "https://github.com/apple/swift-numerics", from: "1.1.0"),
    .package(url: "https://github.com/apple/swift-system", from: "1.6.0"),
  ],
  targets: [
    .systemLibrary(
      name: "CMPFR",
      // Two names: mpfr.h includes gmp.h, which Homebrew keeps in a folder of its own.
      pkgConfig: "mpfr gmp",
      providers: [.apt(["libmpfr-dev"]), .brew(["mpfr", "gmp"])]
    ),
    .target(name: "Multiprecision", dependencies: ["CMPFR"]),
    .target(name: "FloatFormats", dependencies: ["Multiprecision"]),
    .target(name: "SmallFoundation"),
    .target(name: "LossFunctions", dependencies: ["FloatFormats", "SmallFoundation"]),
    .target(name: "FastKernels"),
    .target(name: "FloatingPointEnvironment"),
    .target(name: "Supervision"),
    .target(
      name: "Reference", dependencies: numbers + ["FastKernels", "FloatingPointEnvironment"]),
    .target(name: "LockstepKernels"),
    .target(name: "Losses", dependencies: numbers + ["LockstepKernels", realModule]),
    .target(name: "DrawingKernels"),
    .target(name: "Cases", dependencies: numbers + ["DrawingKernels"]),
    .target(name: "ShippedFixtures"),
    .target(
      name: "Interchange",
      dependencies: numbers + ["Reference", "Cases", "ShippedFixtures", systemPackage]),
    .target(name: "Verification", dependencies: oracle + [realModule]),
    .target(name: "Sweeps", dependencies: oracle + ["Verification"]),
    .target(name: "PropertyEngine", dependencies: oracle + ["Verification", "Interchange"]),
    .target(
      name: "Checking",
      dependencies: oracle + [
        "Verification", "PropertyEngine", "Interchange", "FloatingPointEnvironment", "Supervision",
      ]),
    .target(name: "CLossOracle"),
    .target(
      name: "CEntryPoints",
      dependencies: oracle + [
        "CLossOracle", "Verification", "PropertyEngine", "Interchange", "Checking",
      ]),
    .target(
      name: "Studies", dependencies: oracle + ["Verification", "Interchange", realModule]),
    .target(
      name: "LossOracle", dependencies: oracle + ["Verification", "PropertyEngine", "Interchange"]),
    .target(
      name: "LossOracleTesting",
      dependencies: oracle + ["PropertyEngine", "Checking", "LossOracle"]),
    .executableTarget(
      name: "loss-oracle",
      dependencies: oracle + [
        "PropertyEngine", "LossOracle", "Studies", "Sweeps", "Verification", "Checking",
        "Supervision", argumentParser, systemPackage,
      ]
    ),
    .executableTarget(
      name: "c-example", dependencies: ["CLossOracle", "CEntryPoints"], path: "tools/c-example"),
    .target(
      name: "TestSupport", dependencies: numbers + ["Cases"], path: "Tests/TestSupport"),
    .testTarget(
      name: "MultiprecisionTests", dependencies: ["Multiprecision", "Cases", "TestSupport"]),
    .testTarget(name: "FloatFormatsTests", dependencies: numbers + ["Cases", "TestSupport"]),
    .testTarget(
      name: "ReferenceTests",
      dependencies: numbers + [
        "Reference", "Cases", "FloatingPointEnvironment", "TestSupport",
      ]),
    .testTarget(
      name: "FastTierTests",
      dependencies: numbers + ["Reference", "Cases", "TestSupport"]),
    .testTarget(name: "LossesTests", dependencies: oracle + ["Verification", "TestSupport"]),
    .testTarget(name: "CasesTests", dependencies: numbers + ["Cases", "TestSupport"]),
    .testTarget(
      name: "InterchangeTests",
      dependencies: numbers + ["Reference", "Cases", "Interchange", "TestSupport"]),
    .testTarget(
      name: "VerificationTests", dependencies: oracle + ["Verification", "TestSupport", realModule]),
    .testTarget(
      name: "PropertyEngineTests",
      dependencies: oracle + ["Verification", "PropertyEngine", "Interchange", "TestSupport"]),
    // What maintainers run to renew recorded figures is a package of its own, `tools/maintenance`.
    .target(
      name: "RecordedBounds",
      dependencies: oracle + ["Verification", "PropertyEngine", "Interchange", realModule],
      path: "tools/maintenance/Sources/RecordedBounds"),
    .testTarget(
      name: "RecordedBoundsTests",
      dependencies: oracle + [
        "Verification", "PropertyEngine", "RecordedBounds", "Interchange", "TestSupport",
      ]),
    .executableTarget(
      name: "misbehaving-program",
      // Not Foundation: it takes longer to load than all that the program does.
      dependencies: numbers + ["Reference", "Interchange"],
      path: "Tests/Programs/misbehaving-program"),
    .testTarget(
      name: "LiveProgramsTests",
      dependencies: oracle + [
        "PropertyEngine", "Checking", "TestSupport", "misbehaving-program",
      ]),
    .testTarget(
      name: "CheckingTests",
      dependencies: oracle + [
        "Verification", "Sweeps", "PropertyEngine", "Interchange", "Checking", "TestSupport",
        realModule,
      ]),
    .testTarget(
      name: "CEntryPointsTests",
      dependencies: numbers + [
        "CLossOracle", "CEntryPoints", "FloatingPointEnvironment", "TestSupport", "c-example",
      ]),
    .testTarget(
      name: "SweepsTests",
      dependencies: oracle + [
        "Sweeps", "Verification", "RecordedBounds", "TestSupport",
      ]),
    .testTarget(name: "StudiesTests", dependencies: oracle + ["Studies", "TestSupport"]),
    .testTarget(
      name: "LossOracleTestingTests",
      dependencies: oracle + [
        "Verification", "PropertyEngine", "LossOracle", "LossOracleTesting", "TestSupport",
      ]),
    .testTarget(name: "CommandTests", dependencies: ["loss-oracle", "TestSupport"]),
  ],
  swiftLanguageModes: [.v6]
)

for target in package.targets where target.type != .system {
  target.swiftSettings = [
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("MemberImportVisibility"),
  ]
  // `rounded()` and friends call libm, which nothing else pulls in on Linux.
  target.linkerSettings = [.linkedLibrary("m", .when(platforms: [.linux]))]
}
