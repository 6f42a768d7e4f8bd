import Applications
import Metering
import Web

/// The call comes from an address that its app may call from.
struct AddressPolicy: ImmediatePolicy {
    let name = "address"

    func check(_ call: inout Call) -> Verdict {
        guard let app = call.app else { return .skipped(.noApp) }
        guard !app.allowedNetworks.isEmpty else { return .passed(.fromAnywhere) }
        guard app.mayCall(from: call.client.ip) else {
            // The list itself is for the app's developers: whoever calls from elsewhere may have found the token.
            return refused(
                .addressNotAllowed, "The app may not call from \(call.client.text).", at: "", expected: "one of the app's allowed addresses",
                got: call.client.text)
        }
        return .found(call.client.text)
    }
}
