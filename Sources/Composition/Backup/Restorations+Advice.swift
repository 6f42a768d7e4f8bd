internal import Storage

extension Restorations.Stage {
    /// What ends it, a sentence for the operator.
    var advice: String {
        switch self {
        case .bringingBack:
            "Run wekeza restore FILE --replace: the database lacks what only the backup has, its tables or the list of their steps, "
                + "also where somebody put a copy in place by hand."
        case .ending: "Run wekeza restore again, with --replace or --in-place."
        }
    }
}
