using DataLake.Parquet.Columns;
using DataLake.Parquet.Schema;
using DataLake.Parquet.Writing;

namespace DataLake.Parquet.Tests.Tables;

/// <summary>A table in memory: values as bool, int, long, float, double, byte[] or null, by the physical type of their column;
/// lists as arrays of those.</summary>
public sealed class TestTable(string name, ParquetSchema schema, IReadOnlyList<object?[]> rows)
{
    public string Name { get; } = name;

    public ParquetSchema Schema { get; } = schema;

    public IReadOnlyList<object?[]> Rows { get; } = rows;

    public ParquetWriterOptions Options { get; init; } = new();

    public int BatchRows { get; init; } = 1024;

    public async Task<ParquetFileSummary> WriteAsync(Stream output)
    {
        await using var writer = new ParquetFileWriter(output, Schema, Options);
        for (var row = 0; row < Rows.Count; row++)
        {
            for (var column = 0; column < Schema.Columns.Count; column++) Append(writer[column], Rows[row][column]);
            if ((row + 1) % BatchRows == 0) await writer.EndBatchAsync(default);
        }

        return await writer.CompleteAsync(default);
    }

    public async Task<(byte[] File, ParquetFileSummary Summary)> WriteAsync()
    {
        using var file = new MemoryStream();
        var summary = await WriteAsync(file);
        return (file.ToArray(), summary);
    }

    public override string ToString() => Name;

    private static void Append(ColumnBuffer buffer, object? value)
    {
        switch (buffer, value)
        {
            case (_, null): buffer.AppendNull(); break;
            case (ListColumnBuffer b, object?[] v):
                foreach (var element in v) Append(b.Element, element);
                b.EndList();
                break;
            case (BooleanColumnBuffer b, bool v): b.Append(v); break;
            case (Int32ColumnBuffer b, int v): b.Append(v); break;
            case (Int64ColumnBuffer b, long v): b.Append(v); break;
            case (FloatColumnBuffer b, float v): b.Append(v); break;
            case (DoubleColumnBuffer b, double v): b.Append(v); break;
            case (ByteArrayColumnBuffer b, byte[] v): b.Append(v); break;
            case (FixedLengthByteArrayColumnBuffer b, byte[] v): b.Append(v); break;
            default: throw new InvalidOperationException($"{value.GetType()} does not go into {buffer.GetType()}.");
        }
    }
}
