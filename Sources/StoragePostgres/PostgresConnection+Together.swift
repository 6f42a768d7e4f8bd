internal import Storage

extension PostgresConnection {
    /// Runs reading statements outside a transaction block as one exchange with the server, each with a snapshot of its own, those of one text in a row with
    /// one.
    /// - Returns: of each statement that was sent the rows of its reads, up to the first that failed.
    func runTogether(_ reads: [SQL]) throws -> [[[Row]]] {
        // For the text of all, and the text of each.
        try makeRoom(for: 2 * reads.count)
        var ready: [(statement: Ready, reads: Int?)] = []
        var rest = reads[...]
        while let first = rest.first {
            let alike = rest.prefix { MergedRead.canBeOne(first, $0) }
            do {
                if alike.count > 1, let merged = try self.merged(alike) {
                    ready.append((merged, alike.count))
                    rest = rest.dropFirst(alike.count)
                } else {
                    ready.append((try self.ready(first), nil))
                    rest = rest.dropFirst()
                }
            } catch {
                if isLost { throw error }
                break
            }
        }
        let answers = try exchange(ready.map(\.statement)).answers
        return try zip(ready, answers).map { ready, answer in try ready.reads.map { try answer.rows(ofReads: $0) } ?? [answer.rows()] }
    }

    /// - Returns: `nil` for reads that the server does not take as one.
    private func merged(_ reads: ArraySlice<SQL>) throws -> Ready? {
        guard let first = reads.first, first.values.count <= Self.shortBinds else { return nil }
        let known = mergedTexts[first.text]
        guard let text = known ?? MergedRead.text(of: first) else { return nil }
        if known == nil { mergedTexts[first.text] = text }
        let binds = try PostgresBinds(MergedRead.values(reads))
        do { return try ready(text, binds) } catch {
            if isLost { throw error }
            mergedTexts[first.text] = .some(nil)
            return nil
        }
    }
}
