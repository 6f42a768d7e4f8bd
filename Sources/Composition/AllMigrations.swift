internal import AccessTokens
internal import Applications
internal import AuthorizationServer
internal import Bank
internal import Consents
internal import Events
internal import Gateway
internal import Identity
internal import Metering
internal import Payments
internal import Portal
public import Storage

/// Every room's tables, in the order in which they are made.
public enum AllMigrations {
    public static func all(on engine: Engine) -> [Migration] {
        shared + EventsMigrations.appendOnly(on: engine) + BankMigrations.immutablePostings(on: engine)
            // Beside SQLite it is no table.
            + (engine == .postgres ? ReplayTable.migrations : [])
    }

    private static let shared: [Migration] =
        StorageMigrations.all + EventsMigrations.all + IdentityMigrations.all + ApplicationsMigrations.all + BankMigrations.all
        + ConsentsMigrations.all + PaymentsMigrations.all + AccessTokensMigrations.all + MeteringMigrations.all + AuthorizationServerMigrations.all
        + GatewayMigrations.all
        + PortalMigrations.all
}
