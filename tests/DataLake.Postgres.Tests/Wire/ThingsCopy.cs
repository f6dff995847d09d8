using DataLake.Parquet.Schema;
using DataLake.Parquet.Writing;
using DataLake.Postgres.Connections;
using DataLake.Postgres.Copy;
using DataLake.Postgres.Tests.Copy;
using DataLake.Postgres.Types;

namespace DataLake.Postgres.Tests.Wire;

/// <summary>A copy of the table "things", which has one column of eight bytes, from a server that may send anything.</summary>
internal static class ThingsCopy
{
    private static readonly IReadOnlyList<ColumnMapping> Column = Decoding.Columns(("id", 20, -1));

    /// <summary>Reads all that the server sends.</summary>
    /// <returns>How many rows that were.</returns>
    public static async Task<long> RunAsync(SourceConnection connection, CancellationToken cancellation, string sql = "SELECT id FROM things")
    {
        await using var writer = new ParquetFileWriter(Stream.Null, new ParquetSchema([Column[0].Column]), new ParquetWriterOptions());
        var decoder = new RowDecoder(Column, writer.Columns);
        var rows = 0L;
        await CopyReader.CopyAsync(connection, sql, "public.things", ["id"], copy =>
        {
            while (copy.ReadBatch(decoder) > 0)
            {
                writer.EndBatchAsync(cancellation).AsTask().GetAwaiter().GetResult();
            }

            rows = copy.Rows;
        }, cancellation);
        return rows;
    }
}
