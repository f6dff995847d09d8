using System.Runtime.CompilerServices;
using DataLake.Parquet.Buffers;
using DataLake.Parquet.Schema;

namespace DataLake.Parquet.Columns;

/// <summary>A column of byte strings, gathered as PLAIN encoding wants them.</summary>
public abstract class BytesColumnBuffer : ValueColumnBuffer
{
    /// <summary>The most bytes of one value that <c>MaxValueBytes</c> can allow: 1 GiB.</summary>
    public const int MaxValueLength = 1 << 30;
    private const int InitialBytes = 1024;

    // Free bytes before the first value, for the levels of the page.
    private const int Headroom = 64;
    private protected byte[] _data = [];
    private protected int _length = Headroom;

    private protected BytesColumnBuffer(ParquetColumn column, PageWorkspace workspace)
        : base(column, workspace)
    {
    }

    internal sealed override int OpenBytes => _length - Headroom;

    internal sealed override OpenPage Open => _data.Length == 0 ? default : new(_data.AsSpan(0, _length), Headroom);

    /// <summary>Makes room for <paramref name="needed"/> more bytes: closes the page if it would grow too large, or grows the array.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    private protected void MakeRoom(int needed)
    {
        ThrowIfReleased();
        CheckListSize(needed);
        long most = Workspace.PageBytes;
        if (!IsElement && _length > Headroom && (long)_length + needed > most) ClosePage();
        if (_data.Length - _length >= needed) return;
        if (IsElement) most = Math.Max(most, Workspace.MaxValueBytes);
        var doubled = Math.Min(most, Math.Max(InitialBytes, _data.Length * 2L));
        PooledArray.Grow(ref _data, Math.Min(_length, _data.Length), Math.Max(doubled, (long)_length + needed));
    }

    private protected sealed override void ResetValues()
    {
        _length = Headroom;

        // One huge value must not keep its memory for the life of the writer.
        if (_data.Length > 2 * Workspace.PageBytes) PooledArray.Return(ref _data);
    }

    private protected sealed override void ReleaseValues()
    {
        _length = Headroom;
        PooledArray.Return(ref _data);
    }
}
