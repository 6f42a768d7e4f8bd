internal import Foundation
internal import NIOCore
internal import ServiceLifecycle

/// A listener whose socket cannot be opened says in one sentence what to change.
struct Listening: Service {
    let listener: any Service
    let host: String
    let port: ListeningPort

    func run() async throws {
        do {
            try await listener.run()
        } catch let error as IOError {
            throw port.error(error.errnoCode, on: host)
        } catch is SocketAddressError {
            throw port.error(EADDRNOTAVAIL, on: host)
        } catch is SocketAddressError.UnknownHost {
            throw port.error(EADDRNOTAVAIL, on: host)
        }
    }
}
