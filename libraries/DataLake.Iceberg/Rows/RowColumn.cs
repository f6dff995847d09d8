using System.Buffers.Binary;
using System.Text;
using DataLake.Iceberg.Types;
using DataLake.Iceberg.Values;
using DataLake.Parquet.Columns;
using DataLake.Parquet.Reading;

namespace DataLake.Iceberg.Rows;

/// <summary>
/// One column of some rows in the type that the table has now, whatever the file has. Numbers and what is stored as numbers are 64 bits each; text, bytes, UUIDs and decimals of more than 18
/// digits (16 bytes, big-endian) stand behind each other; lists are ranges of another such column. Memory is kept from batch to batch.
/// </summary>
public sealed class RowColumn
{
    private const int WideDecimalBytes = 16;
    private readonly PrimitiveType? type;
    private readonly bool isWords;
    private bool[] nulls = [];
    private long[] words = [];
    private int[] ends = [];
    private byte[] bytes = [];
    private IcebergValue? missing;

    internal RowColumn(NestedField field)
    {
        Field = field;
        type = field.Type as PrimitiveType;
        isWords = type is { Id: not (TypeId.String or TypeId.Binary or TypeId.Fixed or TypeId.Uuid) } && type is not { Id: TypeId.Decimal, Precision: > 18 };
        if (field.Type is ListType list) Elements = new RowColumn(new NestedField(list.ElementId, "element", list.Element, list.ElementRequired));
    }

    /// <summary>The field of the table's schema.</summary>
    public NestedField Field { get; }

    /// <summary>Rows; of a list's elements, elements.</summary>
    public int RowCount { get; private set; }

    /// <summary>The elements of all lists, of a list; otherwise null.</summary>
    public RowColumn? Elements { get; }

    /// <summary>Bytes that its rows take.</summary>
    internal long ByteCount => ((isWords ? sizeof(long) : sizeof(int)) + 1L) * RowCount + (isWords || Elements is not null ? 0 : Start(RowCount)) + (Elements?.ByteCount ?? 0);

    /// <summary>The value of a row. Not for lists. Makes an object of text and bytes.</summary>
    public IcebergValue this[int row]
    {
        get
        {
            if (IsNull(row)) return IcebergValue.Null;
            return type?.Id switch
            {
                TypeId.Boolean => IcebergValue.Boolean(words[row] != 0),
                TypeId.Int => IcebergValue.Int((int)words[row]),
                TypeId.Long => IcebergValue.Long(words[row]),
                TypeId.Float => IcebergValue.Float(BitConverter.Int32BitsToSingle((int)words[row])),
                TypeId.Double => IcebergValue.Double(BitConverter.Int64BitsToDouble(words[row])),
                TypeId.Decimal => IcebergValue.Decimal(isWords ? words[row] : BinaryPrimitives.ReadInt128BigEndian(BytesOf(row))),
                TypeId.Date => IcebergValue.Date((int)words[row]),
                TypeId.Time => IcebergValue.Time(words[row]),
                TypeId.Timestamp => IcebergValue.Timestamp(words[row]),
                TypeId.Timestamptz => IcebergValue.Timestamptz(words[row]),
                TypeId.TimestampNs => IcebergValue.TimestampNs(words[row]),
                TypeId.TimestamptzNs => IcebergValue.TimestamptzNs(words[row]),
                TypeId.String => IcebergValue.String(Encoding.UTF8.GetString(BytesOf(row))),
                TypeId.Uuid => IcebergValue.Uuid(new Guid(BytesOf(row), bigEndian: true)),
                TypeId.Fixed => IcebergValue.Fixed(BytesOf(row).ToArray()),
                TypeId.Binary => IcebergValue.Binary(BytesOf(row).ToArray()),
                _ => throw IcebergException.Invalid($"'{Field.Name}' is a list; take its elements."),
            };
        }
    }

    /// <summary>Whether a row has no value.</summary>
    public bool IsNull(int row) => nulls.AsSpan(0, RowCount)[row];

    /// <summary>The bytes of text, bytes or a UUID, valid until the next batch.</summary>
    public ReadOnlySpan<byte> BytesOf(int row) => bytes.AsSpan(Start(row)..ends[row]);

    /// <summary>Where a row's elements stand in <see cref="Elements"/>.</summary>
    public Range ListOf(int row) => Start(row)..ends[row];

    /// <summary>Appends rows to a column of a Parquet file that <c>ParquetTypes.ToColumn</c> made of the same field.</summary>
    public void AppendTo(ColumnBuffer target, ReadOnlySpan<int> rows)
    {
        foreach (var row in rows) AppendTo(target, row);
    }

    internal void Clear()
    {
        RowCount = 0;
        Elements?.Clear();
    }

    /// <summary>Adds rows of another column of the same type.</summary>
    internal void Append(RowColumn other, ReadOnlySpan<int> rows)
    {
        MakeRoom(rows.Length);
        foreach (var row in rows) Append(other, row);
    }

    /// <summary>Adds rows of a file that does not have the column: its initial default, or nulls (<see href="https://iceberg.apache.org/spec/#default-values">Default values</see>).</summary>
    internal void AddMissing(int count)
    {
        MakeRoom(count);
        missing ??= DefaultValues.InitialOf(Field);
        if (missing is { IsNull: false } value)
        {
            for (var i = 0; i < count; i++) Append(value);
            return;
        }

        nulls.AsSpan(RowCount, count).Fill(true);
        if (!isWords) ends.AsSpan(RowCount, count).Fill(Start(RowCount));
        RowCount += count;
    }

    /// <summary>Gives rows without a value numbers, of the first and every further row.</summary>
    internal void FillNulls(long first, int step)
    {
        for (var row = 0; row < RowCount; row++)
        {
            if (!nulls[row]) continue;
            nulls[row] = false;
            words[row] = first + (row * (long)step);
        }
    }

    /// <summary>Adds rows of a page.</summary>
    /// <param name="values">The page, of this type or one that widens to it.</param>
    /// <param name="row">Its first row to add.</param>
    /// <param name="value">The place of that row's value among the page's values.</param>
    /// <param name="count">How many rows.</param>
    internal void Add(ColumnValues values, int row, int value, int count)
    {
        MakeRoom(count);
        var isNull = nulls.AsSpan(RowCount, count);
        isNull.Clear();
        if (values.NullCount > 0)
            for (var i = 0; i < count; i++) isNull[i] = values.IsNull(row + i);
        var start = isWords ? 0 : Start(RowCount);
        if (isWords) AddWords(values, value, isNull);
        else if (values is ListColumnValues lists) AddLists(lists, row, ends.AsSpan(RowCount, count), start);
        else
            for (var i = 0; i < count; i++) ends[RowCount + i] = start = isNull[i] ? start : AddBytes(values, value++, start);
        RowCount += count;
    }

    private void Append(RowColumn other, int row)
    {
        MakeRoom(1);
        nulls[RowCount] = other.nulls[row];
        if (isWords)
        {
            words[RowCount++] = other.words[row];
            return;
        }

        var end = Start(RowCount);
        if (Elements is not null)
        {
            for (var i = other.Start(row); i < other.ends[row]; i++) Elements.Append(other.Elements!, i);
            end = Elements.RowCount;
        }
        else
        {
            var value = other.BytesOf(row);
            value.CopyTo(Room(end, value.Length));
            end += value.Length;
        }

        ends[RowCount++] = end;
    }

    private void Append(IcebergValue value)
    {
        nulls[RowCount] = false;
        if (isWords)
        {
            words[RowCount++] = value.Type switch
            {
                TypeId.Boolean => value.AsBoolean() ? 1 : 0,
                TypeId.Float => BitConverter.SingleToInt32Bits(value.AsFloat()),
                TypeId.Double => BitConverter.DoubleToInt64Bits(value.AsDouble()),
                TypeId.Decimal => (long)value.AsUnscaled(),
                _ => value.AsLong(),
            };
            return;
        }

        var start = Start(RowCount);
        var size = value.Type switch { TypeId.String => Encoding.UTF8.GetByteCount(value.AsString()), TypeId.Uuid or TypeId.Decimal => WideDecimalBytes, _ => value.AsBytes().Length };
        var room = Room(start, size);
        switch (value.Type)
        {
            case TypeId.String: Encoding.UTF8.GetBytes(value.AsString(), room); break;
            case TypeId.Uuid: value.AsUuid().TryWriteBytes(room, bigEndian: true, out _); break;
            case TypeId.Decimal: BinaryPrimitives.WriteInt128BigEndian(room, value.AsUnscaled()); break;
            default: value.AsBytes().CopyTo(room); break;
        }

        ends[RowCount++] = start + size;
    }

    private int Start(int row) => row == 0 ? 0 : ends[row - 1];

    private void AppendTo(ColumnBuffer target, int row)
    {
        if (nulls[row])
        {
            target.AppendNull();
            return;
        }

        switch (target)
        {
            case ListColumnBuffer list:
                for (var i = Start(row); i < ends[row]; i++) Elements!.AppendTo(list.Element, i);
                list.EndList();
                break;
            case Int64ColumnBuffer longs: longs.Append(words[row]); break;
            case Int32ColumnBuffer ints: ints.Append((int)words[row]); break;
            case BooleanColumnBuffer booleans: booleans.Append(words[row] != 0); break;
            case DoubleColumnBuffer doubles: doubles.Append(BitConverter.Int64BitsToDouble(words[row])); break;
            case FloatColumnBuffer floats: floats.Append(BitConverter.Int32BitsToSingle((int)words[row])); break;
            case ByteArrayColumnBuffer texts: texts.Append(BytesOf(row)); break;
            case FixedLengthByteArrayColumnBuffer texts: texts.Append(BytesOf(row)[^target.Column.FixedLength..]); break;
            default: throw IcebergException.Invalid($"'{Field.Name}' cannot be appended to a {target.GetType().Name}.");
        }
    }

    private void AddWords(ColumnValues values, int value, ReadOnlySpan<bool> isNull)
    {
        var count = isNull.Count(false);
        var target = words.AsSpan(RowCount, isNull.Length);
        switch (values)
        {
            case FixedWidthColumnValues<long> longs: longs.Values.Slice(value, count).CopyTo(target); break;
            case FixedWidthColumnValues<int> ints: Convert(ints.Values.Slice(value, count), target, number => number); break;
            case FixedWidthColumnValues<bool> booleans: Convert(booleans.Values.Slice(value, count), target, flag => flag ? 1 : 0); break;
            case FixedWidthColumnValues<double> doubles: Convert(doubles.Values.Slice(value, count), target, BitConverter.DoubleToInt64Bits); break;
            case FixedWidthColumnValues<float> floats when type!.Id == TypeId.Double: Convert(floats.Values.Slice(value, count), target, number => BitConverter.DoubleToInt64Bits(number)); break;
            case FixedWidthColumnValues<float> floats: Convert(floats.Values.Slice(value, count), target, number => BitConverter.SingleToInt32Bits(number)); break;
            case ByteArrayColumnValues decimals:
                for (var i = 0; i < count; i++) target[i] = checked((long)Unscaled(decimals, value + i));
                break;
            default: throw IcebergException.Unsupported($"'{Field.Name}' cannot be read from a {values.GetType().Name}.");
        }

        // Values stand close together; spread them from the back, where there is room.
        for (var i = isNull.Length - 1; i >= 0 && count <= i; i--) target[i] = isNull[i] ? 0 : target[--count];
    }

    private static void Convert<T>(ReadOnlySpan<T> values, Span<long> target, Func<T, long> convert)
    {
        for (var i = 0; i < values.Length; i++) target[i] = convert(values[i]);
    }

    private void AddLists(ListColumnValues lists, int row, Span<int> target, int start)
    {
        var offsets = lists.Offsets.Slice(row, target.Length + 1);
        for (var i = 0; i < target.Length; i++) target[i] = start + offsets[i + 1] - offsets[0];
        if (offsets[^1] == offsets[0]) return;

        // The values of elements stand close together too.
        var value = lists.Elements.NullCount == 0 ? offsets[0] : lists.Elements.DefinitionLevels[..offsets[0]].Count((byte)1);
        Elements!.Add(lists.Elements, offsets[0], value, offsets[^1] - offsets[0]);
    }

    private int AddBytes(ColumnValues values, int at, int start)
    {
        switch (values)
        {
            case ByteArrayColumnValues texts when type!.Id != TypeId.Decimal:
                var text = texts[at];
                text.CopyTo(Room(start, text.Length));
                return start + text.Length;
            default:
                var unscaled = values switch
                {
                    FixedWidthColumnValues<int> ints => ints.Values[at],
                    FixedWidthColumnValues<long> longs => longs.Values[at],
                    ByteArrayColumnValues decimals => Unscaled(decimals, at),
                    _ => throw IcebergException.Unsupported($"'{Field.Name}' cannot be read from a {values.GetType().Name}."),
                };
                BinaryPrimitives.WriteInt128BigEndian(Room(start, WideDecimalBytes), unscaled);
                return start + WideDecimalBytes;
        }
    }

    private Int128 Unscaled(ByteArrayColumnValues values, int at) => DecimalBytes.TryRead(values[at], out var unscaled)
        ? unscaled
        : throw IcebergException.Corrupt($"Column '{Field.Name}' holds a decimal of {values[at].Length} bytes; write the file again.");

    private Span<byte> Room(int start, int count)
    {
        if ((long)start + count > Array.MaxLength) throw new IcebergException(IcebergErrorKind.LimitExceeded, $"A batch of '{Field.Name}' needs more than 2 GiB; read fewer rows at a time.");
        if (bytes.Length < start + count) Array.Resize(ref bytes, (int)Math.Min(Array.MaxLength, Math.Max(start + (long)count, 2L * bytes.Length)));
        return bytes.AsSpan(start, count);
    }

    private void MakeRoom(int count)
    {
        var needed = RowCount + count;
        if (nulls.Length >= needed) return;
        var size = Math.Max(needed, nulls.Length * 2);
        Array.Resize(ref nulls, size);
        if (isWords) Array.Resize(ref words, size);
        else Array.Resize(ref ends, size);
    }
}
