internal import Primitives
package import Storage

/// Puts records on their shelves, apart from writing them.
///
/// Records of many shelves come mixed, and each place on a shelf lies in a page of its own; of some thousand records many share one. Until then a record waits
/// in `unshelved_decision`, where lists and days find it too. The statement that takes it out of there decides, and commits together with its places: every
/// snapshot holds it once, whenever it was committed, whichever node shelves it and whatever its clock says (docs/decisions/0012-shelves.md).
extension DecisionRecords {
    package func hasUnshelved(in tx: any ReadTransaction) throws -> Bool {
        try tx.first("SELECT request_id FROM unshelved_decision LIMIT 1") != nil
    }

    /// Puts records on their shelves, and counts them into their days.
    /// - Returns: how many, at most `limit`.
    package func shelve(limit: Int, in tx: any WriteTransaction) throws -> Int {
        try takeTurn(in: tx)
        let taken = try tx.all(
            """
            DELETE FROM unshelved_decision
            WHERE request_id IN (SELECT request_id FROM unshelved_decision ORDER BY request_id LIMIT \(limit))
            RETURNING \(columnsOf: UnshelvedDecision.self)
            """)
        try place(taken.map(UnshelvedDecision.init), in: tx)
        return taken.count
    }

    /// Shelves those of these records that wait.
    func shelve(_ ids: [RequestID], in tx: any WriteTransaction) throws {
        let taken = try tx.all("DELETE FROM unshelved_decision WHERE request_id IN \(list: ids) RETURNING \(columnsOf: UnshelvedDecision.self)")
        try place(taken.map(UnshelvedDecision.init), in: tx)
    }

    /// Takes records that are gone off their shelves.
    func unshelve(_ decisions: [UnshelvedDecision], in tx: any WriteTransaction) throws {
        let places = DecisionShelf.Reader.allCases.flatMap { reader in decisions.compactMap { $0.place(for: reader) } }
        for (shelf, places) in Dictionary(grouping: places, by: \.shelf) {
            let milliseconds = places.map(\.milliseconds)
            try tx.execute(
                """
                DELETE FROM \(shelf) AND received_ms >= \(milliseconds.min()) AND received_ms <= \(milliseconds.max())
                    AND request_id IN \(list: places.map(\.requestID))
                """)
        }
    }

    /// Lets one transaction at a time change the shelves: two that took the same records would wait for each other in the middle.
    func takeTurn(in tx: any WriteTransaction) throws { try tx.execute("UPDATE shelving_turn SET turn = turn + 1") }

    /// In the order of the shelves, so that what lies together is written together.
    private func place(_ decisions: [UnshelvedDecision], in tx: any WriteTransaction) throws {
        for reader in DecisionShelf.Reader.allCases {
            let shelves = Dictionary(grouping: decisions.compactMap { $0.place(for: reader) }, by: \.shelf).sorted { $0.key < $1.key }
            try reader.insert(shelves.flatMap { $0.value.sorted() }, in: tx)
        }
        var days = DayTally()
        for decision in decisions { days.add(decision) }
        try add(days, in: tx)
    }
}
