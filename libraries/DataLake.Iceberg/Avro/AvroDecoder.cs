using System.Buffers.Binary;
using System.Text;
using System.Text.Unicode;

namespace DataLake.Iceberg.Avro;

/// <summary>
/// Reads values from the bytes of a block (<see href="https://avro.apache.org/docs/1.12.0/specification/#binary-encoding">Avro, Binary Encoding</see>). It believes
/// no length or count before it has compared it with the bytes that are left.
/// </summary>
internal ref struct AvroDecoder(ReadOnlySpan<byte> bytes)
{
    private readonly ReadOnlySpan<byte> bytes = bytes;

    public int Position { get; private set; }

    public readonly int Remaining => bytes.Length - Position;

    public long ReadInt64()
    {
        var value = 0UL;
        for (var shift = 0; shift < 70; shift += 7)
        {
            if (Position == bytes.Length) throw Ended();
            var next = bytes[Position++];
            if (shift == 63 && next > 1) break;
            value |= (ulong)(next & 0x7F) << shift;
            if (next < 0x80) return (long)(value >> 1) ^ -(long)(value & 1);
        }

        throw IcebergException.Corrupt("A number in an Avro block has more than 64 bits; the file must be written again.");
    }

    public int ReadInt32() =>
        ReadInt64() is >= int.MinValue and <= int.MaxValue and var value ? (int)value : throw IcebergException.Corrupt("An int in an Avro block has more than 32 bits; the file must be written again.");

    public bool ReadBoolean() => ReadFixed(1)[0] switch
    {
        0 => false,
        1 => true,
        var other => throw IcebergException.Corrupt($"A boolean in an Avro block is {other}; the file must be written again."),
    };

    public float ReadSingle() => BinaryPrimitives.ReadSingleLittleEndian(ReadFixed(4));

    public double ReadDouble() => BinaryPrimitives.ReadDoubleLittleEndian(ReadFixed(8));

    public ReadOnlySpan<byte> ReadFixed(int length)
    {
        if (length > Remaining) throw Ended();
        var value = bytes.Slice(Position, length);
        Position += length;
        return value;
    }

    public ReadOnlySpan<byte> ReadBytes()
    {
        var length = ReadInt64();
        if (length < 0 || length > Remaining)
            throw IcebergException.Corrupt($"A value in an Avro block claims {length} bytes where {Remaining} are left; the file must be written again.");
        return ReadFixed((int)length);
    }

    public string ReadString()
    {
        var utf8 = ReadBytes();
        return Utf8.IsValid(utf8) ? Encoding.UTF8.GetString(utf8) : throw IcebergException.Corrupt("A string in an Avro block is not UTF-8; the file must be written again.");
    }

    /// <summary>Whether the value of an optional field is there; <paramref name="nullBranch"/> is below zero when it always is.</summary>
    public bool ReadPresence(int nullBranch) => nullBranch < 0 || ReadBranch(2) != nullBranch;

    public int ReadBranch(int branches)
    {
        var branch = ReadInt64();
        return branch >= 0 && branch < branches ? (int)branch : throw IcebergException.Corrupt($"A union of {branches} branches in an Avro block names branch {branch}; the file must be written again.");
    }

    /// <summary>The number of items in the next part of an array or map; zero at its end. Each item takes <paramref name="itemBytes"/> or more.</summary>
    public int ReadItems(int itemBytes)
    {
        var count = ReadInt64();
        if (count < 0)
        {
            count = unchecked(-count);
            ReadInt64();
        }

        if (count < 0 || count > Remaining / Math.Max(1, itemBytes))
            throw IcebergException.Corrupt($"An array in an Avro block claims {count} items where {Remaining} bytes are left; the file must be written again.");
        return (int)count;
    }

    public void Skip(AvroSchema schema)
    {
        switch (schema.Kind)
        {
            case AvroKind.Null:
                break;
            case AvroKind.Int or AvroKind.Long or AvroKind.Enum:
                ReadInt64();
                break;
            case AvroKind.Boolean:
                ReadFixed(1);
                break;
            case AvroKind.Float:
                ReadFixed(4);
                break;
            case AvroKind.Double:
                ReadFixed(8);
                break;
            case AvroKind.Bytes or AvroKind.String:
                ReadBytes();
                break;
            case AvroKind.Fixed:
                ReadFixed(schema.Size);
                break;
            case AvroKind.Union:
                Skip(schema.Branches[ReadBranch(schema.Branches.Count)]);
                break;
            case AvroKind.Record:
                foreach (var field in schema.FieldsWithBytes) Skip(field.Schema);
                break;
            case AvroKind.Array or AvroKind.Map:
                SkipItems(schema);
                break;
        }
    }

    private void SkipItems(AvroSchema schema)
    {
        while (true)
        {
            var count = ReadInt64();
            if (count == 0) return;
            if (count < 0)
            {
                // A part with its size in bytes is there to be skipped.
                var size = ReadInt64();
                if (size < 0 || size > Remaining) throw Ended();
                Position += (int)size;
                continue;
            }

            if (count > Remaining) throw Ended();
            for (; count > 0; count--)
            {
                if (schema.Kind == AvroKind.Map) ReadBytes();
                Skip(schema.Items!);
            }
        }
    }

    private static IcebergException Ended() => IcebergException.Corrupt("An Avro block ends within a value; the file must be written again.");
}
