using System.Buffers.Binary;
using DataLake.Parquet.Columns;
using DataLake.Parquet.Writing;
using DataLake.Postgres.Copy;
using DataLake.Postgres.Errors;
using DataLake.Postgres.Types;
using DataLake.Testing.Fuzzing;

namespace DataLake.Postgres.Tests.Copy;

/// <summary>
/// Decodes damaged streams and holds each against what is promised: rows or a <see cref="SourceException"/>; no success unless the frame is whole to its last byte; and
/// what stands before the damage arrives as it was sent.
/// </summary>
internal sealed class CopyFuzzer
{
    private const int CasesPerWriter = 4_000;
    private static readonly int[] Lengths = [0, -1, -2, 1, 3, 5, 8, 12, 255, 65_535, 1 << 20, 64 << 20, int.MaxValue, int.MinValue];
    private readonly Target[] targets = [.. CopyShape.All.Select(shape => new Target(shape))];

    /// <summary>Rows that the last stream gave.</summary>
    public long Rows { get; private set; }

    /// <summary>What the last stream was made of.</summary>
    public CopyShape Shape { get; private set; } = CopyShape.All[0];

    /// <summary>Damages a stream and decodes it.</summary>
    public Exception? Run(FuzzRandom random, FuzzStream input)
    {
        // All types at once cost more than the others together.
        var target = targets[random.Next(random.OneIn(4) ? targets.Length : targets.Length - 1)];
        input.Load(target.Shape.Stream);
        Damage(random, input, target.Shape);
        if (random.OneIn(3))
        {
            input.PieceLength = 1 + random.Next(40);
        }

        return Decode(target, input);
    }

    /// <summary>Decodes a stream of a shape.</summary>
    public Exception? Decode(CopyShape shape, FuzzStream input) => Decode(targets.First(target => target.Shape == shape), input);

    private Exception? Decode(Target target, FuzzStream input)
    {
        var shape = Shape = target.Shape;
        target.Begin();
        using var reader = new CopyReader(input, "public.things", shape.Names);
        Exception? refusal = null;
        try
        {
            while (reader.ReadBatch(target.Decoder) > 0)
            {
            }
        }
        catch (SourceException error) when (error.Kind is SourceErrorKind.Corrupt or SourceErrorKind.Value)
        {
            refusal = error;
        }

        Rows = reader.Rows;
        if (refusal is null && CopyShape.CountRows(input.Bytes, shape.Names.Count) != Rows)
        {
            throw new InvalidOperationException($"It gave {Rows} rows and success, but its frame is not whole, or has another number of rows.");
        }

        var whole = shape.RowsBefore(input.FirstDamage);
        if (Rows < whole || !target.Log.BeginsAs(target.Sent, whole))
        {
            throw new InvalidOperationException($"The first {whole} rows stand before the damage at byte {input.FirstDamage}, and are not what arrived.");
        }

        return refusal;
    }

    private static void Damage(FuzzRandom random, FuzzStream input, CopyShape shape)
    {
        var (at, length) = shape.Fields[random.Next(shape.Fields.Count)];
        switch (random.Next(11))
        {
            case 0: input.Damage(random, 0, input.Bytes.Length); break;
            case 1: input.Put(at, CopyBytes.Of(random.OneIn(2) ? random.Pick<int>(Lengths) : length + random.Next(3) - 1)); break;
            case 2: input.Put(shape.RowStarts[random.Next(shape.RowStarts.Count)], [random.Byte(), random.Byte()]); break;
            case 3: input.DamageByte(random, random.Next(19)); break;
            case 4: input.Remove(random.Next(input.Bytes.Length), input.Bytes.Length); break;
            case 5: input.Insert(input.Bytes.Length, [random.Byte()]); break;
            case 6: Resize(random, input, at, length, random.Next(24)); break;
            case 7: Resize(random, input, at, length, Math.Max(0, length + random.Next(3) - 1)); break;
            case 8:
                input.Remove(shape.RowStarts[0], input.Bytes.Length);
                for (var n = random.Next(60); n > 0; n--)
                {
                    input.Insert(input.Bytes.Length, [random.Byte()]);
                }

                break;
            default: // Inside a value, with the frame as it was.
                for (var n = random.Next(3); n >= 0 && length > 0; n--)
                {
                    input.DamageByte(random, at + 4 + random.Next(length));
                }

                break;
        }

        if (random.OneIn(8))
        {
            input.Damage(random, 0, input.Bytes.Length);
        }
    }

    /// <summary>Gives a value another length, in a frame that stays whole.</summary>
    private static void Resize(FuzzRandom random, FuzzStream input, int at, int length, int newLength)
    {
        Span<byte> value = stackalloc byte[4 + newLength];
        BinaryPrimitives.WriteInt32BigEndian(value, newLength);
        for (var i = 4; i < value.Length; i++)
        {
            // What was there, as far as it goes, so that the value still begins well.
            value[i] = i - 4 < length && !random.OneIn(4) ? input.Bytes[at + i] : random.Byte();
        }

        input.Remove(at, 4 + Math.Max(length, 0));
        input.Insert(at, value);
    }

    /// <summary>A shape and the columns of a file that its values go to, one file after another.</summary>
    private sealed class Target(CopyShape shape)
    {
        private int cases;

        public CopyShape Shape { get; } = shape;

        public ValueLog Sent { get; } = ValueLog.Of(shape);

        public ValueLog Log { get; } = new();

        public RowDecoder Decoder { get; private set; } = new([], []);

        public void Begin()
        {
            if (cases++ % CasesPerWriter == 0)
            {
                var writer = new ParquetFileWriter(Stream.Null, Shape.Schema, new ParquetWriterOptions { RowGroupBytes = 1 << 20 });
                Decoder = new RowDecoder(
                    [.. Shape.Columns.Select((column, i) => column with { Bind = buffer => new RecordingDecoder(buffer, column.Bind(buffer), i, Log) })], writer.Columns);
            }

            Log.Clear();
        }
    }

    /// <summary>Hands values on and notes what they were.</summary>
    private sealed class RecordingDecoder(ColumnBuffer buffer, ColumnDecoder inner, int column, ValueLog log) : ColumnDecoder(buffer)
    {
        internal override void Decode(ReadOnlySpan<byte> value)
        {
            log.Add(column, value);
            inner.Decode(value);
        }

        internal override KeptForm Form => inner.Form;

        internal override void Normalize(Span<byte> value) => inner.Normalize(value);

        internal override void WriteKept(Span<byte> value, TupleWriter tuple) => inner.WriteKept(value, tuple);
    }
}

/// <summary>What values were handed over, in the order of each column: a hash of each. NULL is what is left out.</summary>
internal sealed class ValueLog
{
    private readonly List<List<ulong>> columns = [];
    private int[][] valuesBeforeRow = [];

    /// <summary>The values of a shape's stream.</summary>
    public static ValueLog Of(CopyShape shape)
    {
        var log = new ValueLog { valuesBeforeRow = [.. shape.RowStarts.Select(_ => new int[shape.Names.Count])] };
        for (var i = 0; i < shape.Fields.Count; i++)
        {
            var (at, length) = shape.Fields[i];
            var (row, column) = Math.DivRem(i, shape.Names.Count);
            if (length >= 0)
            {
                log.Add(column, shape.Stream.AsSpan(at + 4, length));
            }

            log.valuesBeforeRow[row + 1][column] = log.Of(column).Count;
        }

        return log;
    }

    public void Clear() => columns.ForEach(values => values.Clear());

    public void Add(int column, ReadOnlySpan<byte> value)
    {
        var hash = 14695981039346656037UL; // FNV-1a
        foreach (var part in value)
        {
            hash = (hash ^ part) * 1099511628211;
        }

        Of(column).Add(hash ^ ((ulong)value.Length << 56));
    }

    /// <summary>Whether the values of the first rows are here.</summary>
    public bool BeginsAs(ValueLog sent, int rows)
    {
        for (var column = 0; column < sent.columns.Count; column++)
        {
            var count = sent.valuesBeforeRow[rows][column];
            if (Of(column).Count < count || !Of(column)[..count].SequenceEqual(sent.columns[column][..count]))
            {
                return false;
            }
        }

        return true;
    }

    private List<ulong> Of(int column)
    {
        while (columns.Count <= column)
        {
            columns.Add([]);
        }

        return columns[column];
    }
}
