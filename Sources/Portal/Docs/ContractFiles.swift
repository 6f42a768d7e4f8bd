internal import Foundation

/// The texts of `openapi/*.yaml`, read once at start, for download.
struct ContractFiles: Sendable {
    private let texts: [String: String]

    /// - Throws: when a file cannot be read.
    init(directory: String) throws {
        var texts: [String: String] = [:]
        for name in try FileManager.default.contentsOfDirectory(atPath: directory) where name.hasSuffix(".yaml") {
            texts[name] = try String(contentsOfFile: "\(directory)/\(name)", encoding: .utf8)
        }
        self.texts = texts
    }

    var names: [String] { texts.keys.sorted() }
    subscript(name: String) -> String? { texts[name] }
}
