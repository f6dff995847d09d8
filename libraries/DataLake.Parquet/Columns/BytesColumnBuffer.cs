using System.Runtime.CompilerServices;
using DataLake.Parquet.Buffers;
using DataLake.Parquet.Schema;

namespace DataLake.Parquet.Columns;

/// <summary>A column of byte strings, gathered as PLAIN encoding wants them.</summary>
public abstract class BytesColumnBuffer : ColumnBuffer
{
    /// <summary>The most bytes of one value: 1 GiB.</summary>
    public const int MaxValueLength = 1 << 30;
    private const int InitialBytes = 1024;
    private protected byte[] _data = [];
    private protected int _length;

    private protected BytesColumnBuffer(ParquetColumn column, PageWorkspace workspace)
        : base(column, workspace)
    {
    }

    private protected sealed override int OpenBytes => _length;

    private protected sealed override ReadOnlySpan<byte> OpenValues => _data.AsSpan(0, _length);

    /// <summary>Makes room for <paramref name="needed"/> more bytes: closes the page if it would grow too large, or grows the array.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    private protected void MakeRoom(int needed)
    {
        ThrowIfReleased();
        var pageBytes = Workspace.PageBytes;
        if (_length > 0 && (long)_length + needed > pageBytes) ClosePage();
        if (_data.Length - _length >= needed) return;
        var doubled = Math.Min(pageBytes, Math.Max(InitialBytes, _data.Length * 2L));
        PooledArray.Grow(ref _data, _length, Math.Max(doubled, (long)_length + needed));
    }

    private protected sealed override void ResetValues()
    {
        _length = 0;

        // One huge value must not keep its memory for the life of the writer.
        if (_data.Length > 2 * Workspace.PageBytes) PooledArray.Return(ref _data);
    }

    private protected sealed override void ReleaseValues()
    {
        _length = 0;
        PooledArray.Return(ref _data);
    }
}
