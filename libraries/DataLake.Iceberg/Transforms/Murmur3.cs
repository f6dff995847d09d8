using System.Buffers.Binary;
using System.Numerics;
using System.Text;
using DataLake.Iceberg.Types;
using DataLake.Iceberg.Values;

namespace DataLake.Iceberg.Transforms;

/// <summary>The 32-bit Murmur3 hash, x86 variant, seed 0, over values as bucket transforms want them (<see href="https://iceberg.apache.org/spec/#appendix-b-32-bit-hash-requirements">Appendix B</see>).</summary>
public static class Murmur3
{
    /// <summary>The hash of bytes.</summary>
    public static int Hash(ReadOnlySpan<byte> bytes)
    {
        const uint first = 0xCC9E2D51, second = 0x1B873593;
        var hash = 0u;
        var rest = bytes;
        for (; rest.Length >= 4; rest = rest[4..])
        {
            hash ^= BitOperations.RotateLeft(BinaryPrimitives.ReadUInt32LittleEndian(rest) * first, 15) * second;
            hash = (BitOperations.RotateLeft(hash, 13) * 5) + 0xE6546B64;
        }

        if (!rest.IsEmpty)
        {
            var tail = 0u;
            for (var i = rest.Length - 1; i >= 0; i--) tail = (tail << 8) | rest[i];
            hash ^= BitOperations.RotateLeft(tail * first, 15) * second;
        }

        hash ^= (uint)bytes.Length;
        hash = (hash ^ (hash >> 16)) * 0x85EBCA6B;
        hash = (hash ^ (hash >> 13)) * 0xC2B2AE35;
        return (int)(hash ^ (hash >> 16));
    }

    /// <summary>The hash of a value that is not null. An int hashes as the long it may become, a float as the double, nanoseconds as the microseconds in which they lie.</summary>
    /// <exception cref="IcebergException"><see cref="IcebergErrorKind.Invalid"/>: the value is null.</exception>
    public static int Hash(IcebergValue value)
    {
        switch (value.Type)
        {
            case TypeId.Int or TypeId.Date or TypeId.Long or TypeId.Time or TypeId.Timestamp or TypeId.Timestamptz:
                return HashLong(value.AsLong());
            case TypeId.TimestampNs or TypeId.TimestamptzNs:
                return HashLong(CalendarText.FloorDivide(value.AsLong(), CalendarText.NanosecondsPerMicrosecond));
            case TypeId.Decimal:
                Span<byte> unscaled = stackalloc byte[DecimalBytes.MaxLength];
                return Hash(unscaled[..DecimalBytes.WriteShortest(value.AsUnscaled(), unscaled)]);
            case TypeId.String:
                return HashText(value.AsString());
            case TypeId.Uuid:
                Span<byte> uuid = stackalloc byte[16];
                value.AsUuid().TryWriteBytes(uuid, bigEndian: true, out _);
                return Hash(uuid);
            case TypeId.Fixed or TypeId.Binary:
                return Hash(value.AsBytes());
            case TypeId.Boolean:
                return HashLong(value.AsBoolean() ? 1 : 0);
            case TypeId.Float:
                return HashDouble(value.AsFloat());
            case TypeId.Double:
                return HashDouble(value.AsDouble());
            default:
                throw IcebergException.Invalid("Null has no hash; a bucket transform gives null for it.");
        }
    }

    private static int HashLong(long value)
    {
        Span<byte> bytes = stackalloc byte[8];
        BinaryPrimitives.WriteInt64LittleEndian(bytes, value);
        return Hash(bytes);
    }

    // 0.0 and -0.0 hash alike; a NaN has one form already.
    private static int HashDouble(double value) =>
        HashLong(value == 0 ? 0 : BitConverter.DoubleToInt64Bits(double.IsNaN(value) ? BitConverter.Int64BitsToDouble(0x7FF8000000000000) : value));

    private static int HashText(string text)
    {
        Span<byte> small = stackalloc byte[256];
        return Encoding.UTF8.TryGetBytes(text, small, out var length) ? Hash(small[..length]) : Hash(Encoding.UTF8.GetBytes(text));
    }
}
