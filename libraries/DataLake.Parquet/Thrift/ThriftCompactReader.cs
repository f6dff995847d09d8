using Utf8 = System.Text.Encoding;

namespace DataLake.Parquet.Thrift;

/// <summary>Reads Thrift structures in the compact protocol from untrusted bytes: every length is checked before it is believed.</summary>
internal ref struct ThriftCompactReader(ReadOnlySpan<byte> input)
{
    private const int MaxDepth = 32;
    private readonly ReadOnlySpan<byte> _input = input;
    private short _lastField;
    private bool _bool;

    /// <summary>Bytes read so far.</summary>
    public int Position { get; private set; }

    /// <summary>Enters a structure; hand the result to <see cref="EndStruct"/>.</summary>
    public short BeginStruct()
    {
        var outer = _lastField;
        _lastField = 0;
        return outer;
    }

    public void EndStruct(short outer) => _lastField = outer;

    /// <summary>Moves to the next field of the current structure; false at its end.</summary>
    public bool NextField(out short id, out ThriftType type)
    {
        var head = Byte();
        type = (ThriftType)(head & 0x0F);
        if (head == 0)
        {
            id = 0;
            return false;
        }

        if (type is ThriftType.Stop or > ThriftType.Uuid) throw ParquetException.Corrupt($"The metadata holds a field of unknown Thrift type {(int)type}.");
        id = (head >> 4) == 0 ? ToInt16(ZigzagVarint()) : ToInt16(_lastField + (head >> 4));
        _lastField = id;
        _bool = type == ThriftType.True;
        return true;
    }

    /// <summary>The value of a boolean field, which stands in its type.</summary>
    public readonly bool Bool(ThriftType type)
    {
        if (type is not (ThriftType.True or ThriftType.False)) throw Wrong(ThriftType.True, type);
        return _bool;
    }

    public sbyte I8(ThriftType type)
    {
        Expect(ThriftType.Byte, type);
        return (sbyte)Byte();
    }

    public short I16(ThriftType type)
    {
        Expect(ThriftType.I16, type);
        return ToInt16(ZigzagVarint());
    }

    public int I32(ThriftType type)
    {
        Expect(ThriftType.I32, type);
        return I32Element();
    }

    public int I32Element()
    {
        var value = ZigzagVarint();
        return value is >= int.MinValue and <= int.MaxValue ? (int)value : throw ParquetException.Corrupt($"The metadata holds {value} where a 32-bit number belongs.");
    }

    public long I64(ThriftType type)
    {
        Expect(ThriftType.I64, type);
        return ZigzagVarint();
    }

    public ReadOnlySpan<byte> Binary(ThriftType type)
    {
        Expect(ThriftType.Binary, type);
        return BinaryElement();
    }

    public ReadOnlySpan<byte> BinaryElement()
    {
        var length = Varint();
        if (length > (ulong)(_input.Length - Position)) throw EndOfInput();
        var bytes = _input.Slice(Position, (int)length);
        Position += (int)length;
        return bytes;
    }

    public string String(ThriftType type) => Utf8.UTF8.GetString(Binary(type));

    /// <summary>Enters a list field and says how many elements follow. Every element takes at least one byte, which bounds the answer by the input.</summary>
    public int List(ThriftType type, ThriftType element)
    {
        Expect(ThriftType.List, type);
        var (found, count) = ListHeader();
        if (count > 0 && found != element) throw Wrong(element, found);
        return count;
    }

    /// <summary>As <see cref="List"/>, for booleans: writers differ in which of the two types they state.</summary>
    public int BoolList(ThriftType type)
    {
        Expect(ThriftType.List, type);
        var (found, count) = ListHeader();
        return count == 0 || found is ThriftType.True or ThriftType.False ? count : throw Wrong(ThriftType.True, found);
    }

    public bool BoolElement() => Byte() == (byte)ThriftType.True;

    public long I64Element() => ZigzagVarint();

    /// <summary>Steps over the value of a field that nobody asked for.</summary>
    public void Skip(ThriftType type) => Skip(type, 0, inContainer: false);

    public static void Expect(ThriftType wanted, ThriftType found)
    {
        if (wanted != found) throw Wrong(wanted, found);
    }

    private (ThriftType Element, int Count) ListHeader()
    {
        var head = Byte();
        var count = (ulong)(head >> 4);
        if (count == 15) count = Varint();
        if (count > (ulong)(_input.Length - Position)) throw EndOfInput();
        return ((ThriftType)(head & 0x0F), (int)count);
    }

    private void Skip(ThriftType type, int depth, bool inContainer)
    {
        if (depth > MaxDepth) throw ParquetException.Corrupt("The metadata nests deeper than any Parquet structure.");
        switch (type)
        {
            case ThriftType.True or ThriftType.False:
                if (inContainer) Byte();
                break;
            case ThriftType.Byte:
                Byte();
                break;
            case ThriftType.I16 or ThriftType.I32 or ThriftType.I64:
                Varint();
                break;
            case ThriftType.Double:
                Advance(8);
                break;
            case ThriftType.Uuid:
                Advance(16);
                break;
            case ThriftType.Binary:
                BinaryElement();
                break;
            case ThriftType.List or ThriftType.Set:
                var (element, count) = ListHeader();
                for (var i = 0; i < count; i++) Skip(element, depth + 1, inContainer: true);
                break;
            case ThriftType.Map:
                SkipMap(depth);
                break;
            case ThriftType.Struct:
                var outer = BeginStruct();
                while (NextField(out _, out var field)) Skip(field, depth + 1, inContainer: false);
                EndStruct(outer);
                break;
            default:
                throw ParquetException.Corrupt($"The metadata holds a value of unknown Thrift type {(int)type}.");
        }
    }

    private void SkipMap(int depth)
    {
        var count = Varint();
        if (count == 0) return;
        if (count > (ulong)(_input.Length - Position)) throw EndOfInput();
        var types = Byte();
        for (var i = 0UL; i < count; i++)
        {
            Skip((ThriftType)(types >> 4), depth + 1, inContainer: true);
            Skip((ThriftType)(types & 0x0F), depth + 1, inContainer: true);
        }
    }

    private void Advance(int size)
    {
        if (_input.Length - Position < size) throw EndOfInput();
        Position += size;
    }

    private byte Byte()
    {
        if (Position >= _input.Length) throw EndOfInput();
        return _input[Position++];
    }

    private ulong Varint()
    {
        ulong value = 0;
        for (var shift = 0; shift < 70; shift += 7)
        {
            var b = Byte();
            value |= (ulong)(b & 0x7F) << shift;
            if (b < 0x80) return value;
        }

        throw ParquetException.Corrupt("The metadata holds a number of more than 64 bits.");
    }

    private long ZigzagVarint()
    {
        var value = Varint();
        return (long)(value >> 1) ^ -(long)(value & 1);
    }

    private static short ToInt16(long value) =>
        value is >= short.MinValue and <= short.MaxValue ? (short)value : throw ParquetException.Corrupt($"The metadata holds {value} where a 16-bit number belongs.");

    private static ParquetException Wrong(ThriftType wanted, ThriftType found) =>
        ParquetException.Corrupt($"The metadata holds a value of Thrift type {found} where {wanted} belongs.");

    private static ParquetException EndOfInput() => new(ParquetErrorKind.Truncated, "The metadata ends in the middle of a value.");
}
