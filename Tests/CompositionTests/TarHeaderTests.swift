import Testing

@testable import Composition

@Suite("Headers of a backup's archive")
struct TarHeaderTests {
    @Test(arguments: [0, 1, 511, 512, 513, (1 << 33) - 1, 1 << 33, 1 << 40] as [Int64])
    func `what is written is read again, whatever its size`(size: Int64) {
        let header = TarHeader(name: "database.sqlite", size: size)

        #expect(header.block.count == 512)
        #expect(TarHeader(header.block) == header)
        #expect((size + Int64(header.padding)) % 512 == 0)
    }

    @Test func `a changed byte is noticed`() {
        let block = TarHeader(name: "manifest.json", size: 4711).block

        for index in block.indices where !(154..<156).contains(index) {
            var changed = block
            changed[index] ^= 1
            #expect(TarHeader(changed) == nil, "byte \(index)")
        }
    }

    @Test func `an empty block ends an archive, and is no header`() {
        #expect(TarHeader([UInt8](repeating: 0, count: 512)) == nil)
        #expect(TarHeader([]) == nil)
    }
}
