using System.Buffers.Binary;
using System.Runtime.CompilerServices;

namespace DataLake.Postgres.Types;

/// <summary>The fields of one column in some rows of COPY's binary form: each a length in 32 bits (-1: NULL) and as many bytes.</summary>
/// <param name="bytes">The rows.</param>
/// <param name="places">Where each field's length stands in them; the field is whole.</param>
internal readonly ref struct Fields(Span<byte> bytes, ReadOnlySpan<int> places)
{
    private readonly Span<byte> bytes = bytes;
    private readonly ReadOnlySpan<int> places = places;

    /// <summary>How many there are.</summary>
    public int Count => places.Length;

    /// <summary>One field's bytes, which may be changed.</summary>
    /// <returns>Whether it has any; false for NULL.</returns>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public bool TryGet(int row, out Span<byte> value)
    {
        var field = bytes[places[row]..];
        var length = BinaryPrimitives.ReadInt32BigEndian(field);
        value = length < 0 ? default : field.Slice(sizeof(int), length);
        return length >= 0;
    }
}
