internal import Foundation
internal import Primitives
internal import Storage

/// One file of a journal: two words for each use. Two zeros end it, and the file with the next number goes on.
struct ReplayFile {
    /// What is kept of a use.
    struct Record {
        /// 64 bits of its digest, not all zero.
        let fingerprint: UInt64
        let expiresAt: Timestamp
    }

    let number: Int
    private let file: JournalFile
    private var known: Set<UInt64> = []
    /// Words.
    private var length = 0
    private(set) var isEnded = false
    /// When the first and the last of its uses expire.
    private(set) var earliest: Timestamp?
    private(set) var latest = Timestamp.epoch

    init(_ file: JournalFile, number: Int) {
        self.file = file
        self.number = number
    }

    var count: Int { known.count }

    func holds(_ record: Record) -> Bool { known.contains(record.fingerprint) }

    /// Reads what was appended since.
    mutating func readOn() throws {
        while !isEnded, case let words = try file.read(from: length, atMost: 1 << 17), words.count > 1 {
            for index in stride(from: 1, to: words.count, by: 2) where !isEnded { take(words[index - 1], words[index]) }
        }
    }

    /// Appends to what was read, which must be all.
    mutating func append(_ records: [Record]) throws {
        guard !records.isEmpty else { return }
        try append(records.flatMap { [$0.fingerprint, UInt64(bitPattern: $0.expiresAt.milliseconds)] })
    }

    mutating func end() throws { try append([0, 0]) }

    private mutating func append(_ words: [UInt64]) throws {
        try file.write(words, at: length)
        for index in stride(from: 1, to: words.count, by: 2) { take(words[index - 1], words[index]) }
    }

    private mutating func take(_ fingerprint: UInt64, _ expiry: UInt64) {
        length += 2
        guard fingerprint != 0 else { return isEnded = true }
        known.insert(fingerprint)
        let expiresAt = Timestamp(milliseconds: Int64(bitPattern: expiry))
        earliest = min(earliest ?? expiresAt, expiresAt)
        latest = max(latest, expiresAt)
    }
}

extension ReplayFile.Record {
    init(_ use: ReplayUse) {
        // A digest is 32 bytes of base64url.
        let digest = Base64URL.decode(use.digest.text) ?? []
        self.init(fingerprint: max(1, digest.prefix(8).reduce(0) { $0 << 8 | UInt64($1) }), expiresAt: use.expiresAt)
    }
}
