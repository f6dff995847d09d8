using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using DataLake.Parquet.Buffers;
using DataLake.Parquet.Schema;

namespace DataLake.Parquet.Columns;

/// <summary>A column of numbers or booleans.</summary>
/// <typeparam name="T">The stored type.</typeparam>
public abstract class FixedWidthColumnBuffer<T> : ValueColumnBuffer
    where T : unmanaged
{
    private const int InitialValues = 128;
    private T[] _values = [];

    private protected FixedWidthColumnBuffer(ParquetColumn column, PageWorkspace workspace)
        : base(column, workspace)
    {
    }

    internal sealed override int OpenBytes => _count * Unsafe.SizeOf<T>();

    internal sealed override OpenPage Open => new(MemoryMarshal.AsBytes(_values.AsSpan(0, _count)), 0);

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
        // One huge list must not keep its memory for the life of the writer.
        if (IsElement && (long)_values.Length * Unsafe.SizeOf<T>() > 2L * Workspace.PageBytes) PooledArray.Return(ref _values);
    }

    private protected sealed override void ReleaseValues() => PooledArray.Return(ref _values);

    [MethodImpl(MethodImplOptions.NoInlining)]
    private void AppendToFull(T value)
    {
        ThrowIfReleased();
        CheckListSize(Unsafe.SizeOf<T>());
        long most = Math.Min(Workspace.PageBytes / Unsafe.SizeOf<T>(), Workspace.PageRows);
        if (_count >= most && !IsElement) ClosePage();
        else PooledArray.Grow(ref _values, _count, Math.Min(IsElement ? Array.MaxLength : most, Math.Max(InitialValues, _values.Length * 2L)));
        _values[_count++] = value;
    }
}
