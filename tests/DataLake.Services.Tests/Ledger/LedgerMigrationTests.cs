using DataLake.Ledger;
using DataLake.Ledger.Database;
using DataLake.Testing;
using Microsoft.EntityFrameworkCore.Migrations;
using Npgsql;

namespace DataLake.Services.Tests.Ledger;

public sealed class LedgerMigrationTests(TestPostgres postgres)
{
    [Fact]
    public async Task Eight_starters_at_once_apply_the_migrations_once()
    {
        await using var database = await postgres.CreateDatabaseAsync();
        await Task.WhenAll(Enumerable.Range(0, 8).Select(async _ =>
        {
            await using var own = NpgsqlDataSource.Create(database.ConnectionString);
            await LedgerDatabase.MigrateAsync(own, CancellationToken.None);
        }));

        var migrations = typeof(LedgerDatabase).Assembly.GetTypes().Count(type => type.IsSubclassOf(typeof(Migration)));
        (await database.ScalarAsync<long>("SELECT count(*) FROM datalake.schema_migrations")).ShouldBe(migrations);
        (await database.ScalarAsync<long>("SELECT count(*) FROM datalake.runs")).ShouldBe(0);
        (await database.ScalarAsync<long>("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND database = (SELECT oid FROM pg_database WHERE datname = current_database())"))
            .ShouldBe(0);
    }

    [Fact]
    public async Task A_ledger_of_a_newer_version_is_refused_and_left_as_it_is()
    {
        await using var database = await postgres.CreateDatabaseAsync();
        await LedgerDatabase.MigrateAsync(database.DataSource, CancellationToken.None);
        await database.ExecuteAsync("INSERT INTO datalake.schema_migrations VALUES ('999_future', '12.0')");

        var error = await Should.ThrowAsync<LedgerException>(() => LedgerDatabase.MigrateAsync(database.DataSource, CancellationToken.None));

        error.Kind.ShouldBe(LedgerErrorKind.Newer);
        error.CanRetry.ShouldBeFalse();
        error.Message.ShouldContain("999_future");
        error.Message.ShouldContain("--ledger");
    }

    [Fact]
    public async Task An_unreachable_ledger_says_what_to_check_and_names_no_password()
    {
        await using var nowhere = NpgsqlDataSource.Create("Host=127.0.0.1;Port=1;Username=u;Password=very-secret;Database=d;Timeout=5");
        var error = await Should.ThrowAsync<LedgerException>(() => LedgerDatabase.MigrateAsync(nowhere, CancellationToken.None));

        error.Kind.ShouldBe(LedgerErrorKind.Unreachable);
        error.CanRetry.ShouldBeTrue();
        error.Message.ShouldContain("--ledger");
        error.ToString().ShouldNotContain("very-secret");
    }
}
