using System.Globalization;
using System.Numerics;
using System.Text;
using System.Text.Json;
using DataLake.Contracts;
using DataLake.Parquet.Reading;
using DataLake.Parquet.Schema;
using DataLake.Parquet.Writing;
using DataLake.Postgres.Connections;
using DataLake.Postgres.Copy;
using DataLake.Postgres.Tables;
using DataLake.Postgres.Types;
using DataLake.Testing;
using DataLake.Testing.Readers;
using Shouldly;

namespace DataLake.Postgres.Tests.Types;

/// <summary>A table of a test's database on its whole way: snapshot, catalog, COPY, Parquet, and back by a reader.</summary>
internal static class Extraction
{
    private static readonly JsonSerializerOptions Relaxed = new() { Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>Writes all rows of a table into one Parquet file.</summary>
    public static async Task<SourceTable> ToFileAsync(
        TestDatabase database, string table, string path, string order = "", ColumnRules? rules = null, string? maskKey = null, ParquetWriterOptions? options = null)
    {
        var connections = new SourceConnections(database.ConnectionString, 1, "extraction test");
        await using var snapshot = await SourceSnapshot.TakeAsync(connections, CancellationToken.None);
        var source = await TableInspector.InspectAsync(snapshot.Owner, TableName.TryParse(table)!, CancellationToken.None);
        var mappings = TableMapping.Of(source, [.. source.Columns.Select((_, i) => i + 1)], rules ?? ColumnRules.None, maskKey);
        await using var file = new FileStream(path, FileMode.Create, FileAccess.ReadWrite, FileShare.Read);
        await using var writer = new ParquetFileWriter(file, new ParquetSchema([.. mappings.Select(mapping => mapping.Column)]), options ?? new ParquetWriterOptions());
        var query = $"SELECT {string.Join(", ", mappings.Select(mapping => mapping.Select))} FROM {source.Name.ToSql()} {order}";
        var decoder = new RowDecoder(mappings, writer.Columns);
        await CopyReader.CopyAsync(snapshot.Owner, query, source.Name.ToString(), [.. mappings.Select(mapping => mapping.Name)], copy =>
        {
            while (copy.ReadBatch(decoder) > 0)
            {
                writer.EndBatchAsync(CancellationToken.None).AsTask().GetAwaiter().GetResult();
            }
        }, CancellationToken.None);
        await writer.CompleteAsync(CancellationToken.None);
        (await ContentAsync(path, mappings)).ShouldBe(decoder.Content, $"the receipt of {source.Name}");
        return source;
    }

    /// <summary>The content hash of a file.</summary>
    public static async Task<ContentHash> ContentAsync(string path, IReadOnlyList<ColumnMapping> mappings)
    {
        await using var reader = await ParquetFileReader.OpenAsync(new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite));
        var content = default(ContentHash);
        for (var group = 0; group < reader.Metadata.RowGroups.Count; group++)
        {
            content += await WrittenRows.HashAsync(reader, group, mappings, CancellationToken.None);
        }

        return content;
    }

    /// <summary>The rows of a file as an independent reader sees them, in the form of tests/readers/read.mjs, with numbers as their text.</summary>
    public static async Task<IReadOnlyList<string?[]>> ReadAsync(string reader, string path)
    {
        return Rows((await LakeReaders.ReadAsync(reader, [path]))[0]);
    }

    /// <summary>The rows among the lines that a reader prints of a file.</summary>
    public static IReadOnlyList<string?[]> Rows(IReadOnlyList<string> lines)
    {
        return [.. lines.Skip(1).Select(line => JsonDocument.Parse(line).RootElement.EnumerateArray().Select(TextOf).ToArray())];

        static string? TextOf(JsonElement value) => value.ValueKind switch
        {
            JsonValueKind.Null => null,
            JsonValueKind.String => value.GetString(),
            _ => value.GetRawText(),
        };
    }

    /// <summary>The rows of a file as DataLake's own reader sees them, in the same form.</summary>
    public static async Task<IReadOnlyList<string?[]>> ReadOurselvesAsync(string path)
    {
        await using var reader = await ParquetFileReader.OpenAsync(path);
        var columns = reader.Metadata.Schema.Columns;
        var rows = Enumerable.Range(0, (int)reader.Metadata.RowCount).Select(_ => new string?[columns.Count]).ToArray();
        var first = 0;
        for (var group = 0; group < reader.Metadata.RowGroups.Count; group++)
        {
            for (var column = 0; column < columns.Count; column++)
            {
                using var values = await reader.ReadColumnAsync(group, column);
                for (int row = 0, value = 0; row < values.RowCount; row++)
                {
                    rows[first + row][column] = values.IsNull(row) ? null
                        : values is ListColumnValues lists ? ListOf(columns[column], lists, row, ref value)
                        : TextOf(columns[column], values, value++);
                }
            }

            first += (int)reader.Metadata.RowGroups[group].RowCount;
        }

        return rows;
    }

    /// <summary>A list as JSON, with numbers bare where a reader writes them so.</summary>
    private static string ListOf(ParquetColumn column, ListColumnValues lists, int row, ref int value)
    {
        var elements = new List<string>();
        for (var element = lists.Offsets[row]; element < lists.Offsets[row + 1]; element++)
        {
            var text = lists.Elements.IsNull(element) ? null : TextOf(column.Element!, lists.Elements, value++);
            var isBare = column.PhysicalType is PhysicalType.Boolean or PhysicalType.Int32 or PhysicalType.Int64 && column.Element!.LogicalType?.Kind != LogicalTypeKind.Decimal;
            elements.Add(text is null ? "null" : isBare ? text : JsonSerializer.Serialize(text, Relaxed));
        }

        return $"[{string.Join(',', elements)}]";
    }

    private static string TextOf(ParquetColumn column, ColumnValues values, int index)
    {
        var logical = column.LogicalType;
        return values switch
        {
            ListColumnValues => throw new NotSupportedException("Lists have rows of elements; see ListOf."),
            FixedWidthColumnValues<bool> booleans => booleans.Values[index] ? "true" : "false",
            FixedWidthColumnValues<float> floats => float.IsNaN(floats.Values[index]) ? "NaN" : $"f:{BitConverter.SingleToUInt32Bits(floats.Values[index]):x8}",
            FixedWidthColumnValues<double> doubles => double.IsNaN(doubles.Values[index]) ? "NaN" : $"d:{BitConverter.DoubleToUInt64Bits(doubles.Values[index]):x16}",
            FixedWidthColumnValues<int> integers => Whole(integers.Values[index]),
            FixedWidthColumnValues<long> integers => Whole(integers.Values[index]),
            ByteArrayColumnValues bytes => logical?.Kind switch
            {
                LogicalTypeKind.String => Encoding.UTF8.GetString(bytes[index]),
                LogicalTypeKind.Decimal => Decimal(new BigInteger(bytes[index], isBigEndian: true)),
                _ => "0x" + Convert.ToHexStringLower(bytes[index]),
            },
            _ => throw new NotSupportedException(values.GetType().Name),
        };

        string Whole(long value) => logical?.Kind switch
        {
            LogicalTypeKind.Decimal => Decimal(value),
            LogicalTypeKind.Time or LogicalTypeKind.Timestamp => ((Int128)value * 1_000).ToString(CultureInfo.InvariantCulture),
            _ => value.ToString(CultureInfo.InvariantCulture),
        };

        string Decimal(BigInteger unscaled)
        {
            var digits = BigInteger.Abs(unscaled).ToString(CultureInfo.InvariantCulture).PadLeft(logical!.Scale + 1, '0');
            return $"n:{(unscaled < 0 ? "-" : "")}{digits[..^logical.Scale]}{(logical.Scale > 0 ? "." : "")}{digits[^logical.Scale..]}";
        }
    }
}
