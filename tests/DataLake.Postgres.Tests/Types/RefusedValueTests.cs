using DataLake.Parquet.Schema;
using DataLake.Parquet.Writing;
using DataLake.Postgres.Copy;
using DataLake.Postgres.Errors;
using DataLake.Testing;
using Npgsql;
using Reader = DataLake.Postgres.Copy.CopyReader;
using Shouldly;
using Xunit;

namespace DataLake.Postgres.Tests.Types;

/// <summary>Values that Parquet's types cannot hold stop the run and name their row and column.</summary>
public sealed class RefusedValueTests(TestPostgres postgres)
{
    [Theory]
    [InlineData("date", "infinity", "holds an infinite date")]
    [InlineData("date", "-infinity", "holds an infinite date")]
    [InlineData("timestamp", "infinity", "holds an infinite timestamp")]
    [InlineData("timestamptz", "-infinity", "holds an infinite timestamp")]
    [InlineData("timestamp", "294276-12-31 23:59:59.999999", "holds a timestamp after 294247-01-10 04:00:54.775806")]
    [InlineData("timestamptz", "294247-01-10 04:00:54.775807+00", "holds a timestamp after 294247-01-10 04:00:54.775806")]
    [InlineData("time", "24:00:00", "holds the time 24:00:00")]
    [InlineData("numeric(10,2)", "NaN", "holds NaN")]
    [InlineData("numeric(30,2)", "NaN", "holds NaN")]
    public async Task A_value_that_cannot_be_kept_is_named_with_its_row_and_column(string type, string value, string problem)
    {
        await using var database = await postgres.CreateDatabaseAsync();
        await database.ExecuteAsync($"CREATE TABLE things (id int, \"the value\" {type}); INSERT INTO things VALUES (1, NULL), (2, NULL), (3, '{value}'), (4, NULL)");
        using var folder = new TemporaryFolder();
        var error = await Should.ThrowAsync<SourceException>(() => Extraction.ToFileAsync(database, "things", folder.In("x.parquet"), "ORDER BY id"));
        error.Kind.ShouldBe(SourceErrorKind.Value);
        error.CanRetry.ShouldBeFalse();
        error.Message.ShouldStartWith($"Row 3 of public.things cannot be kept: the column the value {problem}");
        error.Message.ShouldContain("casts the column to text");
    }

    [Fact]
    public async Task Text_of_no_known_encoding_is_refused()
    {
        var server = await postgres.ServerAsync();
        await using var maintenance = NpgsqlDataSource.Create(server.ConnectionString("postgres"));
        await using var create = maintenance.CreateCommand("CREATE DATABASE old_bytes ENCODING 'SQL_ASCII' TEMPLATE template0 LC_COLLATE 'C' LC_CTYPE 'C'");
        await create.ExecuteNonQueryAsync();
        await using var database = new OldDatabase(server.ConnectionString("old_bytes"), maintenance);
        await using (var fill = database.DataSource.CreateCommand("CREATE TABLE things (name text); INSERT INTO things VALUES ('plain'), (E'caf\\xE9')"))
        {
            await fill.ExecuteNonQueryAsync();
        }

        var connections = new DataLake.Postgres.Connections.SourceConnections(server.ConnectionString("old_bytes"), 1, "old bytes");
        await using var connection = await connections.OpenAsync(CancellationToken.None);
        var columns = Copy.Decoding.Columns(("name", 25, -1));
        await using var writer = new ParquetFileWriter(Stream.Null, new ParquetSchema([columns[0].Column]), new ParquetWriterOptions());
        var decoder = new RowDecoder(columns, writer.Columns);
        var error = await Should.ThrowAsync<SourceException>(() => Reader.CopyAsync(connection, "SELECT name FROM things", "public.things", ["name"], copy =>
        {
            while (copy.ReadBatch(decoder) > 0)
            {
            }
        }, CancellationToken.None));
        error.Kind.ShouldBe(SourceErrorKind.Value);
        error.CanRetry.ShouldBeFalse();
        error.Message.ShouldContain("invalid byte sequence for encoding \"UTF8\"");
    }

    private sealed class OldDatabase(string connectionString, NpgsqlDataSource maintenance) : IAsyncDisposable
    {
        public NpgsqlDataSource DataSource { get; } = NpgsqlDataSource.Create(connectionString);

        public async ValueTask DisposeAsync()
        {
            await DataSource.DisposeAsync();
            await using var drop = maintenance.CreateCommand("DROP DATABASE old_bytes WITH (FORCE)");
            await drop.ExecuteNonQueryAsync();
        }
    }
}
