using System.Text;
using DataLake.Iceberg.Types;
using DataLake.Iceberg.Values;
using DataLake.Parquet.Columns;
using DataLake.Parquet.Schema;

namespace DataLake.Iceberg.ParquetFiles;

/// <summary>Appends single values to the columns that <see cref="ParquetTypes.ToColumn(NestedField)"/> makes of their types. For few rows: it is not the way of a table's rows.</summary>
public static class ParquetValues
{
    /// <summary>Appends a value, or null.</summary>
    /// <exception cref="IcebergException"><see cref="IcebergErrorKind.Invalid"/>: the value is not of the column's type.</exception>
    public static void Append(ColumnBuffer column, IcebergValue value)
    {
        ArgumentNullException.ThrowIfNull(column);
        if (value.IsNull)
        {
            column.AppendNull();
            return;
        }

        switch (column)
        {
            case BooleanColumnBuffer booleans: booleans.Append(value.AsBoolean()); break;
            case Int32ColumnBuffer ints: ints.Append(value.Type == TypeId.Decimal ? checked((int)value.AsUnscaled()) : value.AsInt()); break;
            case Int64ColumnBuffer longs: longs.Append(value.Type == TypeId.Decimal ? checked((long)value.AsUnscaled()) : value.AsLong()); break;
            case FloatColumnBuffer floats: floats.Append(value.AsFloat()); break;
            case DoubleColumnBuffer doubles: doubles.Append(value.AsDouble()); break;
            case ByteArrayColumnBuffer bytes: bytes.Append(value.Type == TypeId.String ? Encoding.UTF8.GetBytes(value.AsString()) : value.AsBytes()); break;
            case FixedLengthByteArrayColumnBuffer bytes: bytes.Append(FixedBytes(column.Column, value)); break;
            default: throw IcebergException.Invalid($"A single value cannot be appended to '{column.Column.Name}', which is a list.");
        }
    }

    private static byte[] FixedBytes(ParquetColumn column, IcebergValue value)
    {
        if (value.Type != TypeId.Decimal) return value.Type == TypeId.Uuid ? value.AsUuid().ToByteArray(bigEndian: true) : value.AsBytes();
        var bytes = new byte[column.FixedLength];
        DecimalBytes.WriteFixed(value.AsUnscaled(), bytes);
        return bytes;
    }
}
