using DataLake.Parquet.Tests.Tables;
using DataLake.Testing;
using DataLake.Testing.Readers;

namespace DataLake.Parquet.Tests;

/// <summary>Every table of <see cref="TableCases"/>, written once, read by three independent readers and our own.</summary>
public sealed class RoundTripTests(RoundTripTests.Files files) : IClassFixture<RoundTripTests.Files>
{
    public static TheoryData<string> CaseNames => [.. TableCases.Names];

    [Theory, MemberData(nameof(CaseNames))]
    public void DuckDB_reads_what_was_written(string name) => files.ShouldAgree("duckdb", name);

    /// <summary>hyparquet decompresses no LZ4.</summary>
    public static TheoryData<string> CaseNamesWithoutLz4 => [.. TableCases.Names.Where(name => !name.Contains("LZ4", StringComparison.Ordinal))];

    [Theory, MemberData(nameof(CaseNamesWithoutLz4))]
    public void Hyparquet_reads_what_was_written(string name) => files.ShouldAgree("hyparquet", name);

    [Theory, MemberData(nameof(CaseNames))]
    public void The_Rust_reader_reads_what_was_written(string name) => files.ShouldAgree("parquet-wasm", name);

    [Theory, MemberData(nameof(CaseNames))]
    public async Task Our_reader_reads_what_was_written_by_chunk_and_by_page(string name)
    {
        var table = TableCases.Get(name);
        var (file, summary) = await table.WriteAsync();
        var expected = CanonicalRows.Of(table.Schema, table.Rows);
        CanonicalRows.Of(table.Schema, await OwnReader.ReadAsync(file)).SequenceEqual(expected).ShouldBeTrue();
        CanonicalRows.Of(table.Schema, await OwnReader.ReadAsync(file, byPage: true)).SequenceEqual(expected).ShouldBeTrue();
        summary.RowCount.ShouldBe(table.Rows.Count);
        summary.ByteLength.ShouldBe(file.Length);
    }

    [Fact]
    public async Task Our_reader_reads_data_pages_of_version_2()
    {
        var table = TableCases.Get("every type, some nulls");
        using var folder = new TemporaryFolder();
        await File.WriteAllBytesAsync(folder.In("v1.parquet"), (await table.WriteAsync()).File);
        await LakeReaders.RewriteV2Async(folder.In("v1.parquet"), folder.In("v2.parquet"));
        await using var reader = await Reading.ParquetFileReader.OpenAsync(folder.In("v2.parquet"));
        var compared = 0;
        for (var column = 0; column < table.Schema.Columns.Count; column++)
        {
            // The Rust writer falls back to DELTA encodings, which are not read yet.
            if (reader.Metadata.RowGroups.Any(group => group.Columns[column].Encodings.Any(e => e.ToString().StartsWith("Delta", StringComparison.Ordinal)))) continue;
            var schema = new Schema.ParquetSchema([table.Schema.Columns[column]]);
            var found = await OwnReader.ReadColumnAsync(reader, column);
            CanonicalRows.Of(schema, found.Select(value => new[] { value })).ShouldBe(CanonicalRows.Of(schema, table.Rows.Select(row => new[] { row[column] })));
            compared++;
        }

        compared.ShouldBeGreaterThan(5);
    }

    [Fact]
    public async Task Our_reader_reads_what_DuckDB_writes()
    {
        using var folder = new TemporaryFolder();
        await LakeReaders.SqlAsync($"""
            COPY (SELECT i::INTEGER AS i, CASE WHEN i % 3 = 0 THEN NULL ELSE 'name ' || (i % 50) END AS s, (i * 1.5)::DOUBLE AS d, i % 2 = 0 AS b,
              (i * 100)::DECIMAL(30, 2) AS n, TIMESTAMP '2020-01-01' + INTERVAL (i) SECOND AS t FROM range(50000) r(i))
            TO '{folder.In("duck.parquet")}' (FORMAT parquet, ROW_GROUP_SIZE 20000);
            SELECT 1
            """);
        await using var reader = await Reading.ParquetFileReader.OpenAsync(folder.In("duck.parquet"));
        var rows = await OwnReader.ReadAsync(reader);
        var duck = (await LakeReaders.ReadAsync("duckdb", [folder.In("duck.parquet")]))[0];
        CanonicalRows.Of(reader.Metadata.Schema, rows).SequenceEqual(duck).ShouldBeTrue();
        rows.Count.ShouldBe(50_000);
    }

    /// <summary>Writes all files and runs each reader over all of them in one process.</summary>
    public sealed class Files : IAsyncLifetime
    {
        private readonly TemporaryFolder _folder = new();
        private readonly Dictionary<string, TestTable> _tables = [];
        private readonly Dictionary<string, List<string>> _names = [];
        private readonly Dictionary<string, Task<IReadOnlyList<IReadOnlyList<string>>>> _found = [];

        public async ValueTask InitializeAsync()
        {
            var paths = new List<string>();
            foreach (var name in TableCases.Names)
            {
                var table = TableCases.Get(name);
                _tables[name] = table;
                paths.Add(_folder.In($"{paths.Count}.parquet"));
                await using var file = File.Create(paths[^1]);
                await table.WriteAsync(file);
            }

            foreach (var reader in LakeReaders.Names)
            {
                var names = reader == "hyparquet" ? [.. CaseNamesWithoutLz4.Select(row => row.Data)] : TableCases.Names.ToList();
                _names[reader] = names;
                _found[reader] = LakeReaders.ReadAsync(reader, [.. names.Select(name => paths[TableCases.Names.ToList().IndexOf(name)])]);
            }

            await Task.WhenAll(_found.Values).ContinueWith(_ => { }, TaskScheduler.Default);
        }

        public void ShouldAgree(string reader, string name)
        {
            var found = _found[reader].GetAwaiter().GetResult()[_names[reader].IndexOf(name)];
            var expected = CanonicalRows.Of(_tables[name].Schema, _tables[name].Rows, enumsAreBytes: reader == "parquet-wasm");
            found.Count.ShouldBe(expected.Count);
            for (var i = 0; i < expected.Count; i++)
                if (found[i] != expected[i]) Assert.Fail($"Line {i} of '{name}' in {reader}:\n{found[i]}\n{expected[i]}");
        }

        public ValueTask DisposeAsync()
        {
            _folder.Dispose();
            return ValueTask.CompletedTask;
        }
    }
}
