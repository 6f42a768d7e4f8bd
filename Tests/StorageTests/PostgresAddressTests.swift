import StoragePostgres
import Testing

@Suite("PostgreSQL's address")
struct PostgresAddressTests {
    @Test(arguments: [
        "postgres://wekeza@127.0.0.1:5432/bank", "postgresql://wekeza:secret@db.bank.example/bank?sslmode=verify-full",
        "postgres://wekeza@/bank?host=/run/postgresql",
        "postgres:///bank", "postgres://wekeza:p%40ss%2Fw%25@[::1]:5432/bank", "postgres://wekeza@db1:5432,db2:5433/bank",
        "postgres://wekeza:pa?ss@db/bank", "postgres://db/bank?user=wekeza&password=p@ss",
    ])
    func `is read as libpq reads it`(url: String) { #expect(PostgresAddress(url) != nil) }

    @Test(arguments: [
        "postgres://wekeza:pa%ss@db/bank", "postgres://wekeza:pa@ss@db/bank", "postgres://wekeza:pa/ss@db/bank", "postgres://wekeza:pa?s@s@db/bank",
        "postgres://wekeza:pass@db/bank?sslmod=require", "postgres://wekeza@[::1/bank",
    ])
    func `is refused where part of the password would be taken for something else, or it cannot be read`(url: String) {
        #expect(PostgresAddress(url) == nil)
    }
}
