internal import CQRencode

/// A QR code (ISO/IEC 18004) as a shape that a page draws, because what is in it may go to no other address.
public struct QRCode: Sendable {
    /// Modules on each side, with the quiet zone.
    public let size: Int
    /// The dark modules: horizontal strokes, one module wide, as the `d` of an SVG path.
    public let path: String

    /// ISO/IEC 18004 §6.3.8: four light modules on every side.
    private static let quietZone = 4

    /// - Returns: `nil` for more text than a code holds.
    public init?(_ text: String) {
        guard !text.utf8.contains(0), let code = QRcode_encodeString8bit(text, 0, QR_ECLEVEL_M) else { return nil }
        defer { QRcode_free(code) }
        let width = Int(code.pointee.width)
        let modules = UnsafeBufferPointer(start: code.pointee.data, count: width * width)
        size = width + 2 * Self.quietZone
        path = Self.strokes(modules, width: width)
    }

    private static func strokes(_ modules: UnsafeBufferPointer<UInt8>, width: Int) -> String {
        var path = ""
        for row in 0..<width {
            var column = 0
            while column < width {
                // The lowest bit says that a module is dark.
                let length = modules[row * width + column..<(row + 1) * width].prefix { $0 & 1 == 1 }.count
                if length > 0 { path += "M\(column + quietZone) \(row + quietZone).5h\(length)" }
                column += length + 1
            }
        }
        return path
    }
}
