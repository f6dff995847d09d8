using System.Diagnostics;
using DataLake.Benchmarks.Measuring;
using DataLake.Postgres.Connections;
using DataLake.Postgres.Wire;
using Npgsql;

namespace DataLake.Benchmarks.Contenders;

/// <summary>Takes what COPY sends and throws it away: what a client costs by itself, before anything is decoded. Each in a process of its own.</summary>
internal static class Drain
{
    // As large as the buffer of the extractor's own reader.
    private const int BufferBytes = 256 * 1024;

    /// <summary>Through the protocol client that the extractor reads with.</summary>
    public static void ByProtocolClient(string connectionString, IReadOnlyList<string> tables)
    {
        var watch = Stopwatch.StartNew();
        using var connection = WireConnection.Open(SourceConnectionString.Read(connectionString, "DataLake benchmark"), CancellationToken.None);
        var buffer = new byte[BufferBytes];
        var (rows, bytes) = (0L, 0L);
        foreach (var table in tables)
        {
            using var copy = connection.StartCopy(Sql(table));
            while (copy.Read(buffer.AsSpan()) is > 0 and var read)
            {
                bytes += read;
            }

            rows += copy.RowsSent ?? 0;
        }

        OwnProcess.Print(new WorkerReport { Rows = rows, WireBytes = bytes, Seconds = watch.Elapsed.TotalSeconds });
    }

    /// <summary>Through the driver's raw stream.</summary>
    /// <param name="connectionString">The source.</param>
    /// <param name="tables">The tables.</param>
    /// <param name="isBlocking">Whether reads block the thread, or are awaited.</param>
    public static async Task ByDriverAsync(string connectionString, IReadOnlyList<string> tables, bool isBlocking)
    {
        var watch = Stopwatch.StartNew();
        await using var source = NpgsqlDataSource.Create(connectionString);
        await using var connection = await source.OpenConnectionAsync();
        var buffer = new byte[BufferBytes];
        var bytes = 0L;
        foreach (var table in tables)
        {
            await using var copy = await connection.BeginRawBinaryCopyAsync(Sql(table));
            while ((isBlocking ? copy.Read(buffer.AsSpan()) : await copy.ReadAsync(buffer, CancellationToken.None)) is > 0 and var read)
            {
                bytes += read;
            }
        }

        OwnProcess.Print(new WorkerReport { WireBytes = bytes, Seconds = watch.Elapsed.TotalSeconds });
    }

    private static string Sql(string table) => $"COPY (SELECT * FROM {table}) TO STDOUT (FORMAT binary)";
}
