using DataLake.Testing;
using Shouldly;
using Xunit;

namespace DataLake.Postgres.Tests.EmbeddedPostgres;

public sealed class SharedServerTests(TestPostgres postgres)
{
    [Fact]
    public async Task Each_test_database_is_empty_and_its_own()
    {
        await using var one = await postgres.CreateDatabaseAsync();
        await using var other = await postgres.CreateDatabaseAsync();

        await one.ExecuteAsync("CREATE TABLE t (id int)");

        (await other.ScalarAsync<long>("SELECT count(*) FROM pg_tables WHERE schemaname = 'public'")).ShouldBe(0);
        (await other.ScalarAsync<string>("SHOW wal_level")).ShouldBe("logical");
    }
}
