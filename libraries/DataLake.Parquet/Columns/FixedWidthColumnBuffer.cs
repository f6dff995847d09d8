using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using DataLake.Parquet.Buffers;
using DataLake.Parquet.Schema;

namespace DataLake.Parquet.Columns;

/// <summary>A column of numbers or booleans.</summary>
/// <typeparam name="T">The stored type.</typeparam>
public abstract class FixedWidthColumnBuffer<T> : ColumnBuffer
    where T : unmanaged
{
    private const int InitialValues = 128;
    private T[] _values = [];

    private protected FixedWidthColumnBuffer(ParquetColumn column, PageWorkspace workspace)
        : base(column, workspace)
    {
    }

    private protected sealed override int OpenBytes => _count * Unsafe.SizeOf<T>();

    private protected sealed override ReadOnlySpan<byte> OpenValues => MemoryMarshal.AsBytes(_values.AsSpan(0, _count));

    /// <summary>Appends a row.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Append(T value)
    {
        var values = _values;
        var count = _count;
        if ((uint)count >= (uint)values.Length)
        {
            AppendToFull(value);
            return;
        }

        values[count] = value;
        _count = count + 1;
    }

    private protected sealed override void ResetValues()
    {
    }

    private protected sealed override void ReleaseValues() => PooledArray.Return(ref _values);

    [MethodImpl(MethodImplOptions.NoInlining)]
    private void AppendToFull(T value)
    {
        ThrowIfReleased();
        var most = Math.Min(Workspace.PageBytes / Unsafe.SizeOf<T>(), Workspace.PageRows);
        if (_count >= most) ClosePage();
        else PooledArray.Grow(ref _values, _count, Math.Min(most, Math.Max(InitialValues, _values.Length * 2)));
        _values[_count++] = value;
    }
}
