import Pages
import Testing

@Suite("QR codes")
struct QRCodeTests {
    /// The dark modules, row by row, read back from the strokes.
    private func modules(of code: QRCode) -> Set<[Int]> {
        var dark = Set<[Int]>()
        for stroke in code.path.matches(of: /M(\d+) (\d+)\.5h(\d+)/) {
            guard let column = Int(stroke.1), let row = Int(stroke.2), let length = Int(stroke.3) else { continue }
            for offset in 0..<length { dark.insert([row, column + offset]) }
        }
        return dark
    }

    @Test func `ISO IEC 18004 three corners hold finder patterns, and four modules around stay light`() throws {
        let code = try #require(QRCode("otpauth://totp/Wekeza:amina?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"))
        let dark = modules(of: code)
        let far = code.size - 4 - 7

        for (top, left) in [(4, 4), (4, far), (far, 4)] {
            for row in 0..<7 {
                for column in 0..<7 {
                    let isFrame = row == 0 || row == 6 || column == 0 || column == 6
                    let isCentre = (2...4).contains(row) && (2...4).contains(column)
                    #expect(dark.contains([top + row, left + column]) == (isFrame || isCentre))
                }
            }
        }
        #expect((code.size - 8 - 17).isMultiple(of: 4))
        #expect(dark.allSatisfy { $0.allSatisfy { (4..<code.size - 4).contains($0) } })
    }

    @Test func `what a code cannot hold makes none`() {
        #expect(QRCode(String(repeating: "x", count: 2331)) != nil)
        #expect(QRCode(String(repeating: "x", count: 2332)) == nil)
        #expect(QRCode("a\u{0}b") == nil)
        #expect(QRCode("") == nil)
    }
}
