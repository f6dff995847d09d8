using System.Buffers.Binary;
using System.Runtime.CompilerServices;

namespace DataLake.Postgres.Types;

/// <summary>
/// Puts rows together side by side in COPY's binary form (see <see cref="TupleWriter"/>), a column at a time: each row has its place, large enough for whatever its columns add,
/// and an end that they move on.
/// </summary>
/// <remarks>One instance serves all rows of a file; nothing is allocated per row.</remarks>
internal sealed class TupleBatch
{
    /// <summary>The most rows of one batch.</summary>
    public const int MostRows = 256;

    // The rows of a batch are written once for each column: they should stay in a core's own cache. A row that is larger is a batch by itself.
    private const int UsualBytes = 64 * 1024;

    private readonly int[] starts = new int[MostRows];
    private readonly int[] ends = new int[MostRows];
    private byte[] bytes = new byte[UsualBytes];

    /// <summary>How many rows the batch has.</summary>
    public int Rows { get; private set; }

    /// <summary>The places of all rows.</summary>
    public Span<byte> Bytes => bytes;

    /// <summary>For each row where its next field is to be written; moved by who writes it.</summary>
    public Span<int> Ends => ends.AsSpan(0, Rows);

    /// <summary>A row as far as it was written.</summary>
    public ReadOnlySpan<byte> this[int row]
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => bytes.AsSpan(starts[row], ends[row] - starts[row]);
    }

    /// <summary>Starts a batch of as many rows as go together, at least one.</summary>
    /// <param name="fields">The fields of each.</param>
    /// <param name="sizes">The most bytes that the fields of each row can take.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void Start(int fields, ReadOnlySpan<int> sizes)
    {
        var (rows, next) = (0, 0);
        do
        {
            starts[rows] = next;
            next = checked(next + sizeof(short) + sizes[rows++]);
        }
        while (rows < sizes.Length && (long)next + sizeof(short) + sizes[rows] <= UsualBytes);

        if (next > bytes.Length || bytes.Length > UsualBytes)
        {
            bytes = next > UsualBytes ? GC.AllocateUninitializedArray<byte>(next) : new byte[UsualBytes];
        }

        Rows = rows;
        for (var row = 0; row < rows; row++)
        {
            BinaryPrimitives.WriteInt16BigEndian(bytes.AsSpan(starts[row]), (short)fields);
            ends[row] = starts[row] + sizeof(short);
        }
    }
}
