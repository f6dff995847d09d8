namespace DataLake.Parquet.Buffers;

/// <summary>An append-only run of bytes in pooled segments that start small and double, so that 1,600 columns cost little and large ones grow without copying.</summary>
internal sealed class SegmentedBuffer(SegmentPool pool)
{
    private readonly List<ArraySegment<byte>> _full = [];
    private byte[]? _last;
    private int _used;

    /// <summary>Bytes written.</summary>
    public long Length { get; private set; }

    public void Append(ReadOnlySpan<byte> bytes)
    {
        Length += bytes.Length;
        while (bytes.Length > 0)
        {
            if (_last is null || _used == _last.Length) NextSegment(bytes.Length);
            var n = Math.Min(bytes.Length, _last!.Length - _used);
            bytes[..n].CopyTo(_last.AsSpan(_used));
            _used += n;
            bytes = bytes[n..];
        }
    }

    /// <summary>Takes an array over instead of copying it.</summary>
    public void AppendArray(byte[] array, int length)
    {
        if (_used > 0) _full.Add(new ArraySegment<byte>(_last!, 0, _used));
        else if (_last is not null) pool.Return(_last);
        (_last, _used) = (null, 0);
        _full.Add(new ArraySegment<byte>(array, 0, length));
        Length += length;
    }

    public async ValueTask WriteToAsync(Stream output, CancellationToken cancellationToken)
    {
        foreach (var segment in _full) await output.WriteAsync(segment, cancellationToken);
        if (_used > 0) await output.WriteAsync(_last.AsMemory(0, _used), cancellationToken);
    }

    /// <summary>Gives the segments back.</summary>
    public void Clear()
    {
        foreach (var segment in _full) pool.Return(segment.Array!);
        _full.Clear();
        if (_last is not null) pool.Return(_last);
        _last = null;
        _used = 0;
        Length = 0;
    }

    private void NextSegment(int needed)
    {
        var previous = _last?.Length ?? 0;
        if (_last is not null) _full.Add(new ArraySegment<byte>(_last, 0, _used));
        _last = pool.Rent(Math.Max(previous * 2, needed));
        _used = 0;
    }
}
