namespace DataLake.Testing.Fuzzing;

/// <summary>The bytes of one case: loaded, damaged in place, and read as a stream. One instance serves all cases of a thread, so that a case takes no memory.</summary>
public sealed class FuzzStream : Stream
{
    private byte[] buffer = new byte[4096];
    private int length;
    private int position;

    /// <summary>The bytes as they are now.</summary>
    public ReadOnlySpan<byte> Bytes => buffer.AsSpan(0, length);

    /// <summary>How many bytes one read gives at most.</summary>
    public int PieceLength { get; set; } = int.MaxValue;

    /// <summary>Bytes before this one are as they were loaded.</summary>
    public int FirstDamage { get; private set; }

    /// <summary>As long as nothing was inserted, removed or cut off: bytes from this one on are as they were loaded.</summary>
    public int DamageEnd { get; private set; }

    public override bool CanRead => true;
    public override bool CanSeek => true;
    public override bool CanWrite => false;
    public override long Length => length;
    public override long Position { get => position; set => position = checked((int)value); }

    /// <summary>Takes bytes in the place of those before.</summary>
    public void Load(ReadOnlySpan<byte> bytes)
    {
        Reserve(bytes.Length);
        bytes.CopyTo(buffer);
        (length, position, FirstDamage, DamageEnd, PieceLength) = (bytes.Length, 0, int.MaxValue, 0, int.MaxValue);
    }

    /// <summary>Writes over what is there, as far as it goes.</summary>
    public void Put(int at, ReadOnlySpan<byte> bytes)
    {
        bytes = bytes[..Math.Clamp(length - at, 0, bytes.Length)];
        bytes.CopyTo(buffer.AsSpan(Math.Min(at, length)));
        Damaged(at, at + bytes.Length);
    }

    /// <summary>Writes one byte over another.</summary>
    public void Put(int at, byte value) => Put(at, [value]);

    /// <summary>Removes bytes, or as many of them as there are.</summary>
    public void Remove(int at, int count)
    {
        count = Math.Min(count, length - at);
        buffer.AsSpan(at + count, length - at - count).CopyTo(buffer.AsSpan(at));
        length -= count;
        Damaged(at, int.MaxValue);
    }

    /// <summary>Inserts bytes, which may be some of its own.</summary>
    public void Insert(int at, ReadOnlySpan<byte> bytes)
    {
        var inserted = bytes.ToArray();
        Reserve(length + inserted.Length);
        buffer.AsSpan(at, length - at).CopyTo(buffer.AsSpan(at + inserted.Length));
        inserted.CopyTo(buffer.AsSpan(at));
        length += inserted.Length;
        Damaged(at, int.MaxValue);
    }

    /// <summary>Damages up to three places between two offsets, as bad disks and bad people do.</summary>
    public void Damage(FuzzRandom random, int from, int to)
    {
        for (var places = random.Next(3); places >= 0 && from < Math.Min(to, length); places--)
        {
            var at = from + random.Next(Math.Min(to, length) - from);
            switch (random.Next(8))
            {
                case 0: Remove(at, 1 + random.Next(8)); break;
                case 1: Insert(at, Bytes.Slice(at, Math.Min(1 + random.Next(8), length - at))); break;
                case 2: Insert(at, [random.Byte()]); break;
                case 3 when random.OneIn(4): Remove(at, length); break;
                default: DamageByte(random, at); break;
            }
        }
    }

    /// <summary>Changes one byte.</summary>
    public void DamageByte(FuzzRandom random, int at) => Put(at, random.Next(3) switch
    {
        0 => (byte)(buffer[at] ^ (1 << random.Next(8))),
        1 => (byte)(buffer[at] + (random.OneIn(2) ? 1 : -1)),
        _ => random.Byte(),
    });

    public override int Read(Span<byte> buffer)
    {
        var count = Math.Max(0, Math.Min(Math.Min(buffer.Length, PieceLength), length - position));
        this.buffer.AsSpan(Math.Min(position, length), count).CopyTo(buffer);
        position += count;
        return count;
    }

    public override int Read(byte[] buffer, int offset, int count) => Read(buffer.AsSpan(offset, count));
    public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) => new(Read(buffer.Span));
    public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) => Task.FromResult(Read(buffer.AsSpan(offset, count)));
    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();
    public override void SetLength(long value) => throw new NotSupportedException();
    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    public override void Flush()
    {
    }

    private void Damaged(int from, int to)
    {
        FirstDamage = Math.Min(FirstDamage, from);
        DamageEnd = Math.Max(DamageEnd, to);
    }

    private void Reserve(int size)
    {
        if (buffer.Length < size)
        {
            Array.Resize(ref buffer, size * 2);
        }
    }
}
