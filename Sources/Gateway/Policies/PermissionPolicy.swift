import Consents
import Contract
import OpenBanking
import Web

/// The consent holds the permissions that the operation needs.
struct PermissionPolicy: Policy {
    let name = "permission"

    func check(_ call: inout Call) async throws -> Verdict {
        let all = call.rules.allPermissions
        let any = call.rules.anyPermission
        guard !all.isEmpty || !any.isEmpty else { return .skipped("the operation needs none") }
        guard let consent = call.consent else { return .skipped("no consent") }
        let held = Set(consent.permissions.names)
        let got = consent.permissions.names.joined(separator: ", ")
        if let missing = all.first(where: { !held.contains($0) }) {
            return refused(.permissionMissing, "The consent does not include \(missing).", expected: missing, got: got)
        }
        guard any.isEmpty || any.contains(where: held.contains) else {
            let wanted = any.joined(separator: " or ")
            return refused(.permissionMissing, "The consent does not include \(wanted).", expected: wanted, got: got)
        }
        return .passed((all + any.filter(held.contains)).joined(separator: ", "))
    }
}
