internal import Storage

/// The binds of one statement in libpq's form: text, with a type for each, nil included.
struct PostgresBinds {
    private var types: [UInt32] = []
    /// Every value with its closing zero, one after the other.
    private var bytes: [CChar] = []
    /// Where each value begins; `nil` for NULL.
    private var offsets: [Int?] = []

    /// - Throws: for a NUL character, which PostgreSQL's text cannot hold.
    init(_ values: [SQLValue]) throws {
        for value in values {
            switch value {
            case .text(let text): try append(text, type: 25)
            case .integer(let integer): try append(integer.map { String($0) }, type: 20)
            case .boolean(let boolean): try append(boolean.map { $0 ? "t" : "f" }, type: 16)
            }
        }
    }

    private mutating func append(_ text: String?, type: UInt32) throws {
        types.append(type)
        offsets.append(text == nil ? nil : bytes.count)
        guard let text else { return }
        for byte in text.utf8 {
            guard byte != 0 else { throw PostgresFailure.characterNotInRepertoire }
            bytes.append(CChar(bitPattern: byte))
        }
        bytes.append(0)
    }

    func withPointers<Result>(_ body: (CInt, UnsafePointer<UInt32>?, UnsafePointer<UnsafePointer<CChar>?>?) throws -> Result) rethrows -> Result {
        try bytes.withUnsafeBufferPointer { buffer in
            let pointers = offsets.map { offset in offset.flatMap { start in buffer.baseAddress.map { $0 + start } } }
            return try body(CInt(offsets.count), types, pointers)
        }
    }
}
