internal import Foundation
internal import NIOCore
internal import ServiceLifecycle

/// A listener whose socket cannot be opened says in one sentence what to change.
struct Listening: Service {
    let listener: any Service
    let host: String
    let port: Int
    /// The flag that sets the port.
    let portFlag: String

    func run() async throws {
        do {
            try await listener.run()
        } catch let error as IOError {
            throw ConfigurationError(sentence(error.errnoCode))
        } catch is SocketAddressError {
            throw ConfigurationError(hostSentence)
        } catch is SocketAddressError.UnknownHost {
            throw ConfigurationError(hostSentence)
        }
    }

    private func sentence(_ code: CInt) -> String {
        switch code {
        case EADDRINUSE: "Port \(port) is in use on \(host): stop the program that listens there, or choose another port with \(portFlag)."
        case EACCES: "This user may not listen on port \(port): choose a port above 1023 with \(portFlag)."
        case EADDRNOTAVAIL: hostSentence
        default: "\(host):\(port) cannot be listened on: \(IOError(errnoCode: code, reason: "bind"))."
        }
    }

    private var hostSentence: String { "--host must be an address or a name of this machine, not \(host)." }
}
