using System.Text;
using DataLake.Iceberg.Files;
using DataLake.Iceberg.Manifests;
using DataLake.Iceberg.ParquetFiles;
using DataLake.Iceberg.Types;
using DataLake.Parquet.Columns;
using DataLake.Parquet.Writing;

namespace DataLake.Benchmarks.Tables;

/// <summary>A table of orders: a key that rises with time, numbers, times and text; what a row holds follows from its key and version, so that every run has the same.</summary>
internal static class OrderRows
{
    /// <summary>The key's field id.</summary>
    public const int Id = 1;

    private const int RowsOfBatch = 8 * 1024;
    private const long FirstTime = 1_700_000_000_000_000;

    private static readonly byte[][] Statuses = [.. new[] { "new", "paid", "packed", "sent", "delivered", "returned" }.Select(Encoding.UTF8.GetBytes)];

    /// <summary>The table's schema.</summary>
    public static Schema Schema { get; } = new(
        StructType.Of(
            NestedField.Mandatory(Id, "id", PrimitiveType.Long), NestedField.Mandatory(2, "customer", PrimitiveType.Int), NestedField.Mandatory(3, "product", PrimitiveType.Int),
            NestedField.Mandatory(4, "quantity", PrimitiveType.Int), NestedField.Mandatory(5, "price", PrimitiveType.Double), NestedField.Mandatory(6, "discount", PrimitiveType.Double),
            NestedField.Mandatory(7, "created", PrimitiveType.Timestamptz), NestedField.Mandatory(8, "updated", PrimitiveType.Timestamptz), NestedField.Mandatory(9, "status", PrimitiveType.String),
            NestedField.Mandatory(10, "reference", PrimitiveType.String), NestedField.Optional(11, "note", PrimitiveType.String), NestedField.Mandatory(12, "version", PrimitiveType.Int)),
        identifierFieldIds: [Id]);

    /// <summary>Writes a file of rows.</summary>
    public static async Task<DataFile> WriteAsync(TableFiles files, string location, IEnumerable<long> ids, int version, CancellationToken cancellation)
    {
        await using var file = files.Create(location);
        await using var writer = new ParquetFileWriter(file.Stream, ParquetTypes.ToParquet(Schema), new ParquetWriterOptions());
        foreach (var batch in ids.Chunk(RowsOfBatch))
        {
            foreach (var id in batch) Append(writer, id, version);
            await writer.EndBatchAsync(cancellation);
        }

        var summary = await writer.CompleteAsync(cancellation);
        await file.PublishAsync(cancellation);
        return ParquetDataFile.Of(location, summary.ByteLength, summary.Metadata);
    }

    private static void Append(ParquetFileWriter writer, long id, int version)
    {
        // SplitMix64: numbers that look like chance and are the same each time.
        var noise = (ulong)id * 0x9E3779B97F4A7C15 + (ulong)version;
        noise = (noise ^ (noise >> 30)) * 0xBF58476D1CE4E5B9;
        noise = (noise ^ (noise >> 27)) * 0x94D049BB133111EB;
        noise ^= noise >> 31;
        ((Int64ColumnBuffer)writer[0]).Append(id);
        ((Int32ColumnBuffer)writer[1]).Append((int)(noise % 1_000_000));
        ((Int32ColumnBuffer)writer[2]).Append((int)((noise >> 20) % 20_000));
        ((Int32ColumnBuffer)writer[3]).Append((int)((noise >> 40) % 12) + 1);
        ((DoubleColumnBuffer)writer[4]).Append((noise >> 16) % 100_000 / 100.0);
        ((DoubleColumnBuffer)writer[5]).Append((noise >> 50) % 20 / 100.0);
        ((Int64ColumnBuffer)writer[6]).Append(FirstTime + (id * 1_000_003) + (long)(noise & 0xFFFF));
        ((Int64ColumnBuffer)writer[7]).Append(FirstTime + (id * 1_000_003) + (long)(noise & 0xFFFFFF) + (version * 86_400_000_000L));
        ((ByteArrayColumnBuffer)writer[8]).Append(Statuses[noise % 6]);
        Span<byte> text = stackalloc byte[16];
        noise.TryFormat(text, out _, "x16");
        ((ByteArrayColumnBuffer)writer[9]).Append(text);
        if (noise % 3 == 0) ((ByteArrayColumnBuffer)writer[10]).Append(text[..8]);
        else writer[10].AppendNull();
        ((Int32ColumnBuffer)writer[11]).Append(version);
    }
}
