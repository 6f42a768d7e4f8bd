internal import Storage

/// The binds of one statement in libpq's form: text, with a type for each, nil included.
struct PostgresBinds {
    private var types: [UInt32] = []
    /// Every value with its closing zero, one after the other.
    private var bytes: [UInt8] = []
    /// Where each value begins; `nil` for NULL.
    private var offsets: [Int?] = []

    /// - Throws: for a NUL character, which PostgreSQL's text cannot hold.
    init(_ values: [SQLValue]) throws {
        types.reserveCapacity(values.count)
        offsets.reserveCapacity(values.count)
        bytes.reserveCapacity(32 * values.count)
        for value in values {
            switch value {
            case .text(let text): try append(text?.utf8, type: 25)
            case .integer(let integer): try append(integer.map { String($0).utf8 }, type: 20)
            case .boolean(let boolean): try append(boolean.map { ($0 ? "t" : "f").utf8 }, type: 16)
            }
        }
    }

    private mutating func append(_ text: (some Collection<UInt8>)?, type: UInt32) throws {
        types.append(type)
        offsets.append(text == nil ? nil : bytes.count)
        guard let text else { return }
        let start = bytes.count
        bytes.append(contentsOf: text)
        guard !bytes[start...].contains(0) else { throw PostgresFailure.characterNotInRepertoire }
        bytes.append(0)
    }

    func withPointers<Result>(_ body: (CInt, UnsafePointer<UInt32>?, UnsafePointer<UnsafePointer<CChar>?>?) throws -> Result) rethrows -> Result {
        try bytes.withUnsafeBytes { buffer in
            let characters = buffer.bindMemory(to: CChar.self).baseAddress
            let pointers = offsets.map { offset in offset.flatMap { start in characters.map { $0 + start } } }
            return try body(CInt(offsets.count), types, pointers)
        }
    }
}
