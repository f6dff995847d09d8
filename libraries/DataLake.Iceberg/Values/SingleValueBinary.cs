using System.Buffers.Binary;
using System.Text;
using DataLake.Iceberg.Types;

namespace DataLake.Iceberg.Values;

/// <summary>Bounds as bytes (<see href="https://iceberg.apache.org/spec/#binary-single-value-serialization">Appendix D, Binary single-value serialization</see>).</summary>
public static class SingleValueBinary
{
    internal static readonly UTF8Encoding StrictUtf8 = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    /// <summary>The bytes of a value.</summary>
    /// <exception cref="IcebergException"><see cref="IcebergErrorKind.Invalid"/>: the value is null, or text with a lone surrogate.</exception>
    public static byte[] ToBytes(IcebergValue value)
    {
        switch (value.Type)
        {
            case TypeId.Boolean:
                return [value.AsBoolean() ? (byte)1 : (byte)0];
            case TypeId.Int or TypeId.Date:
                return Int32Bytes(value.AsInt());
            case TypeId.Long or TypeId.Time or TypeId.Timestamp or TypeId.Timestamptz or TypeId.TimestampNs or TypeId.TimestamptzNs:
                return Int64Bytes(value.AsLong());
            case TypeId.Float:
                return Int32Bytes(BitConverter.SingleToInt32Bits(value.AsFloat()));
            case TypeId.Double:
                return Int64Bytes(BitConverter.DoubleToInt64Bits(value.AsDouble()));
            case TypeId.Decimal:
                var shortest = new byte[DecimalBytes.MaxLength];
                return shortest[..DecimalBytes.WriteShortest(value.AsUnscaled(), shortest)];
            case TypeId.String:
                return TextBytes(value.AsString());
            case TypeId.Uuid:
                return value.AsUuid().ToByteArray(bigEndian: true);
            case TypeId.Fixed or TypeId.Binary:
                return value.AsBytes();
            default:
                throw IcebergException.Invalid("Null has no single-value serialization; leave the bound out.");
        }
    }

    /// <summary>
    /// Reads the bytes of a value of a type. Bytes that were written before the type was promoted are read as what they were and promoted: four bytes of a
    /// long or double, any length of a decimal.
    /// </summary>
    /// <exception cref="IcebergException"><see cref="IcebergErrorKind.Corrupt"/>: the length does not go with the type, or text is not UTF-8.</exception>
    public static IcebergValue Read(PrimitiveType type, ReadOnlySpan<byte> bytes)
    {
        ArgumentNullException.ThrowIfNull(type);
        return TryRead(type, bytes, out var value)
            ? value
            : throw IcebergException.Corrupt($"A bound of type {type} cannot be read from {bytes.Length} bytes; rewrite the manifests, or ignore the bounds of this file.");
    }

    private static bool TryRead(PrimitiveType type, ReadOnlySpan<byte> bytes, out IcebergValue value)
    {
        IcebergValue? found = (type.Id, bytes.Length) switch
        {
            (TypeId.Boolean, 1) => IcebergValue.Boolean(bytes[0] != 0),
            (TypeId.Int, 4) => IcebergValue.Int(BinaryPrimitives.ReadInt32LittleEndian(bytes)),
            (TypeId.Date, 4) => IcebergValue.Date(BinaryPrimitives.ReadInt32LittleEndian(bytes)),
            (TypeId.Long, 4) => IcebergValue.Long(BinaryPrimitives.ReadInt32LittleEndian(bytes)),
            (TypeId.Long, 8) => IcebergValue.Long(BinaryPrimitives.ReadInt64LittleEndian(bytes)),
            (TypeId.Time, 8) => IcebergValue.Time(BinaryPrimitives.ReadInt64LittleEndian(bytes)),
            (TypeId.Timestamp, 8) => IcebergValue.Timestamp(BinaryPrimitives.ReadInt64LittleEndian(bytes)),
            (TypeId.Timestamptz, 8) => IcebergValue.Timestamptz(BinaryPrimitives.ReadInt64LittleEndian(bytes)),
            (TypeId.TimestampNs, 8) => IcebergValue.TimestampNs(BinaryPrimitives.ReadInt64LittleEndian(bytes)),
            (TypeId.TimestamptzNs, 8) => IcebergValue.TimestamptzNs(BinaryPrimitives.ReadInt64LittleEndian(bytes)),
            (TypeId.Float, 4) => IcebergValue.Float(BinaryPrimitives.ReadSingleLittleEndian(bytes)),
            (TypeId.Double, 4) => IcebergValue.Double(BinaryPrimitives.ReadSingleLittleEndian(bytes)),
            (TypeId.Double, 8) => IcebergValue.Double(BinaryPrimitives.ReadDoubleLittleEndian(bytes)),
            (TypeId.Decimal, _) when DecimalBytes.TryRead(bytes, out var unscaled) => IcebergValue.Decimal(unscaled),
            (TypeId.Uuid, 16) => IcebergValue.Uuid(new Guid(bytes, bigEndian: true)),
            (TypeId.Fixed, var length) when length == type.Length => IcebergValue.Fixed(bytes.ToArray()),
            (TypeId.Binary, _) => IcebergValue.Binary(bytes.ToArray()),
            (TypeId.String, _) when System.Text.Unicode.Utf8.IsValid(bytes) => IcebergValue.String(Encoding.UTF8.GetString(bytes)),
            _ => null,
        };
        value = found ?? default;
        return found is not null;
    }

    private static byte[] TextBytes(string text)
    {
        try
        {
            return StrictUtf8.GetBytes(text);
        }
        catch (EncoderFallbackException e)
        {
            throw new IcebergException(IcebergErrorKind.Invalid, "A text has half of a surrogate pair and no UTF-8 form; correct the value.", e);
        }
    }

    private static byte[] Int32Bytes(int value)
    {
        var bytes = new byte[4];
        BinaryPrimitives.WriteInt32LittleEndian(bytes, value);
        return bytes;
    }

    private static byte[] Int64Bytes(long value)
    {
        var bytes = new byte[8];
        BinaryPrimitives.WriteInt64LittleEndian(bytes, value);
        return bytes;
    }
}
