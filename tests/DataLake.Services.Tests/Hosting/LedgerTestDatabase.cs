using DataLake.Ledger.Database;
using DataLake.Testing;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Infrastructure;

namespace DataLake.Services.Tests.Hosting;

/// <summary>One migrated ledger for a class of tests; each test keeps to a pipeline of its own.</summary>
public sealed class LedgerTestDatabase(TestPostgres postgres) : IAsyncLifetime
{
    private TestDatabase? database;
    private IDbContextFactory<LedgerContext>? contexts;

    public TestDatabase Database => database!;

    public IDbContextFactory<LedgerContext> Contexts => contexts!;

    public static IDbContextFactory<LedgerContext> ContextsOf(TestDatabase database)
    {
        var options = new DbContextOptionsBuilder<LedgerContext>();
        LedgerDatabase.Configure(options, database.DataSource);
        return new PooledDbContextFactory<LedgerContext>(options.Options);
    }

    public async ValueTask InitializeAsync()
    {
        database = await postgres.CreateDatabaseAsync();
        await LedgerDatabase.MigrateAsync(database.DataSource, CancellationToken.None);
        contexts = ContextsOf(database);
    }

    public ValueTask DisposeAsync() => database?.DisposeAsync() ?? ValueTask.CompletedTask;
}
