import Consents
import Contract
import Metering
import OpenBanking
import Web

/// The consent holds the permissions that the operation needs.
struct PermissionPolicy: ImmediatePolicy {
    let name = "permission"

    func check(_ call: inout Call) -> Verdict {
        let all = call.rules.allPermissions
        let any = call.rules.anyPermission
        guard !all.isEmpty || !any.isEmpty else { return .skipped(.needsNoPermission) }
        guard let consent = call.consent else { return .skipped(.noConsent) }
        let holds = { (name: String) in Permission(rawValue: name).map(consent.permissions.contains) ?? false }
        if let missing = all.first(where: { !holds($0) }) { return missingPermission(missing, of: consent) }
        guard any.isEmpty || any.contains(where: holds) else { return missingPermission(any.joined(separator: " or "), of: consent) }
        return .found(all.first ?? any.first(where: holds) ?? "")
    }

    private func missingPermission(_ wanted: String, of consent: Consent) -> Verdict {
        refused(
            .permissionMissing, "The consent does not include \(wanted).", expected: wanted, got: consent.permissions.names.joined(separator: ", "))
    }
}
