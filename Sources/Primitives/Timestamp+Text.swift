extension Timestamp {
    /// RFC 3339 in UTC, whole seconds: `2026-11-21T06:14:09Z`.
    public var rfc3339: String { text { _ in } }

    /// RFC 3339 in UTC with milliseconds: `2026-11-21T06:14:09.482Z`.
    public var rfc3339WithMilliseconds: String {
        text { bytes in
            bytes.append(UInt8(ascii: "."))
            bytes.append(decimal: ((milliseconds % 1000) + 1000) % 1000, width: 3)
        }
    }

    /// `Sat, 21 Nov 2026 06:14:09 GMT` (RFC 9110 §5.6.7).
    public var httpDate: String {
        let date = date
        let weekday = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"][date.weekday - 1]
        let month = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"][date.month - 1]
        return "\(weekday), \(padded(date.day, 2)) \(month) \(padded(date.year, 4)) \(clockTime) GMT"
    }

    private func text(_ fraction: (inout [UInt8]) -> Void) -> String {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(32)
        bytes.append(date)
        bytes.append(UInt8(ascii: "T"))
        bytes.append(clockTimeOf: self)
        fraction(&bytes)
        bytes.append(UInt8(ascii: "Z"))
        return String(decoding: bytes, as: UTF8.self)
    }

    private var clockTime: String {
        var bytes: [UInt8] = []
        bytes.append(clockTimeOf: self)
        return String(decoding: bytes, as: UTF8.self)
    }

    /// Reads an RFC 3339 date-time, and the ISO 8601 spellings that banking clients send: a date alone, no zone (read as UTC),
    /// the basic form without separators, a comma for the point, any number of fraction digits, and offsets of `+hh`, `+hhmm` or `+hh:mm`.
    public init?(iso8601 text: String) {
        guard text.utf8.count <= 64 else { return nil }
        var reader = DigitReader(text)
        guard let year = reader.number(4) else { return nil }
        let extended = reader.skip("-")
        guard let month = reader.number(2), !extended || reader.skip("-"), let day = reader.number(2),
            let date = CivilDate(year: year, month: month, day: day)
        else { return nil }
        var seconds = date.daysSinceEpoch * 86400
        var fraction: Int64 = 0
        if !reader.atEnd {
            guard reader.skip("T") || reader.skip("t") || reader.skip(" ") else { return nil }
            guard let hour = reader.number(2), hour < 24 else { return nil }
            let colons = reader.skip(":")
            guard let minute = reader.number(2), minute < 60 else { return nil }
            guard !colons || reader.skip(":") else { return nil }
            guard let second = reader.number(2), second <= 60 else { return nil }
            seconds += Int64(hour * 3600 + minute * 60 + second)
            if reader.skip(".") || reader.skip(",") {
                guard let milliseconds = reader.fraction() else { return nil }
                fraction = milliseconds
            }
            guard let offset = reader.offset() else { return nil }
            seconds -= Int64(offset)
        }
        guard reader.atEnd else { return nil }
        self.init(milliseconds: seconds * 1000 + fraction)
    }
}

extension [UInt8] {
    /// `2026-11-21`
    mutating func append(_ date: CivilDate) {
        append(decimal: Int64(date.year), width: 4)
        append(UInt8(ascii: "-"))
        append(decimal: Int64(date.month), width: 2)
        append(UInt8(ascii: "-"))
        append(decimal: Int64(date.day), width: 2)
    }

    /// `06:14:09`
    fileprivate mutating func append(clockTimeOf moment: Timestamp) {
        let second = Int64(moment.secondOfDay)
        append(decimal: second / 3600, width: 2)
        append(UInt8(ascii: ":"))
        append(decimal: second / 60 % 60, width: 2)
        append(UInt8(ascii: ":"))
        append(decimal: second % 60, width: 2)
    }
}

/// Reads fixed-width decimal fields from the ASCII of a date.
private struct DigitReader {
    private var rest: ArraySlice<UInt8>

    init(_ text: String) { rest = ArraySlice(text.utf8) }

    var atEnd: Bool { rest.isEmpty }

    mutating func skip(_ character: Unicode.Scalar) -> Bool {
        guard let first = rest.first, UInt32(first) == character.value else { return false }
        rest.removeFirst()
        return true
    }

    mutating func number(_ width: Int) -> Int? {
        guard rest.count >= width else { return nil }
        var value = 0
        for _ in 0..<width {
            guard let digit = nextDigit() else { return nil }
            value = value * 10 + digit
        }
        return value
    }

    /// Milliseconds; further digits are cut.
    mutating func fraction() -> Int64? {
        guard let first = nextDigit() else { return nil }
        var digits = [first]
        while let digit = nextDigit() { digits.append(digit) }
        return Int64(digits.prefix(3).reduce(0) { $0 * 10 + $1 } * [100, 10, 1][min(digits.count, 3) - 1])
    }

    /// Seconds east of UTC; no offset reads as UTC.
    mutating func offset() -> Int? {
        if atEnd || skip("Z") || skip("z") { return 0 }
        let sign: Int
        if skip("+") { sign = 1 } else if skip("-") { sign = -1 } else { return nil }
        guard let hours = number(2), hours < 24 else { return nil }
        if atEnd { return sign * hours * 3600 }
        _ = skip(":")
        guard let minutes = number(2), minutes < 60 else { return nil }
        return sign * (hours * 3600 + minutes * 60)
    }

    private mutating func nextDigit() -> Int? {
        guard let first = rest.first, (48...57).contains(first) else { return nil }
        rest.removeFirst()
        return Int(first) - 48
    }
}
