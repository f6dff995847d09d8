using DataLake.Parquet.Buffers;
using Utf8 = System.Text.Encoding;

namespace DataLake.Parquet.Thrift;

/// <summary>Writes Thrift structures in the compact protocol. Fields go in rising order of their ids.</summary>
internal sealed class ThriftCompactWriter(PooledBuffer output)
{
    // Parquet's metadata nests seven structures deep (FileMetaData .. TimeUnit's member); sixteen leaves room.
    private readonly short[] _outer = new short[16];
    private int _depth;
    private short _lastField;

    /// <summary>Starts a structure: the root, or an element of a list.</summary>
    public void BeginStruct()
    {
        _outer[_depth++] = _lastField;
        _lastField = 0;
    }

    public void EndStruct()
    {
        output.Append((byte)ThriftType.Stop);
        _lastField = _outer[--_depth];
    }

    public void BeginStructField(short id)
    {
        Field(id, ThriftType.Struct);
        BeginStruct();
    }

    /// <summary>A structure without fields: the members of Parquet's unions.</summary>
    public void EmptyStructField(short id)
    {
        BeginStructField(id);
        EndStruct();
    }

    public void BoolField(short id, bool value) => Field(id, value ? ThriftType.True : ThriftType.False);

    public void ByteField(short id, sbyte value)
    {
        Field(id, ThriftType.Byte);
        output.Append((byte)value);
    }

    public void I16Field(short id, short value)
    {
        Field(id, ThriftType.I16);
        Zigzag(value);
    }

    public void I32Field(short id, int value)
    {
        Field(id, ThriftType.I32);
        Zigzag(value);
    }

    public void I64Field(short id, long value)
    {
        Field(id, ThriftType.I64);
        Zigzag(value);
    }

    public void BinaryField(short id, ReadOnlySpan<byte> value)
    {
        Field(id, ThriftType.Binary);
        BinaryElement(value);
    }

    public void StringField(short id, string value)
    {
        Field(id, ThriftType.Binary);
        StringElement(value);
    }

    public void ListField(short id, ThriftType element, int count)
    {
        Field(id, ThriftType.List);
        if (count < 15)
        {
            output.Append((byte)((count << 4) | (int)element));
            return;
        }

        output.Append((byte)(0xF0 | (int)element));
        output.AppendVarint((uint)count);
    }

    /// <summary>In a list, booleans are a byte each: the types of true and false.</summary>
    public void BoolElement(bool value) => output.Append((byte)(value ? ThriftType.True : ThriftType.False));

    public void I32Element(int value) => Zigzag(value);

    public void I64Element(long value) => Zigzag(value);

    public void BinaryElement(ReadOnlySpan<byte> value)
    {
        output.AppendVarint((uint)value.Length);
        output.Append(value);
    }

    public void StringElement(string value)
    {
        var size = Utf8.UTF8.GetByteCount(value);
        output.AppendVarint((uint)size);
        output.Advance(Utf8.UTF8.GetBytes(value, output.Reserve(size)));
    }

    private void Field(short id, ThriftType type)
    {
        var delta = id - _lastField;
        if (delta is > 0 and <= 15)
        {
            output.Append((byte)((delta << 4) | (int)type));
        }
        else
        {
            output.Append((byte)type);
            Zigzag(id);
        }

        _lastField = id;
    }

    private void Zigzag(long value) => output.AppendVarint((ulong)((value << 1) ^ (value >> 63)));
}
