using System.Buffers.Binary;
using DataLake.Parquet.Schema;
using DataLake.Postgres.Tables;
using DataLake.Postgres.Types;

namespace DataLake.Postgres.Tests.Copy;

/// <summary>Some columns with a stream of three rows, values, NULLs and values again, whose parts are known.</summary>
internal sealed class CopyShape
{
    private const int HeaderLength = 19;
    private const uint Int4Array = 1007, TextArray = 1009, NumericArray = 1231;
    private static readonly TypePolicies Lists = new() { Arrays = ArrayForm.List };

    private static readonly Dictionary<string, (ColumnMapping Column, byte[] Value)> Kinds = new()
    {
        ["boolean"] = (Column(16), [1]),
        ["bytea"] = (Column(17), [0, 0xFF, 7]),
        ["int8"] = (Column(20), Big(1L << 40)),
        ["int2"] = (Column(21), [1, 2]),
        ["int4"] = (Column(23), CopyBytes.Of(-5)),
        ["oid"] = (Column(26), CopyBytes.Of(16_384)),
        ["float4"] = (Column(700), CopyBytes.Of(BitConverter.SingleToInt32Bits(1.5f))),
        ["float8"] = (Column(701), Big(BitConverter.DoubleToInt64Bits(-2.25))),
        ["text"] = (Column(25), CopyBytes.Text("größer")),
        ["date"] = (Column(1082), CopyBytes.Of(9_000)),
        ["time"] = (Column(1083), Big(43_200_000_000)),
        ["timestamp"] = (Column(1114), Big(800_000_000_000_000)),
        ["uuid"] = (Column(2950), [.. Enumerable.Range(0, 16).Select(i => (byte)i)]),
        ["jsonb"] = (Column(3802), [1, .. "{\"a\":1}"u8]),
        ["numeric9"] = (Column(1700, ((9 << 16) | 2) + 4), [0, 2, 0, 0, 0x40, 0, 0, 2, 0, 99, 9, 0xC4]), // -99.25
        ["numeric18"] = (Column(1700, ((18 << 16) | 6) + 4), [0, 3, 0, 1, 0, 0, 0, 6, 0, 1, 0, 0, 0x03, 0xE8]), // 10000.1
        ["numeric38"] = (Column(1700, ((38 << 16) | 10) + 4), [0, 6, 0, 3, 0, 0, 0, 10, 0, 1, 0, 2, 0, 3, 0, 4, 0, 5, 0x1F, 0x40]),
        ["int4s"] = (Column(Int4Array), [.. Array(23, 3), .. CopyBytes.Of(4), .. CopyBytes.Of(7), .. CopyBytes.Of(-1), .. CopyBytes.Of(4), .. CopyBytes.Of(9)]),
        ["texts"] = (Column(TextArray), [.. Array(25, 2), .. CopyBytes.Of(2), (byte)'a', (byte)'b', .. CopyBytes.Of(0)]),
        ["numerics"] = (Column(NumericArray, ((9 << 16) | 2) + 4), [.. Array(1700, 1), .. CopyBytes.Of(12), 0, 2, 0, 0, 0x40, 0, 0, 2, 0, 99, 9, 0xC4]),
        ["shifted"] = (Shifted(), [.. CopyBytes.Of(9_000), .. "customer 7"u8]),
        ["partial"] = (ColumnMapping.Of(Source("text", 25, -1), 1, ColumnMask.Partial), CopyBytes.Text("DE02 漢字 1234")),
    };

    /// <summary>Small ones, at little cost a case, and all types at once.</summary>
    public static IReadOnlyList<CopyShape> All { get; } =
    [
        new("number", "int4"), new("words", "text", "bytea", "jsonb"), new("numbers", "numeric9", "numeric18", "numeric38"), new("lists", "int4s", "texts", "numerics"),
        new("masks", "shifted", "partial"), new("fixed", "boolean", "int2", "int8", "float4", "float8", "date", "time", "timestamp", "uuid"), new("every", [.. Kinds.Keys]),
    ];

    private CopyShape(string name, params string[] kinds)
    {
        Name = name;
        Columns = [.. kinds.Select(kind => Kinds[kind].Column with { Name = kind, Column = Kinds[kind].Column.Column with { Name = kind } })];
        Names = kinds;
        Schema = new ParquetSchema([.. Columns.Select(column => column.Column)]);
        var values = kinds.Select(kind => (byte[]?)Kinds[kind].Value).ToArray();
        Stream = new CopyBytes().Row(values).Row(new byte[]?[kinds.Length]).Row(values).End();
        (Fields, RowStarts) = PartsOf(Stream, kinds.Length);
    }

    public string Name { get; }

    public IReadOnlyList<ColumnMapping> Columns { get; }

    public IReadOnlyList<string> Names { get; }

    public ParquetSchema Schema { get; }

    /// <summary>The rows as COPY sends them.</summary>
    public byte[] Stream { get; }

    /// <summary>Where the length of each value stands, and what it is.</summary>
    public IReadOnlyList<(int At, int Length)> Fields { get; }

    /// <summary>Where each row begins, and last the trailer.</summary>
    public IReadOnlyList<int> RowStarts { get; }

    /// <summary>The rows that stand whole before an offset.</summary>
    public int RowsBefore(int offset) => RowStarts.Skip(1).Count(start => start <= offset);

    /// <summary>How many rows a stream of so many columns has; null: its frame is not whole, whatever the values are. Written from COPY's documentation, not from the reader.</summary>
    public static int? CountRows(ReadOnlySpan<byte> stream, int columns)
    {
        if (stream.Length < HeaderLength || !stream.StartsWith(new CopyBytes().WithoutEnd().AsSpan(0, 11)) || stream[11] != 0 || stream[12] != 0 || stream[15..HeaderLength].ContainsAnyExcept((byte)0))
        {
            return null;
        }

        stream = stream[HeaderLength..];
        for (var rows = 0; stream.Length >= 2; rows++)
        {
            var count = BinaryPrimitives.ReadInt16BigEndian(stream);
            stream = stream[2..];
            if (count == -1)
            {
                return stream.IsEmpty ? rows : null;
            }

            if (count != columns)
            {
                return null;
            }

            for (; count > 0; count--)
            {
                if (stream.Length < 4 || BinaryPrimitives.ReadInt32BigEndian(stream) is var length && (length < -1 || length > stream.Length - 4))
                {
                    return null;
                }

                stream = stream[(4 + Math.Max(length, 0))..];
            }
        }

        return null;
    }

    private static (List<(int, int)> Fields, List<int> RowStarts) PartsOf(byte[] stream, int columns)
    {
        var (fields, rows, at) = (new List<(int, int)>(), new List<int>(), HeaderLength);
        for (rows.Add(at); at < stream.Length - 2; rows.Add(at))
        {
            at += 2;
            for (var column = 0; column < columns; column++)
            {
                var length = BinaryPrimitives.ReadInt32BigEndian(stream.AsSpan(at));
                fields.Add((at, length));
                at += 4 + Math.Max(length, 0);
            }
        }

        return (fields, rows);
    }

    private static ColumnMapping Column(uint type, int modifier = -1) => ColumnMapping.Of(Source("column", type, modifier), 1, policies: Lists);

    private static ColumnMapping Shifted() => ColumnMapping.DateShift(Source("date", 1082, -1), 1, Source("by", 25, -1), "the key of this test", TypePolicies.Default);

    private static SourceTableColumn Source(string name, uint type, int modifier) => new(name, 1, "", type, modifier, Nullable: true);

    // An array of one dimension that begins at 1.
    private static byte[] Array(int elementType, int count) =>
        [.. CopyBytes.Of(1), .. CopyBytes.Of(1), .. CopyBytes.Of(elementType), .. CopyBytes.Of(count), .. CopyBytes.Of(1)];

    private static byte[] Big(long value)
    {
        var bytes = new byte[8];
        BinaryPrimitives.WriteInt64BigEndian(bytes, value);
        return bytes;
    }
}
