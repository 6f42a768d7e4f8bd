/// An ISO 4217 currency that the bank keeps accounts in.
public enum Currency: String, Sendable, Codable, CaseIterable {
    case kes = "KES"
    case usd = "USD"
    case ugx = "UGX"
    case tzs = "TZS"
    case jpy = "JPY"
    case kwd = "KWD"

    /// Digits after the decimal point (ISO 4217 minor unit).
    public var minorUnitDigits: Int {
        switch self {
        case .kes, .usd, .tzs: 2
        case .ugx, .jpy: 0
        case .kwd: 3
        }
    }
}

/// An amount in minor units (cents of KES, whole JPY).
public struct Money: Hashable, Sendable {
    public let minorUnits: Int64
    public let currency: Currency

    public init(minorUnits: Int64, currency: Currency) {
        self.minorUnits = minorUnits
        self.currency = currency
    }

    /// Reads the wire form: `1250.00`, up to 13 digits before the point and no more after it than the currency has.
    public init?(decimal text: String, currency: Currency) {
        let negative = text.hasPrefix("-")
        let parts = text.utf8.dropFirst(negative ? 1 : 0).split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
        guard parts.count <= 2, let whole = parts.first, (1...13).contains(whole.count), whole.allSatisfy({ (48...57).contains($0) })
        else { return nil }
        let fraction = parts.count == 2 ? Array(parts[1]) : []
        guard parts.count == 1 || !fraction.isEmpty, fraction.count <= currency.minorUnitDigits, fraction.allSatisfy({ (48...57).contains($0) })
        else { return nil }
        let padding = [UInt8](repeating: 48, count: currency.minorUnitDigits - fraction.count)
        // At most 16 digits, so the sum stays within Int64.
        let units = (Array(whole) + fraction + padding).reduce(Int64(0)) { $0 * 10 + Int64($1 - 48) }
        self.init(minorUnits: negative ? -units : units, currency: currency)
    }

    /// The wire form, with as many decimals as the currency has: `1250.00`.
    public var decimal: String {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(24)
        if minorUnits < 0 { bytes.append(UInt8(ascii: "-")) }
        let (whole, fraction) = parts
        bytes.append(decimal: whole)
        append(fraction, to: &bytes)
        return String(decoding: bytes, as: UTF8.self)
    }

    /// What a person reads: `KES 84,210.55`.
    public var text: String {
        var bytes = Array(currency.rawValue.utf8)
        bytes.reserveCapacity(40)
        bytes.append(UInt8(ascii: " "))
        if minorUnits < 0 { bytes += "−".utf8 }
        let (whole, fraction) = parts
        var digits: [UInt8] = []
        digits.append(decimal: whole)
        for (index, digit) in digits.enumerated() {
            if index > 0, (digits.count - index) % 3 == 0 { bytes.append(UInt8(ascii: ",")) }
            bytes.append(digit)
        }
        append(fraction, to: &bytes)
        return String(decoding: bytes, as: UTF8.self)
    }

    /// What stands before and behind the decimal point, without the sign.
    private var parts: (whole: UInt64, fraction: UInt64) {
        let unit = (0..<currency.minorUnitDigits).reduce(UInt64(1)) { power, _ in power * 10 }
        let (whole, fraction) = minorUnits.magnitude.quotientAndRemainder(dividingBy: unit)
        return (whole, fraction)
    }

    private func append(_ fraction: UInt64, to bytes: inout [UInt8]) {
        guard currency.minorUnitDigits > 0 else { return }
        bytes.append(UInt8(ascii: "."))
        bytes.append(decimal: fraction, width: currency.minorUnitDigits)
    }
}
