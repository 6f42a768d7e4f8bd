/// The process may open enough files and sockets.
struct DescriptorsCheck: Check {
    private let name = "descriptors"

    func run(_ setUp: SetUp) async -> [Finding] {
        let limit = FileDescriptors.hardLimit
        guard limit >= 4096 else {
            return [
                .warning(
                    name, "The process may open \(limit) files and sockets, so about \(max(16, limit - 150)) connections at a time.",
                    "Set LimitNOFILE=65536 in the systemd unit, or ulimit -n.")
            ]
        }
        return [.ok(name, "The process may open \(limit) files and sockets.")]
    }
}
