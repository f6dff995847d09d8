using DataLake.Iceberg.Deletes;
using DataLake.Iceberg.Manifests;
using DataLake.Iceberg.Tests.Files;
using DataLake.Iceberg.Types;
using DataLake.Iceberg.Upserts;
using DataLake.Iceberg.Values;
using DataLake.Parquet.BloomFilters;

namespace DataLake.Iceberg.Tests.Upserts;

/// <summary>Rows that new rows replace, held against looking for every key one by one.</summary>
public sealed class KeySearchTests
{
    private static readonly Schema Numbers = new(StructType.Of(NestedField.Mandatory(1, "n", PrimitiveType.Long)));

    [Theory]
    [InlineData(1, 1)]
    [InlineData(2, 64 << 10)]
    public async Task Rows_are_found_by_keys_of_every_type(int seed, long keyBytes)
    {
        using var folder = new LakeFolder();
        var random = new RandomRows(seed);
        foreach (var type in RandomRows.Types.Where(type => type.Id is not (TypeId.Float or TypeId.Double)))
        {
            // The key's columns stand in another order, and beside others; pages of the columns do not end together.
            var schema = new Schema(StructType.Of(NestedField.Optional(9, "other", PrimitiveType.String), NestedField.Mandatory(1, "a", type), NestedField.Mandatory(2, "b", PrimitiveType.Int)));
            var pool = Enumerable.Range(0, 400).Select(_ => random.Value(type)).ToList();
            IcebergValue[] Row() => [random.Value(PrimitiveType.String), random.Pick(pool), IcebergValue.Int(random.Next(2))];
            var candidates = new List<(DataFile File, PositionSet? Deleted, List<IcebergValue[]> Rows)>();
            for (var i = 0; i < 3; i++)
            {
                var rows = Enumerable.Range(0, random.Next(100, 1500)).Select(_ => Row()).ToList();
                var file = await folder.WriteAsync(schema, rows, LakeFolder.Small with { BloomFilters = type.Id == TypeId.Boolean ? [] : new Dictionary<string, BloomFilterOptions> { ["a"] = new() } });
                var deleted = i == 0 ? null : new PositionSet(file.RecordCount);
                for (var n = 0; n < 50; n++) deleted?.Add(random.Next(rows.Count));
                candidates.Add((file, deleted, rows));
            }

            foreach (var key in new int[][] { [1], [2, 1] })
            {
                var keys = Enumerable.Range(0, random.Pick<int>([1, 30, 2500])).Select(_ => Row()).ToList();
                DataFile[] added = [await folder.WriteAsync(schema, keys.Take(keys.Count / 2)), await folder.WriteAsync(schema, keys.Skip(keys.Count / 2))];
                var search = new KeySearch(folder.Open, schema, key, new KeySearchOptions { KeyBytes = keyBytes, Parallelism = random.Next(1, 9) });
                var found = await search.FindAsync(added, [.. candidates.Select(candidate => (candidate.File, candidate.Deleted))]);
                var sought = keys.Select(row => (row[1], key.Length == 1 ? default : row[2])).ToHashSet();
                foreach (var (file, deleted, rows) in candidates)
                {
                    var expected = Enumerable.Range(0, rows.Count).Where(i => sought.Contains((rows[i][1], key.Length == 1 ? default : rows[i][2])) && deleted?.Contains(i) != true);
                    (found.TryGetValue(file.FilePath, out var positions) ? positions : Enumerable.Empty<long>()).ShouldBe(expected.Select(i => (long)i), $"{type} by {key.Length}");
                }
            }
        }
    }

    [Fact]
    public async Task Keys_are_equal_by_value_across_types_that_were_widened()
    {
        using var folder = new LakeFolder();
        var narrow = new Schema(StructType.Of(NestedField.Mandatory(1, "n", PrimitiveType.Int), NestedField.Mandatory(2, "d", PrimitiveType.Decimal(9, 2))));
        var middle = new Schema(StructType.Of(NestedField.Mandatory(1, "n", PrimitiveType.Int), NestedField.Mandatory(2, "d", PrimitiveType.Decimal(18, 2))));
        var wide = new Schema(StructType.Of(NestedField.Mandatory(1, "n", PrimitiveType.Long), NestedField.Mandatory(2, "d", PrimitiveType.Decimal(30, 2))));
        IcebergValue[] Narrow(int i) => [IcebergValue.Int(i - 500), IcebergValue.Decimal((i - 500) * 7)];
        IcebergValue[] Wide(int i) => [IcebergValue.Long(i - 500), IcebergValue.Decimal((i - 500) * 7)];
        var options = LakeFolder.Small with { BloomFilters = new Dictionary<string, BloomFilterOptions> { ["n"] = new(), ["d"] = new() } };
        var old = await folder.WriteAsync(narrow, Enumerable.Range(0, 1000).Select(Narrow), options);
        var older = await folder.WriteAsync(middle, Enumerable.Range(0, 1000).Select(Narrow), options);
        var added = await folder.WriteAsync(wide, [Wide(3), Wide(-4000), Wide(999), [IcebergValue.Long(1L << 40), IcebergValue.Decimal((Int128)1 << 90)]], options);
        foreach (var key in new int[][] { [1], [2], [1, 2] })
        {
            var found = await new KeySearch(folder.Open, wide, key).FindAsync([added], [(old, null), (older, null)]);
            found.Keys.Order().ShouldBe(new[] { old.FilePath, older.FilePath }.Order());
            foreach (var positions in found.Values) positions.ShouldBe([3L, 999]);
        }

        // And the other way round: narrow keys in a wide file.
        (await new KeySearch(folder.Open, wide, [2, 1]).FindAsync([old], [(added, null)])).ShouldHaveSingleItem().Value.ShouldBe([0L, 2]);
    }

    [Fact]
    public async Task Files_out_of_bounds_are_not_opened_and_pages_out_of_bounds_are_not_read()
    {
        using var folder = new LakeFolder();
        var large = LakeFolder.Small with { RowGroupRows = 100_000, PageBytes = 8 * 1024, DictionaryLimitBytes = 0, Compression = Parquet.Compression.CompressionCodec.None };
        var files = new List<DataFile>();
        for (var i = 0; i < 4; i++) files.Add(await folder.WriteAsync(Numbers, Enumerable.Range(i * 100_000, 100_000).Select(n => new[] { IcebergValue.Long(n * 2) }), large));
        var added = await folder.WriteAsync(Numbers, [[IcebergValue.Long(300_000)], [IcebergValue.Long(300_001)], [IcebergValue.Long(700_002)], [IcebergValue.Long(-1)]]);
        folder.Opened.Clear();
        var read = 0L;
        async ValueTask<Stream> Open(string location, CancellationToken cancellation) => new CountingStream(await folder.Open(location, cancellation), bytes => Interlocked.Add(ref read, bytes));
        var found = await new KeySearch(Open, Numbers, [1]).FindAsync([added], [.. files.Select(file => (file, (PositionSet?)null))]);
        found.Select(file => (file.Key, file.Value.Single())).Order().ShouldBe([(files[1].FilePath, 50_000L), (files[3].FilePath, 50_001L)]);
        folder.Opened.Distinct().Order().ShouldBe(new[] { added.FilePath, files[1].FilePath, files[3].FilePath }.Order());

        // 800,000 bytes a file: footers and indexes, and a window around the page.
        read.ShouldBeLessThan(500_000);
    }

    [Fact]
    public async Task A_Bloom_filter_rules_out_a_row_group_whose_bounds_do_not()
    {
        using var folder = new LakeFolder();
        var schema = new Schema(StructType.Of(NestedField.Mandatory(1, "t", PrimitiveType.String)));
        var options = LakeFolder.Small with { RowGroupRows = 100_000, PageBytes = 64 * 1024, DictionaryLimitBytes = 0, BloomFilters = new Dictionary<string, BloomFilterOptions> { ["t"] = new() { FalsePositiveRate = 0.01 } } };
        var file = await folder.WriteAsync(schema, Enumerable.Range(0, 100_000).Select(n => new[] { IcebergValue.String($"{n * 2654435761 % 100_000:D9}-even") }), options);
        async Task<(int Found, long Read)> FindAsync(string key)
        {
            var added = await folder.WriteAsync(schema, [[IcebergValue.String(key)]]);
            var read = 0L;
            async ValueTask<Stream> Open(string location, CancellationToken cancellation) => new CountingStream(await folder.Open(location, cancellation), bytes => Interlocked.Add(ref read, bytes));
            return ((await new KeySearch(Open, schema, [1]).FindAsync([added], [(file, null)])).Count, read);
        }

        var (absent, present) = (await FindAsync("000009999-odd"), await FindAsync("000009998-even"));
        (absent.Found, present.Found).ShouldBe((0, 1));
        absent.Read.ShouldBeLessThan(present.Read / 2);
    }

    [Fact]
    public async Task A_null_in_a_key_and_a_key_that_cannot_be_one_are_refused()
    {
        using var folder = new LakeFolder();
        var schema = new Schema(StructType.Of(
            NestedField.Optional(1, "a", PrimitiveType.Int), NestedField.Optional(2, "b", PrimitiveType.Double), NestedField.Optional(3, "c", PrimitiveType.Int)));
        var file = await folder.WriteAsync(schema, [[IcebergValue.Int(1), IcebergValue.Null, IcebergValue.Int(1)], [IcebergValue.Int(1), IcebergValue.Null, IcebergValue.Null]]);
        Task<string> Error(Schema table, params int[] key) => ErrorAsync(() => new KeySearch(folder.Open, table, key).FindAsync([file], [(file, null)]));
        (await Error(schema, 1, 3)).ShouldBe(
            $"{file.FilePath} has a row without a value in its key (a, c); rows without a key cannot be told apart. Make the columns NOT NULL in the source, or choose another key.");
        (await Error(schema, 2)).ShouldContain("'b' is double and cannot be part of a key");
        (await Error(schema, 7)).ShouldContain("no column of the schema");
        (await Error(schema)).ShouldContain("at least one key column");
        (await Error(new Schema(StructType.Of(NestedField.Optional(4, "d", PrimitiveType.Int))), 4)).ShouldContain("does not have the key column 'd' (id 4)");
        (await Error(new Schema(StructType.Of(NestedField.Optional(1, "a", PrimitiveType.String))), 1)).ShouldContain("'a' (id 1) is string in the table");
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void Fingerprints_are_a_set(int seed)
    {
        var random = new Random(seed);
        var (set, model) = (new DataLake.Iceberg.Keys.FingerprintSet(), new HashSet<UInt128>());
        for (var round = 0; round < 2; round++)
        {
            for (var i = 0; i < 20_000; i++)
            {
                // Zero, fingerprints without high half, and those that want one slot.
                var fingerprint = random.Next(3) switch { 0 => (UInt128)random.Next(50), 1 => DataLake.Iceberg.Keys.Fingerprint.Of(random.NextInt64(30_000)), _ => new UInt128((ulong)random.Next(9000), 7) };
                set.Contains(fingerprint).ShouldBe(model.Contains(fingerprint));
                set.Add(fingerprint).ShouldBe(model.Add(fingerprint));
            }

            set.Count.ShouldBe(model.Count);
            foreach (var fingerprint in model) set.Contains(fingerprint).ShouldBeTrue();
            set.Clear();
            model.Clear();
        }
    }

    private static async Task<string> ErrorAsync(Func<Task> action) => (await Should.ThrowAsync<IcebergException>(action)).Message;
}
