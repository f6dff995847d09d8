using System.Text;
using DataLake.Testing;
using Npgsql;
using Shouldly;

namespace DataLake.EndToEnd.Tests.Lake;

public sealed class SecretTests(TestPostgres postgres)
{
    private const string Password = "correct-horse-8f1c2e";
    private const string MaskKey = "mask-key-77aa91";

    private const string Definition =
        """
        pipeline: operations
        source:
          connection: env:DATALAKE_SOURCE
        mask_key: file:mask.key
        defaults: { schedule: rate(1 minute), lag: 0s, retries: 0 }
        tables:
          - table: public.deposits
            cursor: updated_at
            key: [deposit_id]
            sensitive: [account_number, { column: customer_email, mask: hash }, { column: customer_name, mask: redact }]
        notify:
          - on: [failed, succeeded, recovered]
            log: true
        """;

    [Fact]
    public async Task No_secret_is_in_the_ledger_the_log_or_the_lake()
    {
        await using var lake = await OperationsLake.CreateAsync(postgres, Definition);
        await File.WriteAllTextAsync(Path.Combine(lake.Folder, "mask.key"), MaskKey + "\n");
        await lake.Source.ExecuteAsync($"CREATE ROLE secretive LOGIN PASSWORD '{Password}'; GRANT SELECT ON ALL TABLES IN SCHEMA public TO secretive");
        try
        {
            var printed = new StringBuilder();
            // Once with the right password, once with a wrong one: errors are where secrets leak.
            foreach (var (password, exitCode) in new[] { (Password, 0), (Password + "-wrong", 1) })
            {
                var connection = new NpgsqlConnectionStringBuilder(lake.Source.ConnectionString) { Username = "secretive", Password = password };
                await using var host = lake.Start(["--once", "--verbose"], sourceConnection: connection.ConnectionString);
                (await host.EndAsync()).ShouldBe(exitCode, host.Everything);
                printed.Append(host.Everything);
            }

            printed.ToString().ShouldContain("password authentication failed");
            var ledger = await TextOfAsync(lake.Ledger);
            var ledgerPassword = new NpgsqlConnectionStringBuilder(lake.Ledger.ConnectionString).Password!;
            foreach (var secret in new[] { Password, MaskKey, ledgerPassword })
            {
                printed.ToString().ShouldNotContain(secret);
                ledger.ShouldNotContain(secret);
            }

            await MaskedValuesAreNotInAsync(lake);
        }
        finally
        {
            await lake.Source.ExecuteAsync("DROP OWNED BY secretive; DROP ROLE secretive");
        }
    }

    [Fact]
    public async Task A_connection_string_that_cannot_be_read_is_not_repeated()
    {
        await using var lake = await OperationsLake.CreateAsync(postgres, Definition);
        await using var host = lake.Start(["--once"], sourceConnection: $"Hosst=x;Pass word={Password}");
        (await host.EndAsync()).ShouldBe(2);
        host.Errors.ShouldContain("--source");
        host.Everything.ShouldNotContain(Password);
    }

    private static async Task MaskedValuesAreNotInAsync(OperationsLake lake)
    {
        var accounts = await lake.Source.ScalarAsync<string>("SELECT string_agg(account_number || ' ' || customer_email, ' ') FROM (SELECT * FROM deposits LIMIT 50) d");
        foreach (var file in lake.FilesOnDisk("."))
        {
            var bytes = await File.ReadAllBytesAsync(file);
            foreach (var value in accounts.Split(' '))
            {
                bytes.AsSpan().IndexOf(Encoding.UTF8.GetBytes(value)).ShouldBe(-1, $"{value} in {file}");
            }
        }
    }

    private static async Task<string> TextOfAsync(TestDatabase ledger)
    {
        var text = new StringBuilder();
        var tables = await ledger.ScalarAsync<string>("SELECT string_agg(tablename, ' ') FROM pg_tables WHERE schemaname = 'datalake'");
        foreach (var table in tables.Split(' '))
        {
            text.Append(await ledger.ScalarAsync<string>($"SELECT coalesce(string_agg(t::text, ' '), '') FROM datalake.{table} t"));
        }

        return text.ToString();
    }
}
