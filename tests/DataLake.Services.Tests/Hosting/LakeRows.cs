using System.Text;
using DataLake.Ledger.Model;
using DataLake.Parquet.Columns;
using DataLake.Parquet.Reading;
using DataLake.Parquet.Schema;
using DataLake.Parquet.Writing;
using DataLake.Storage;

namespace DataLake.Services.Tests.Hosting;

/// <summary>Reads files of the lake back: text as strings, every other value as the file has it.</summary>
internal static class LakeRows
{
    public static async Task<List<Dictionary<string, object?>>> ReadAsync(string path)
    {
        await using var reader = await ParquetFileReader.OpenAsync(path);
        var rows = new List<Dictionary<string, object?>>();
        for (var rowGroup = 0; rowGroup < reader.Metadata.RowGroups.Count; rowGroup++)
        {
            var start = rows.Count;
            rows.AddRange(Enumerable.Range(0, (int)reader.Metadata.RowGroups[rowGroup].RowCount).Select(_ => new Dictionary<string, object?>()));
            for (var column = 0; column < reader.Metadata.Schema.Columns.Count; column++)
            {
                using var values = await reader.ReadColumnAsync(rowGroup, column);
                Fill(rows, start, reader.Metadata.Schema.Columns[column], values);
            }
        }

        return rows;
    }

    /// <summary>A file of a run with one column of ids, with what its receipt says of it.</summary>
    public static async Task<RunFile> WriteAsync(LakeDirectory lake, Run run, params IReadOnlyList<int> ids)
    {
        await using var file = lake.Create(LakePath.RawFile(LakePath.RawRun(run.Pipeline, run.Table, masked: false, "incremental", new DateOnly(2026, 1, 10), run.Id), run.Attempt, 0));
        await using (var writer = new ParquetFileWriter(file.Stream, new ParquetSchema([ParquetColumn.Of("id", PhysicalType.Int32, null, nullable: false, fieldId: 1)]), new ParquetWriterOptions()))
        {
            foreach (var id in ids)
            {
                ((Int32ColumnBuffer)writer[0]).Append(id);
                await writer.EndBatchAsync(CancellationToken.None);
            }

            await writer.CompleteAsync(CancellationToken.None);
        }

        await file.PublishAsync(CancellationToken.None);
        return new RunFile { RunId = run.Id, Attempt = run.Attempt, Number = 0, Path = file.LakePath, Rows = ids.Count, Bytes = new FileInfo(lake.Resolve(file.LakePath)).Length, ContentHash = new string('0', 32), Sha256 = "" };
    }

    public static async Task<IReadOnlyList<(string Name, int? FieldId)>> ColumnsAsync(string path)
    {
        await using var reader = await ParquetFileReader.OpenAsync(path);
        return [.. reader.Metadata.Schema.Columns.Select(column => (column.Name, column.FieldId))];
    }

    private static void Fill(List<Dictionary<string, object?>> rows, int start, ParquetColumn column, ColumnValues values)
    {
        var value = 0;
        for (var row = 0; row < values.RowCount; row++)
        {
            rows[start + row][column.Name] = values.IsNull(row) ? null : values switch
            {
                FixedWidthColumnValues<bool> typed => typed.Values[value++],
                FixedWidthColumnValues<int> typed => typed.Values[value++],
                FixedWidthColumnValues<long> typed => typed.Values[value++],
                FixedWidthColumnValues<float> typed => typed.Values[value++],
                FixedWidthColumnValues<double> typed => typed.Values[value++],
                ByteArrayColumnValues typed => Encoding.UTF8.GetString(typed[value++]),
                _ => throw new InvalidOperationException(values.GetType().Name),
            };
        }
    }
}
