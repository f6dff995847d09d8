using DataLake.Iceberg.Manifests;
using DataLake.Iceberg.Values;

namespace DataLake.Benchmarks.Tables;

/// <summary>Manifest entries of many data files, as one real file's with another name and other keys. No such files are there: commits and planning open none.</summary>
/// <param name="template">The real file's.</param>
internal sealed class ListedFiles(DataFile template)
{
    /// <summary>The keys of each.</summary>
    public const long RowsOfFile = 10_000;

    /// <summary>Some files, which hold one range of keys after another.</summary>
    public IReadOnlyList<DataFile> Of(string folder, int first, int count) => [.. Enumerable.Range(first, count).Select(i => template with
    {
        FilePath = $"{folder}/run={Guid.NewGuid()}/part-1-{i:D6}.parquet",
        RecordCount = RowsOfFile,
        LowerBounds = With(template.LowerBounds!, i * RowsOfFile),
        UpperBounds = With(template.UpperBounds!, (i * RowsOfFile) + RowsOfFile - 1),
    })];

    private static FieldMap<ReadOnlyMemory<byte>> With(FieldMap<ReadOnlyMemory<byte>> bounds, long id) =>
        new([.. bounds, KeyValuePair.Create<int, ReadOnlyMemory<byte>>(OrderRows.Id, SingleValueBinary.ToBytes(IcebergValue.Long(id)))]);
}
