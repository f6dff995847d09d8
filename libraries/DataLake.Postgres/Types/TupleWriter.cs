using System.Buffers.Binary;

namespace DataLake.Postgres.Types;

/// <summary>Puts one row together in COPY's binary form: the number of its fields in 16 bits, then each field's length in 32 bits (-1: NULL) and bytes, big-endian.</summary>
/// <remarks>One instance serves all rows of a file; nothing is allocated per row.</remarks>
internal sealed class TupleWriter
{
    private const int Smallest = 1024;
    private const int LargestKept = 1 << 20;

    private byte[] buffer = new byte[Smallest];
    private int length;

    /// <summary>The row.</summary>
    public ReadOnlySpan<byte> Tuple => buffer.AsSpan(0, length);

    /// <summary>Starts a row of so many fields, which follow.</summary>
    public void Start(int fields)
    {
        Trim();
        length = 0;
        BinaryPrimitives.WriteInt16BigEndian(Take(sizeof(short)), (short)fields);
    }

    /// <summary>Lets go of a large row's memory, and of the row with it.</summary>
    public void Trim()
    {
        if (buffer.Length > LargestKept)
        {
            buffer = new byte[Smallest];
            length = 0;
        }
    }

    /// <summary>Adds a missing value, of the row or of a list.</summary>
    public void Null() => BinaryPrimitives.WriteInt32BigEndian(Take(sizeof(int)), -1);

    /// <summary>Adds a value of so many bytes.</summary>
    /// <returns>Where they are to be written, before the next call.</returns>
    public Span<byte> Value(int bytes)
    {
        var target = Take(sizeof(int) + bytes);
        BinaryPrimitives.WriteInt32BigEndian(target, bytes);
        return target[sizeof(int)..];
    }

    /// <summary>Adds a value.</summary>
    public void Value(ReadOnlySpan<byte> bytes) => bytes.CopyTo(Value(bytes.Length));

    /// <summary>Starts a value whose length is not known yet, with so many bytes that are to be written at once.</summary>
    /// <returns>Its place, for <see cref="End"/>.</returns>
    public int Begin(int bytes, out Span<byte> target)
    {
        var place = length;
        target = Value(bytes);
        return place;
    }

    /// <summary>Ends a value that holds all that was added since.</summary>
    public void End(int place) => BinaryPrimitives.WriteInt32BigEndian(buffer.AsSpan(place), length - place - sizeof(int));

    private Span<byte> Take(int bytes)
    {
        if (buffer.Length - length < bytes)
        {
            Array.Resize(ref buffer, Math.Max(2 * buffer.Length, checked(length + bytes)));
        }

        var target = buffer.AsSpan(length, bytes);
        length += bytes;
        return target;
    }
}
