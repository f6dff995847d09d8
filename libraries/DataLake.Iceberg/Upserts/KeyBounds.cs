using DataLake.Iceberg.Manifests;
using DataLake.Iceberg.Metadata;
using DataLake.Iceberg.Planning;
using DataLake.Iceberg.Types;
using DataLake.Iceberg.Values;

namespace DataLake.Iceberg.Upserts;

/// <summary>Between which values the keys of some files lie, as their manifest entries say, and so which other files can hold one of them.</summary>
internal sealed class KeyBounds
{
    private readonly List<(int FieldId, ReadOnlyMemory<byte>? Lower, ReadOnlyMemory<byte>? Upper)> columns = [];

    /// <summary>The bounds of some files.</summary>
    /// <param name="files">One file or more, with rows.</param>
    /// <param name="key">The key's columns with the types that the table has them in.</param>
    public KeyBounds(IReadOnlyList<DataFile> files, IEnumerable<(int FieldId, PrimitiveType Type)> key)
    {
        foreach (var (fieldId, type) in key)
        {
            var lower = Outermost(files.Select(file => Bound(file.LowerBounds, fieldId)), type, isLower: true);
            var upper = Outermost(files.Select(file => Bound(file.UpperBounds, fieldId)), type, isLower: false);
            columns.Add((fieldId, lower, upper));
        }
    }

    /// <summary>The files of a table that can hold one of the keys.</summary>
    /// <param name="table">A table that has the key's columns as wide as the files do.</param>
    public FileFilter FilterFor(TableMetadata table) =>
        new(table, [.. columns.Select(column => ColumnPredicate.Between(column.FieldId, Read(table, column.FieldId, column.Lower), Read(table, column.FieldId, column.Upper)))]);

    /// <summary>A file's bound; null when it is not known.</summary>
    public static ReadOnlyMemory<byte>? Bound(FieldMap<ReadOnlyMemory<byte>>? bounds, int fieldId) => bounds?.TryGetValue(fieldId, out var bound) == true ? bound : default(ReadOnlyMemory<byte>?);

    private static IcebergValue Read(TableMetadata table, int fieldId, ReadOnlyMemory<byte>? bound) =>
        bound is { } bytes && table.CurrentSchema.FindField(fieldId)?.Type is PrimitiveType type ? SingleValueBinary.Read(type, bytes.Span) : IcebergValue.Null;

    /// <summary>The least lower or the greatest upper bound; null when one is not known.</summary>
    private static ReadOnlyMemory<byte>? Outermost(IEnumerable<ReadOnlyMemory<byte>?> bounds, PrimitiveType type, bool isLower)
    {
        ReadOnlyMemory<byte>? outermost = null;
        var value = IcebergValue.Null;
        foreach (var bound in bounds)
        {
            if (bound is not { } bytes) return null;
            var next = SingleValueBinary.Read(type, bytes.Span);
            if (!value.IsNull && IcebergValue.Compare(next, value) * (isLower ? 1 : -1) >= 0) continue;
            (outermost, value) = (bytes, next);
        }

        return outermost;
    }
}
