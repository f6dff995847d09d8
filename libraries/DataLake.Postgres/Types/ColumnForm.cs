using DataLake.Contracts;
using DataLake.Parquet.Columns;
using DataLake.Parquet.Reading;
using DataLake.Parquet.Schema;
using DataLake.Postgres.Tables;

namespace DataLake.Postgres.Types;

/// <summary>A column on its way into a file: the forms that a line of <see cref="TypeMappings"/> can give it.</summary>
/// <param name="Source">The column of the source.</param>
/// <param name="FieldId">Its id in the lake's table.</param>
/// <param name="Policies">What the definition decides.</param>
internal sealed record ColumnForm(SourceTableColumn Source, int FieldId, TypePolicies Policies)
{
    // The most digits of a decimal in Iceberg and most readers.
    internal const int LargestPrecision = 38;

    /// <summary>The column's name as SQL.</summary>
    public string Name => TableName.Quote(Source.Name);

    /// <summary>The text that PostgreSQL writes for the value; the same for the same value, whatever the server's settings are.</summary>
    public string AsText => Source.TypeId switch
    {
        // How money looks depends on lc_monetary.
        PostgresTypeId.Money => $"({AsNumeric})::text",
        // The cast to text adds /32, which the type's own output does not.
        PostgresTypeId.Inet => $"pg_catalog.textin(pg_catalog.inet_out({Name}))",
        _ => $"{Name}::text",
    };

    /// <summary>The value as a numeric; for numeric and money.</summary>
    public string AsNumeric => Source.TypeId == PostgresTypeId.Money ? $"{Name}::pg_catalog.numeric" : Name;

    /// <summary>A text column.</summary>
    /// <param name="select">What the source is asked for; its binary form is the text itself.</param>
    public ColumnMapping Text(string select) => new(Source.Name, select, ParquetColumn.Text(Source.Name, Source.Nullable, FieldId),
        buffer => new BytesDecoder((ByteArrayColumnBuffer)buffer), values => new ByteArrayEncoder<BytesWireForm>((ByteArrayColumnValues)values));

    /// <summary>A column of a physical type.</summary>
    public ColumnMapping Of<TBuffer, TValues>(
        PhysicalType physicalType, LogicalType? logicalType, Func<TBuffer, ColumnDecoder> decoder, Func<TValues, ColumnEncoder> encoder)
        where TBuffer : ColumnBuffer
        where TValues : ColumnValues =>
        new(Source.Name, Name, ParquetColumn.Of(Source.Name, physicalType, logicalType, Source.Nullable, FieldId),
            buffer => decoder((TBuffer)buffer), values => encoder((TValues)values));

    /// <summary>A column of bytes of one length.</summary>
    public ColumnMapping Fixed(
        int length, LogicalType logicalType, Func<FixedLengthByteArrayColumnBuffer, ColumnDecoder> decoder, Func<ByteArrayColumnValues, ColumnEncoder> encoder) =>
        new(Source.Name, Name, ParquetColumn.Fixed(Source.Name, length, logicalType, Source.Nullable, FieldId),
            buffer => decoder((FixedLengthByteArrayColumnBuffer)buffer), values => encoder((ByteArrayColumnValues)values));

    /// <summary>A list, of elements as their own type is mapped.</summary>
    public ColumnMapping List()
    {
        // An array's modifier is that of its elements, which can all be NULL.
        var element = this with { Source = Source with { TypeId = PostgresTypeId.ElementOf(Source.TypeId), Type = "", Nullable = true } };
        var mapping = ColumnMapping.Plain(element);

        // By way of the array's own text, so that elements are what PostgreSQL writes for them, not what a cast makes of them.
        var array = element.Source.TypeId == PostgresTypeId.Money ? $"{Name}::pg_catalog.numeric[]" : Name;
        var select = mapping.Select == element.AsText ? $"{array}::text::text[]" : array;
        return new(Source.Name, select, ParquetColumn.List(Source.Name, mapping.Column with { FieldId = null }, Source.Nullable, FieldId),
            buffer => new ListDecoder((ListColumnBuffer)buffer, mapping.Bind(((ListColumnBuffer)buffer).Element)),
            values => new ListEncoder((ListColumnValues)values, mapping.BindBack(((ListColumnValues)values).Elements)));
    }

    /// <summary>A decimal, on the smallest physical type that holds its digits.</summary>
    public ColumnMapping Decimal(int precision, int scale)
    {
        var type = LogicalType.Decimal(precision, scale);
        var form = new NumericForm(precision, scale);
        if (precision <= 9)
        {
            return Of(PhysicalType.Int32, type,
                (Int32ColumnBuffer buffer) => FixedWidthDecoder.Of(buffer, new NumericInt32SentForm(form)), (FixedWidthColumnValues<int> values) => FixedWidthEncoder.Of(values, new NumericInt32WireForm(form)));
        }

        if (precision <= 18)
        {
            return Of(PhysicalType.Int64, type,
                (Int64ColumnBuffer buffer) => FixedWidthDecoder.Of(buffer, new NumericInt64SentForm(form)), (FixedWidthColumnValues<long> values) => FixedWidthEncoder.Of(values, new NumericInt64WireForm(form)));
        }

        // The fewest bytes whose signed integers hold that many digits.
        var length = (int)Math.Ceiling(((precision * Math.Log2(10)) + 1) / 8);
        return Fixed(length, type, buffer => new NumericFixedDecoder(buffer, length, form), values => new ByteArrayEncoder<NumericFixedWireForm>(values, new NumericFixedWireForm(form)));
    }

    /// <summary>
    /// The digits that numbers of a numeric type have before and after the point, if it declares any: a modifier holds precision and scale (numeric_typmod_scale in
    /// numeric.c); -1 says that it has none. With a scale below zero, or above the precision, some digits are always zero.
    /// </summary>
    public static (int Precision, int Scale)? DigitsOf(SourceTableColumn column)
    {
        if (column.TypeModifier < 0)
        {
            return null;
        }

        var precision = ((column.TypeModifier - 4) >> 16) & 0xFFFF;
        var scale = (((column.TypeModifier - 4) & 0x7FF) ^ 0x400) - 0x400;
        return scale < 0 ? (precision - scale, 0) : (Math.Max(precision, scale), scale);
    }
}
