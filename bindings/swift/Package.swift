// swift-tools-version:5.9
import PackageDescription

// The library is found by `-Xlinker -L`, and at run time where the system looks for libraries: see README.md.
let package = Package(
    name: "crm",
    platforms: [.macOS(.v12), .iOS(.v15)],
    products: [.library(name: "CrmKit", targets: ["CrmKit"])],
    targets: [
        .systemLibrary(name: "CrmFfiFFI"),
        .systemLibrary(name: "CrmModelFFI"),
        .target(name: "CrmKit", dependencies: ["CrmFfiFFI", "CrmModelFFI"]),
        .testTarget(name: "CrmKitTests", dependencies: ["CrmKit"]),
    ]
)
