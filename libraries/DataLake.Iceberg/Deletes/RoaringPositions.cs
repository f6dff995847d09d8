using System.Buffers.Binary;
using System.Numerics;

namespace DataLake.Iceberg.Deletes;

/// <summary>
/// Positions as a roaring bitmap of 64 bits in its portable form (<see href="https://github.com/RoaringBitmap/RoaringFormatSpec">Roaring Format Spec</see>): a bitmap of 32 bits for every value of a position's
/// upper half, and in it a container for every 65,536 positions that has some: an array of up to 4,096 values of 16 bits, a bitmap, or runs. Runs are read, not written.
/// </summary>
internal static class RoaringPositions
{
    private const uint CookieWithoutRuns = 12346, CookieWithRuns = 12347;

    /// <summary>From as many containers on a bitmap with runs has offsets.</summary>
    private const int OffsetsFrom = 4;

    private const int LongestArray = 4096, BitmapBytes = PositionSet.GroupSize / 8, GroupsOfBitmap = 1 << 16;

    // Number of bitmaps; key, cookie and number of containers of each; key, count and offset of a container.
    private const int HeadBytes = 8, BitmapHeadBytes = 12, ContainerHeadBytes = 8;

    /// <summary>How many bytes the positions take.</summary>
    public static long SizeOf(PositionSet positions)
    {
        var size = (long)HeadBytes;
        foreach (var bitmap in BitmapsOf(positions)) size += BitmapHeadBytes + bitmap.Sum(container => ContainerHeadBytes + BytesOf(container.Count));
        return size;
    }

    /// <summary>The bytes of the positions, piece by piece. A piece is valid until the next one is asked for.</summary>
    public static IEnumerable<ReadOnlyMemory<byte>> PiecesOf(PositionSet positions)
    {
        var bitmaps = BitmapsOf(positions);
        var piece = new byte[BitmapBytes];
        BinaryPrimitives.WriteInt64LittleEndian(piece, bitmaps.Count);
        yield return piece.AsMemory(0, HeadBytes);
        foreach (var bitmap in bitmaps)
        {
            yield return HeadOf(bitmap);
            foreach (var (group, count) in bitmap) yield return piece.AsMemory(0, Write(positions, group, count, piece));
        }
    }

    /// <summary>Adds what the bytes say to a set; positions of rows that its file does not have are left out.</summary>
    /// <returns>How many positions the bytes have.</returns>
    /// <exception cref="IcebergException"><see cref="IcebergErrorKind.Corrupt"/>.</exception>
    public static long Read(ReadOnlySpan<byte> bytes, PositionSet target)
    {
        var input = new Input(bytes);
        var bitmaps = input.UInt64();
        var (cardinality, previous) = (0L, -1L);
        for (var i = 0UL; i < bitmaps; i++)
        {
            var key = input.UInt32();
            if (key <= previous || key > int.MaxValue) throw Corrupt($"has the bitmap {key} behind {previous}");
            previous = key;
            cardinality += ReadBitmap(ref input, (long)key << 32, target);
        }

        return input.IsAtEnd ? cardinality : throw Corrupt("has bytes after its last bitmap");
    }

    private static List<List<(int Group, int Count)>> BitmapsOf(PositionSet positions)
    {
        var bitmaps = new List<List<(int, int)>>();
        for (var first = 0; first < positions.GroupCount; first += GroupsOfBitmap)
        {
            var bitmap = new List<(int, int)>();
            for (var group = first; group < Math.Min(positions.GroupCount, first + GroupsOfBitmap); group++)
                if (positions.CountOf(group) is var count and > 0) bitmap.Add((group, count));
            if (bitmap.Count > 0) bitmaps.Add(bitmap);
        }

        return bitmaps;
    }

    private static int BytesOf(int count) => count <= LongestArray ? count * sizeof(ushort) : BitmapBytes;

    private static byte[] HeadOf(List<(int Group, int Count)> bitmap)
    {
        var head = new byte[BitmapHeadBytes + (ContainerHeadBytes * bitmap.Count)];
        BinaryPrimitives.WriteInt32LittleEndian(head, bitmap[0].Group / GroupsOfBitmap);
        BinaryPrimitives.WriteUInt32LittleEndian(head.AsSpan(4), CookieWithoutRuns);
        BinaryPrimitives.WriteInt32LittleEndian(head.AsSpan(8), bitmap.Count);
        var counts = head.AsSpan(BitmapHeadBytes);
        var offsets = counts[(4 * bitmap.Count)..];

        // From the cookie on.
        var offset = head.Length - 4;
        for (var i = 0; i < bitmap.Count; i++)
        {
            BinaryPrimitives.WriteUInt16LittleEndian(counts[(4 * i)..], (ushort)bitmap[i].Group);
            BinaryPrimitives.WriteUInt16LittleEndian(counts[((4 * i) + 2)..], (ushort)(bitmap[i].Count - 1));
            BinaryPrimitives.WriteInt32LittleEndian(offsets[(4 * i)..], offset);
            offset += BytesOf(bitmap[i].Count);
        }

        return head;
    }

    private static int Write(PositionSet positions, int group, int count, Span<byte> piece)
    {
        Span<ulong> words = stackalloc ulong[BitmapBytes / sizeof(ulong)];
        positions.CopyTo(group, words);
        var at = 0;
        for (var i = 0; i < words.Length; i++)
        {
            if (count > LongestArray) BinaryPrimitives.WriteUInt64LittleEndian(piece[(i * sizeof(ulong))..], words[i]);
            else
            {
                for (var rest = words[i]; rest != 0; rest &= rest - 1, at += sizeof(ushort))
                    BinaryPrimitives.WriteUInt16LittleEndian(piece[at..], (ushort)((i * 64) + BitOperations.TrailingZeroCount(rest)));
            }
        }

        return BytesOf(count);
    }

    private static long ReadBitmap(ref Input input, long first, PositionSet target)
    {
        var cookie = input.UInt32();
        var hasRuns = (ushort)cookie == CookieWithRuns;
        if (!hasRuns && cookie != CookieWithoutRuns) throw Corrupt($"has a bitmap with the cookie {cookie}");
        var count = hasRuns ? (cookie >> 16) + 1 : input.UInt32();
        if (count > GroupsOfBitmap) throw Corrupt($"has a bitmap of {count} containers");
        var runs = hasRuns ? input.Take(((int)count + 7) / 8) : [];
        var heads = input.Take((int)count * 4);

        // Containers follow one another, so that where they begin is known.
        if (!hasRuns || count >= OffsetsFrom) input.Take((int)count * 4);
        var (cardinality, previous) = (0L, -1);
        for (var i = 0; i < count; i++)
        {
            var (key, values) = (BinaryPrimitives.ReadUInt16LittleEndian(heads[(4 * i)..]), BinaryPrimitives.ReadUInt16LittleEndian(heads[((4 * i) + 2)..]) + 1);
            if (key <= previous) throw Corrupt($"has the container {key} behind {previous}");
            previous = key;
            var start = first + ((long)key << 16);
            if (hasRuns && (runs[i / 8] >> (i % 8) & 1) != 0) ReadRuns(ref input, start, values, target);
            else if (values <= LongestArray) ReadArray(input.Take(values * sizeof(ushort)), start, target);
            else ReadBits(input.Take(BitmapBytes), start, values, target);
            cardinality += values;
        }

        return cardinality;
    }

    private static void ReadArray(ReadOnlySpan<byte> values, long start, PositionSet target)
    {
        for (var (at, previous) = (0, -1); at < values.Length; at += sizeof(ushort))
        {
            var value = BinaryPrimitives.ReadUInt16LittleEndian(values[at..]);
            if (value <= previous) throw Corrupt($"has the value {value} behind {previous}");
            target.Add(start + value);
            previous = value;
        }
    }

    private static void ReadBits(ReadOnlySpan<byte> bits, long start, int values, PositionSet target)
    {
        var count = 0;
        for (var at = 0; at < bits.Length; at += sizeof(ulong))
        {
            var word = BinaryPrimitives.ReadUInt64LittleEndian(bits[at..]);
            count += BitOperations.PopCount(word);
            target.Add(start + (at * 8L), word);
        }

        if (count != values) throw Corrupt($"has a container of {values} values with {count} bits");
    }

    private static void ReadRuns(ref Input input, long start, int values, PositionSet target)
    {
        var (count, next) = (0, 0);
        for (var left = input.UInt16(); left > 0; left--)
        {
            var (from, length) = (input.UInt16(), input.UInt16() + 1);
            if (from < next || from + length > PositionSet.GroupSize) throw Corrupt($"has a run of {length} values from {from} on, after {next}");
            next = from + length;
            count += length;
            for (var word = from & ~63; word < next; word += 64) target.Add(start + word, BitsFrom(from - word) & ~BitsFrom(next - word));
        }

        if (count != values) throw Corrupt($"has a container of {values} values with runs of {count}");
    }

    /// <summary>A word with all bits from one on.</summary>
    private static ulong BitsFrom(int bit) => bit >= 64 ? 0 : ulong.MaxValue << Math.Max(0, bit);

    private static IcebergException Corrupt(string what) => IcebergException.Corrupt($"A deletion vector {what}, which no roaring bitmap has; restore its file, or roll back to a snapshot without it.");

    /// <summary>Bytes that are taken from the front, as many as there are.</summary>
    private ref struct Input(ReadOnlySpan<byte> bytes)
    {
        private ReadOnlySpan<byte> rest = bytes;

        public readonly bool IsAtEnd => rest.IsEmpty;

        public ushort UInt16() => BinaryPrimitives.ReadUInt16LittleEndian(Take(2));

        public uint UInt32() => BinaryPrimitives.ReadUInt32LittleEndian(Take(4));

        public ulong UInt64() => BinaryPrimitives.ReadUInt64LittleEndian(Take(8));

        public ReadOnlySpan<byte> Take(int count)
        {
            if (count > rest.Length) throw Corrupt($"ends {count - rest.Length} bytes too early");
            var taken = rest[..count];
            rest = rest[count..];
            return taken;
        }
    }
}
