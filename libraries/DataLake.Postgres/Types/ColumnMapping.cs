using DataLake.Contracts;
using DataLake.Parquet.Columns;
using DataLake.Parquet.Schema;
using DataLake.Postgres.Tables;

namespace DataLake.Postgres.Types;

/// <summary>What becomes of a sensitive column's values while they are read.</summary>
public enum ColumnMask
{
    /// <summary>They are kept.</summary>
    None,

    /// <summary>They are missing; the source does not send them.</summary>
    Null,

    /// <summary>Text <c>[redacted]</c> in their place; the source does not send them.</summary>
    Redact,

    /// <summary>A keyed hash in their place.</summary>
    Hash,
}

/// <summary>How one column of a source becomes one column of a file.</summary>
/// <param name="Name">The column.</param>
/// <param name="Select">The expression that the source is asked for.</param>
/// <param name="Column">The column of the file.</param>
/// <param name="Bind">Makes the decoder for the column of one file.</param>
public sealed record ColumnMapping(string Name, string Select, ParquetColumn Column, Func<ColumnBuffer, ColumnDecoder> Bind)
{
    private const int LargestPrecision = 38;

    /// <summary>
    /// The mapping of a column. Types without a Parquet type of their own are kept as the text that PostgreSQL writes for them.
    /// </summary>
    /// <param name="column">The column of the source.</param>
    /// <param name="fieldId">The column's id in the lake's table.</param>
    /// <param name="mask">What becomes of its values.</param>
    /// <param name="maskKey">The key of <see cref="ColumnMask.Hash"/>.</param>
    public static ColumnMapping Of(SourceTableColumn column, int fieldId, ColumnMask mask = ColumnMask.None, string? maskKey = null)
    {
        ArgumentNullException.ThrowIfNull(column);
        var name = TableName.Quote(column.Name);
        return mask switch
        {
            ColumnMask.Hash => Hash(HashDecoder.Key(maskKey ?? throw new ArgumentNullException(nameof(maskKey)))),
            // Not IS NOT NULL, which is false for a composite value with a NULL inside.
            ColumnMask.Redact => Text($"CASE WHEN {name} IS DISTINCT FROM NULL THEN '[redacted]' END"),
            ColumnMask.Null => Plain() is var plain
                ? plain with { Select = $"CASE WHEN false THEN {plain.Select} END", Column = plain.Column with { Nullable = true } }
                : plain,
            _ => Plain(),
        };

        ColumnMapping Plain() => column.TypeId switch
        {
            16 => Of<BooleanColumnBuffer>(PhysicalType.Boolean, null, buffer => new BooleanDecoder(buffer)),
            17 => Of<ByteArrayColumnBuffer>(PhysicalType.ByteArray, null, buffer => new BytesDecoder(buffer)),
            20 => Of<Int64ColumnBuffer>(PhysicalType.Int64, null, buffer => new Int64Decoder(buffer)),
            21 => Of<Int32ColumnBuffer>(PhysicalType.Int32, null, buffer => new Int16Decoder(buffer)),
            23 => Of<Int32ColumnBuffer>(PhysicalType.Int32, null, buffer => new Int32Decoder(buffer)),
            26 => Of<Int64ColumnBuffer>(PhysicalType.Int64, null, buffer => new OidDecoder(buffer)),
            700 => Of<FloatColumnBuffer>(PhysicalType.Float, null, buffer => new FloatDecoder(buffer)),
            701 => Of<DoubleColumnBuffer>(PhysicalType.Double, null, buffer => new DoubleDecoder(buffer)),
            19 or 25 or 114 or 1042 or 1043 => Text(name),
            // The cast to text adds /32, which the type's own output does not.
            869 => Text($"pg_catalog.textin(pg_catalog.inet_out({name}))"),
            1082 => Of<Int32ColumnBuffer>(PhysicalType.Int32, LogicalType.Date, buffer => new DateDecoder(buffer)),
            1083 => Of<Int64ColumnBuffer>(PhysicalType.Int64, LogicalType.Time(TimeUnit.Microseconds, isAdjustedToUtc: false), buffer => new TimeDecoder(buffer)),
            1114 => Of<Int64ColumnBuffer>(PhysicalType.Int64, LogicalType.Timestamp(TimeUnit.Microseconds, isAdjustedToUtc: false), buffer => new TimestampDecoder(buffer)),
            1184 => Of<Int64ColumnBuffer>(PhysicalType.Int64, LogicalType.Timestamp(TimeUnit.Microseconds, isAdjustedToUtc: true), buffer => new TimestampDecoder(buffer)),
            1700 => Numeric(),
            2950 => new(column.Name, name, ParquetColumn.Fixed(column.Name, 16, LogicalType.Uuid, column.Nullable, fieldId), buffer => new UuidDecoder((FixedLengthByteArrayColumnBuffer)buffer)),
            3802 => Of<ByteArrayColumnBuffer>(PhysicalType.ByteArray, LogicalType.String, buffer => new JsonbDecoder(buffer)),
            _ => Text($"{name}::text"),
        };

        ColumnMapping Numeric()
        {
            // A numeric's modifier holds precision and scale (numeric_typmod_scale in numeric.c); -1 says that it has none.
            var precision = column.TypeModifier < 0 ? 0 : ((column.TypeModifier - 4) >> 16) & 0xFFFF;
            var scale = (((column.TypeModifier - 4) & 0x7FF) ^ 0x400) - 0x400;
            if (column.TypeModifier < 0 || precision > LargestPrecision || scale < 0 || scale > precision)
            {
                return Text($"{name}::text");
            }

            var type = LogicalType.Decimal(precision, scale);
            var form = new NumericForm(precision, scale);
            if (precision <= 9)
            {
                return Of<Int32ColumnBuffer>(PhysicalType.Int32, type, buffer => new NumericInt32Decoder(buffer, form));
            }

            if (precision <= 18)
            {
                return Of<Int64ColumnBuffer>(PhysicalType.Int64, type, buffer => new NumericInt64Decoder(buffer, form));
            }

            // The fewest bytes whose signed integers hold that many digits.
            var length = (int)Math.Ceiling(((precision * Math.Log2(10)) + 1) / 8);
            return new(column.Name, name, ParquetColumn.Fixed(column.Name, length, type, column.Nullable, fieldId),
                buffer => new NumericFixedDecoder((FixedLengthByteArrayColumnBuffer)buffer, length, form));
        }

        ColumnMapping Hash(byte[] key) => Text($"{name}::text") with { Bind = buffer => new HashDecoder((ByteArrayColumnBuffer)buffer, key) };

        ColumnMapping Text(string select) => new(column.Name, select, ParquetColumn.Text(column.Name, column.Nullable, fieldId),
            buffer => new BytesDecoder((ByteArrayColumnBuffer)buffer));

        ColumnMapping Of<TBuffer>(PhysicalType physicalType, LogicalType? logicalType, Func<TBuffer, ColumnDecoder> decoder)
            where TBuffer : ColumnBuffer =>
            new(column.Name, name, ParquetColumn.Of(column.Name, physicalType, logicalType, column.Nullable, fieldId), buffer => decoder((TBuffer)buffer));
    }
}
