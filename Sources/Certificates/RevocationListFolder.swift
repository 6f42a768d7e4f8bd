internal import Foundation
internal import Primitives

/// A folder of revocation lists, each file one of them in PEM or DER.
struct RevocationListFolder: Sendable {
    let path: String

    /// What a file held when it had this size and time.
    struct Entry: Sendable {
        let size: Int
        let changedAt: Date
        /// `nil` when it never held one that can be used.
        let list: RevocationList?
    }

    /// More files than there are authorities.
    private static let mostFiles = 200

    /// - Parameter known: by file; what did not change is not read again.
    func read(knowing known: [String: Entry]) throws -> (entries: [String: Entry], refusals: [RevocationFileRefusal]) {
        let names: [String]
        do {
            names = try FileManager.default.contentsOfDirectory(atPath: path).filter { !$0.hasPrefix(".") }.sorted()
        } catch {
            throw RevocationFileRefusal(file: path, reason: "the folder cannot be read", leavesList: false)
        }
        guard names.count <= Self.mostFiles else {
            throw RevocationFileRefusal(file: path, reason: "it holds more than \(Self.mostFiles) files", leavesList: false)
        }
        var entries: [String: Entry] = [:]
        var refusals: [RevocationFileRefusal] = []
        for name in names {
            // A link may be turned to another file.
            let file = URL(fileURLWithPath: "\(path)/\(name)").resolvingSymlinksInPath().path
            guard let attributes = try? FileManager.default.attributesOfItem(atPath: file), let size = attributes[.size] as? Int,
                let changedAt = attributes[.modificationDate] as? Date, attributes[.type] as? FileAttributeType != .typeDirectory
            else { continue }
            if let entry = known[name], entry.size == size, entry.changedAt == changedAt {
                entries[name] = entry
                continue
            }
            do {
                entries[name] = Entry(size: size, changedAt: changedAt, list: try list(in: file, size: size))
            } catch {
                let before = known[name]?.list
                refusals.append(RevocationFileRefusal(file: file, reason: "\(error)", leavesList: before != nil))
                entries[name] = Entry(size: size, changedAt: changedAt, list: before)
            }
        }
        return (entries, refusals)
    }

    private func list(in file: String, size: Int) throws -> RevocationList {
        guard size <= RevocationLists.largestFile else { throw RevocationListRefusal.tooLarge }
        guard let data = FileManager.default.contents(atPath: file) else { throw RevocationListRefusal.malformed }
        guard data.first != UInt8(ascii: "-"), data.range(of: Data("-----BEGIN ".utf8)) == nil else {
            guard let text = String(data: data, encoding: .utf8), let documents = try? PEMText(text).documents, documents.count == 1,
                let document = documents.first, document.label == "X509 CRL"
            else { throw RevocationListRefusal.malformed }
            return try RevocationList(der: document.der)
        }
        return try RevocationList(der: Array(data))
    }
}

/// A file that cannot be used, and why.
public struct RevocationFileRefusal: Error, Hashable, Sendable, CustomStringConvertible {
    public let file: String
    public let reason: String
    /// Whether the list that the file held before stays in force.
    public let leavesList: Bool

    public var description: String { "\(file): \(reason)" }
}
