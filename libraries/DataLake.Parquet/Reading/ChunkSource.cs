using DataLake.Parquet.Buffers;

namespace DataLake.Parquet.Reading;

/// <summary>A window over one part of a file that moves forward: holds what was asked for and little more.</summary>
/// <param name="stream">The file.</param>
/// <param name="start">Where the part begins.</param>
/// <param name="length">Its bytes.</param>
/// <param name="readAhead">Bytes that are read at least, while there are so many.</param>
internal sealed class ChunkSource(Stream stream, long start, long length, int readAhead) : IDisposable
{
    private byte[] _window = [];
    private int _from;
    private int _to;
    private readonly long _end = start + length;
    private long _next = start;

    /// <summary>Bytes of the part that were not stepped over yet.</summary>
    public long Remaining => _end - _next + (_to - _from);

    /// <summary>The next <paramref name="size"/> bytes or all that are left; perhaps more. Valid until the next call.</summary>
    public async ValueTask<ReadOnlyMemory<byte>> PeekAsync(int size, CancellationToken cancellationToken)
    {
        size = (int)Math.Min(size, Remaining);
        if (_to - _from < size) await FillAsync(size, cancellationToken);
        return _window.AsMemory(_from, _to - _from);
    }

    public void Skip(int size) => _from += size;

    /// <summary>Goes on at a later byte of the file; what lies between and is not in the window is not read.</summary>
    /// <returns>False when that is not ahead in the part.</returns>
    public bool SeekTo(long offset)
    {
        var distance = offset - (_next - (_to - _from));
        if (distance < 0 || distance > Remaining) return false;
        if (distance <= _to - _from)
        {
            _from += (int)distance;
            return true;
        }

        _next = offset;
        _from = _to = 0;
        return true;
    }

    /// <summary>Lets go of what a huge page needed. What was read beyond it is read again.</summary>
    public void Shrink()
    {
        if (_window.Length <= PooledArray.LargestPooled) return;
        _next -= _to - _from;
        Dispose();
    }

    public void Dispose()
    {
        PooledArray.Return(ref _window);
        _from = _to = 0;
    }

    private async ValueTask FillAsync(int size, CancellationToken cancellationToken)
    {
        var wanted = (int)Math.Min(Math.Max(size, readAhead), Remaining);
        if (_window.Length < wanted)
        {
            var larger = PooledArray.Rent<byte>(wanted);
            _window.AsSpan(_from, _to - _from).CopyTo(larger);
            PooledArray.Return(ref _window);
            _window = larger;
        }
        else
        {
            _window.AsSpan(_from, _to - _from).CopyTo(_window);
        }

        _to -= _from;
        _from = 0;
        stream.Position = _next;
        var missing = wanted - _to;
        var read = await stream.ReadAtLeastAsync(_window.AsMemory(_to, missing), missing, throwOnEndOfStream: false, cancellationToken);
        if (read < missing) throw new ParquetException(ParquetErrorKind.Truncated, $"The file ends at byte {_next + read}, in the middle of a column.");
        _to += missing;
        _next += missing;
    }
}
