using System.Globalization;
using System.Numerics;
using System.Text;
using DataLake.Parquet.Schema;

namespace DataLake.Parquet.Tests.Tables;

/// <summary>Rows in the form that tests/readers/read.mjs prints.</summary>
internal static class CanonicalRows
{
    private const long MaxSafeInteger = (1L << 53) - 1;

    /// <param name="schema">The columns.</param>
    /// <param name="rows">Their values.</param>
    /// <param name="enumsAreBytes">The Rust reader gives ENUM columns as bytes: Arrow has no such type.</param>
    public static List<string> Of(ParquetSchema schema, IEnumerable<object?[]> rows, bool enumsAreBytes = false)
    {
        if (enumsAreBytes) schema = new([.. schema.Columns.Select(c => c.Element is { } element ? c with { Element = WithoutEnum(element) } : WithoutEnum(c))]);
        List<string> lines = [Line(schema.Columns.Select(column => Text(column.Name)))];
        foreach (var row in rows) lines.Add(Line(row.Select((value, i) => Value(schema.Columns[i], value))));
        return lines;
    }

    private static ParquetColumn WithoutEnum(ParquetColumn column) => column.LogicalType?.Kind == LogicalTypeKind.Enum ? column with { LogicalType = null } : column;

    private static string Line(IEnumerable<string> values) => $"[{string.Join(',', values)}]";

    private static string Value(ParquetColumn column, object? value)
    {
        var logical = column.LogicalType;
        return (logical?.Kind, value) switch
        {
            (_, null) => "null",
            (LogicalTypeKind.List, object?[] v) => Line(v.Select(element => Value(column.Element!, element))),
            (_, bool v) => v ? "true" : "false",
            (LogicalTypeKind.Decimal, _) => Decimal(Unscaled(value), logical!.Scale),
            (LogicalTypeKind.Time or LogicalTypeKind.Timestamp, _) => Integer(Unscaled(value) * (logical!.Unit switch
            {
                TimeUnit.Milliseconds => 1_000_000,
                TimeUnit.Microseconds => 1_000,
                _ => 1,
            })),
            (LogicalTypeKind.Integer, int v) when !logical!.IsSigned => Integer((uint)v),
            (LogicalTypeKind.Integer, long v) when !logical!.IsSigned => Integer((ulong)v),
            (_, int or long) => Integer(Unscaled(value)),
            (_, float v) => float.IsNaN(v) ? "\"NaN\"" : $"\"f:{BitConverter.SingleToUInt32Bits(v):x8}\"",
            (_, double v) => double.IsNaN(v) ? "\"NaN\"" : $"\"d:{BitConverter.DoubleToUInt64Bits(v):x16}\"",
            (LogicalTypeKind.String or LogicalTypeKind.Json or LogicalTypeKind.Enum, byte[] v) => Text(Encoding.UTF8.GetString(v)),
            (_, byte[] v) => $"\"0x{Convert.ToHexStringLower(v)}\"",
            _ => throw new InvalidOperationException(),
        };
    }

    private static BigInteger Unscaled(object value) => value switch
    {
        int v => v,
        long v => v,
        byte[] v => new BigInteger(v, isUnsigned: false, isBigEndian: true),
        _ => throw new InvalidOperationException(),
    };

    private static string Integer(BigInteger value) => BigInteger.Abs(value) <= MaxSafeInteger ? value.ToString(CultureInfo.InvariantCulture) : $"\"{value}\"";

    private static string Decimal(BigInteger unscaled, int scale)
    {
        var digits = BigInteger.Abs(unscaled).ToString(CultureInfo.InvariantCulture).PadLeft(scale + 1, '0');
        return $"\"n:{(unscaled.Sign < 0 ? "-" : "")}{digits[..^scale]}{(scale > 0 ? "." + digits[^scale..] : "")}\"";
    }

    /// <summary>As JSON.stringify does: nothing escaped that need not be.</summary>
    private static string Text(string text)
    {
        var json = new StringBuilder("\"");
        foreach (var c in text)
        {
            _ = c switch
            {
                '"' => json.Append("\\\""),
                '\\' => json.Append("\\\\"),
                '\b' => json.Append("\\b"),
                '\f' => json.Append("\\f"),
                '\n' => json.Append("\\n"),
                '\r' => json.Append("\\r"),
                '\t' => json.Append("\\t"),
                < ' ' => json.Append(CultureInfo.InvariantCulture, $"\\u{(int)c:x4}"),
                _ => json.Append(c),
            };
        }

        return json.Append('"').ToString();
    }
}
