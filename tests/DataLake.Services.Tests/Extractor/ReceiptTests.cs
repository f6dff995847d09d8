using System.Buffers.Binary;
using System.Diagnostics;
using System.Text;
using DataLake.Contracts;
using DataLake.EmbeddedPostgres;
using DataLake.Extractor.Files;
using DataLake.Ledger.Model;
using DataLake.Parquet;
using DataLake.Parquet.Reading;
using DataLake.Parquet.Schema;
using DataLake.Parquet.Writing;
using DataLake.Postgres.Copy;
using DataLake.Postgres.Tables;
using DataLake.Postgres.Types;
using DataLake.Services.Tests.Hosting;
using DataLake.Storage;
using DataLake.Testing;

namespace DataLake.Services.Tests.Extractor;

/// <summary>The content hash that a run leaves: of what the source sent, and of what was written.</summary>
public sealed class ReceiptTests(TestPostgres postgres)
{
    // PostgreSQL's numbers of types (src/include/catalog/pg_type.dat).
    private const uint Int4 = 23, Text = 25, Int4Array = 1007, Date = 1082, Timestamptz = 1184, Numeric = 1700;

    private const int Updated = 20_000;
    private const int Rows = 400_000;
    private const string Compressible = "01";
    private const string Columns = "id, amount, note, seen_at, tags";

    /// <summary>psql joins the run's snapshot, and copies the table in one piece, while both its rows and the run's chunks go on.</summary>
    [Fact]
    public async Task A_load_of_a_table_that_is_updated_all_the_time_is_what_SELECT_gives_at_its_snapshot()
    {
        await using var lake = await LakeSystem.CreateAsync(postgres,
            $"""
            CREATE TABLE accounts (id int PRIMARY KEY, amount numeric(12,2) NOT NULL, note text, seen_at timestamptz, tags int[]);
            INSERT INTO accounts SELECT i, i % 1000 / 7.0, CASE WHEN i % 5 > 0 THEN md5(i::text) END, timestamptz '2026-01-01Z' + i * interval '1 s', ARRAY[i, NULL, i + 1] FROM generate_series(1, {Updated}) i;
            CREATE VIEW gated AS SELECT * FROM accounts WHERE id NOT BETWEEN 9000 AND 9009 OR gate();
            """);
        lake.Define($" - {{ table: gated, chunks: {{ column: id, lower: 1, upper: {Updated}, count: 7 }}, types: {{ arrays: list }} }}", "max_connections: 3");
        await lake.StartAsync();
        using var stop = new CancellationTokenSource();
        var traffic = TrafficAsync(lake.Source, stop.Token);
        (ContentHash Content, long Rows) expected;
        await using (await lake.CloseGateAsync())
        {
            await lake.RoundAsync();
            await lake.AtGateAsync();
            expected = await ContentAtAsync(lake.Source, await SnapshotOfRunAsync(lake.Source));
        }

        await lake.QuietAsync();
        await stop.CancelAsync();
        (await traffic).ShouldBeGreaterThan(10);
        var run = await lake.OnlyRunAsync();
        (run.Status, run.Rows).ShouldBe((RunStatus.Committed, expected.Rows));
        var files = await lake.Runs.FilesAsync(run.Id, CancellationToken.None);
        files.Count.ShouldBeGreaterThan(1);
        RunFile.ContentOf(files).ShouldBe(expected.Content);
        (await ContentAtAsync(lake.Source, null)).ShouldNotBe(expected);
    }

    [Fact]
    public async Task A_file_that_holds_another_value_than_was_sent_is_thrown_away()
    {
        // A decoder with a mistake: it takes a number for a date, and moves it.
        var error = await PublishAsync(number => number with { Bind = Mapping("id", Date).Bind });
        error.Kind.ShouldBe(StorageErrorKind.Damaged);
        error.CanRetry.ShouldBeTrue();
        error.Message.ShouldContain("holds other rows than the source sent");
    }

    [Fact]
    public async Task A_file_that_cannot_be_read_back_is_thrown_away()
    {
        var error = await PublishAsync(number => number with { BindBack = _ => throw new ParquetException(ParquetErrorKind.Corrupt, "a page is damaged") });
        error.Kind.ShouldBe(StorageErrorKind.Damaged);
        error.Message.ShouldContain("cannot be read back: a page is damaged");
    }

    /// <summary>Whoever reads a row group back, and however often the source lets the filling thread do it, each is counted once.</summary>
    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(50)]
    [InlineData(int.MaxValue)]
    public void What_is_read_back_while_the_source_is_waited_for_counts_once(int times)
    {
        using var folder = new TemporaryFolder();
        var mappings = new[] { Mapping("id", Int4), Mapping("note", Text) };
        using var file = NewFile(folder, 1 << 20, mappings);
        var (random, batches, readBack) = (new Random(5), 0, 0);
        if (times > 0)
        {
            file.ReadBackSome().ShouldBeFalse(); // There is nothing yet; but there is time.
        }

        Fill(file, _ => null, () =>
        {
            // At first there is always time, so that the filling thread does read; afterwards now and then, so that another takes over what it has begun.
            for (var i = batches++ < 2 || random.Next(2) > 0 ? times : 0; i > 0 && file.ReadBackSome(); i--)
            {
                readBack++;
            }
        });
        var published = file.Publish(new Run { Pipeline = "test", Table = "public.things" }, CancellationToken.None);
        (published.Rows, published.ContentHash).ShouldBe((Rows, file.Decoder.Content.ToString()));
        (readBack > 0).ShouldBe(times > 0);
    }

    [Fact]
    public void Damage_that_is_found_while_the_source_is_waited_for_throws_the_file_away()
    {
        using var folder = new TemporaryFolder();
        var damaged = Mapping("note", Text) with { BindBack = _ => throw new ParquetException(ParquetErrorKind.Corrupt, "a page is damaged") };
        StorageException error;
        using (var file = NewFile(folder, 1 << 20, Mapping("id", Int4), damaged))
        {
            file.ReadBackSome().ShouldBeFalse();
            error = Should.Throw<StorageException>(() => Fill(file, _ => null, () => file.ReadBackSome()));
        }

        error.Kind.ShouldBe(StorageErrorKind.Damaged);
        error.Message.ShouldContain("cannot be read back: a page is damaged");
        Directory.EnumerateFiles(folder.Path, "*", SearchOption.AllDirectories).ShouldBeEmpty();
    }

    /// <summary>A load of many row groups takes no more memory than one of few.</summary>
    [Fact]
    public void Each_row_group_that_is_read_back_works_in_the_memory_of_the_one_before()
    {
        using var folder = new TemporaryFolder();
        using var file = NewFile(folder, 4 << 20, Mapping("id", Int4), Mapping("note", Text));
        file.ReadBackSome();
        var taken = new List<long>();
        Fill(file, _ => null, () =>
        {
            var before = GC.GetAllocatedBytesForCurrentThread();
            var any = false;
            while (file.ReadBackSome())
            {
                any = true;
            }

            if (any)
            {
                taken.Add(GC.GetAllocatedBytesForCurrentThread() - before);
            }
        }, textLength: 130, Compressible);
        taken.Count.ShouldBeGreaterThan(4);
        taken.Skip(2).Max().ShouldBeLessThan(200 << 10); // A batch of rows, and what each column begins with. A page as it was before compression would be more.
    }

    /// <summary>What is done with the last row group is done when the source has nothing more to do.</summary>
    [Fact]
    public async Task Row_groups_become_smaller_before_the_last_row_and_a_wrong_estimate_does_no_harm()
    {
        var unknown = await RowGroupsAsync(_ => null);
        var usual = unknown[0];
        unknown[..^1].ShouldAllBe(rows => rows > usual * 3 / 4);

        var known = await RowGroupsAsync(rows => Rows - rows);
        known[..2].ShouldAllBe(rows => rows > usual * 3 / 4);
        known[^1].ShouldBeLessThan(usual / 2);
        known.Count.ShouldBeLessThan(unknown.Count + 8);

        foreach (var mistaken in (double[])[0.3, 0.9, 1.1, 3])
        {
            (await RowGroupsAsync(rows => (Rows * mistaken) - rows)).Count.ShouldBeLessThan(unknown.Count + 8, $"an estimate of {mistaken} of the rows");
        }

        async Task<List<long>> RowGroupsAsync(Func<long, double?> toCome)
        {
            using var folder = new TemporaryFolder();
            using var file = NewFile(folder, 10 << 20, Mapping("id", Int4), Mapping("note", Text));
            Fill(file, toCome, () => { }, textLength: 130);
            var published = file.Publish(new Run { Pipeline = "test", Table = "public.things" }, CancellationToken.None);
            published.Rows.ShouldBe(Rows);
            await using var reader = await ParquetFileReader.OpenAsync(Path.Combine(folder.In("lake"), published.Path));
            return [.. reader.Metadata.RowGroups.Select(group => group.RowCount)];
        }
    }

    private static RawFile NewFile(TemporaryFolder folder, long rowGroupBytes, params ColumnMapping[] mappings) => new(
        new LakeDirectory(folder.In("lake")), (0, "raw/part-0.parquet"), new ParquetSchema([.. mappings.Select(mapping => mapping.Column)]), mappings,
        new ParquetWriterOptions { RowGroupBytes = rowGroupBytes }, new LargeRows(), new ProcessorTime(), onWritten: () => { });

    /// <summary>Fills and completes a file.</summary>
    /// <param name="file">A file of a number and a text.</param>
    /// <param name="toCome">How many rows are said to come after so many.</param>
    /// <param name="afterBatch">Called after each batch.</param>
    /// <param name="textLength">The length of its texts.</param>
    /// <param name="letters">What its texts are made of.</param>
    private static void Fill(RawFile file, Func<long, double?> toCome, Action afterBatch, byte textLength = 8, string letters = "0123456789abcdef")
    {
        using var copy = new CopyReader(new MemoryStream(ManyRows(Rows, textLength, Encoding.ASCII.GetBytes(letters))), "public.things", ["id", "note"]);
        while (copy.ReadBatch(file.Decoder) is > 0 and var rows)
        {
            file.EndBatch(rows, copy.LargeRow, toCome(copy.Rows), CancellationToken.None);
            afterBatch();
        }

        file.Complete(CancellationToken.None);
    }

    /// <summary>Rows of a number and a text, as COPY sends them.</summary>
    private static byte[] ManyRows(int count, byte textLength, byte[] letters)
    {
        var stream = new MemoryStream();
        stream.Write([.. "PGCOPY\n"u8, 0xFF, .. "\r\n\0"u8, 0, 0, 0, 0, 0, 0, 0, 0]);
        var row = new byte[2 + 4 + 4 + 4 + textLength];
        row[1] = 2;
        row[5] = 4;
        row[13] = textLength;
        var random = new Random(7);
        for (var i = 0; i < count; i++)
        {
            BinaryPrimitives.WriteInt32BigEndian(row.AsSpan(6), i);
            random.GetItems<byte>(letters, row.AsSpan(14));
            stream.Write(row);
        }

        stream.Write([0xFF, 0xFF]);
        return stream.ToArray();
    }

    /// <summary>Fills a file with rows of a number and a text, and publishes it.</summary>
    private static async Task<StorageException> PublishAsync(Func<ColumnMapping, ColumnMapping> change)
    {
        using var folder = new TemporaryFolder();
        var mappings = new[] { change(Mapping("id", Int4)), Mapping("note", Text) };
        var run = new Run { Pipeline = "test", Table = "public.things" };
        byte[] rows = [.. "PGCOPY\n"u8, 0xFF, .. "\r\n\0"u8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2, 0, 0, 0, 4, 0, 0, 0, 7, 0, 0, 0, 1, (byte)'x', 0xFF, 0xFF];
        var error = await Record.ExceptionAsync(() => Task.Run(() =>
        {
            using var file = NewFile(folder, 1 << 20, mappings);
            using var copy = new CopyReader(new MemoryStream(rows), "public.things", ["id", "note"]);
            file.EndBatch(copy.ReadBatch(file.Decoder), copy.LargeRow, toCome: null, CancellationToken.None);
            file.Complete(CancellationToken.None);
            file.Publish(run, CancellationToken.None);
        }));
        Directory.EnumerateFiles(folder.Path, "*", SearchOption.AllDirectories).ShouldBeEmpty();
        return error.ShouldBeOfType<StorageException>();
    }

    private static ColumnMapping Mapping(string name, uint type) => ColumnMapping.Of(new SourceTableColumn(name, 1, "", type, -1, Nullable: true), 1);

    /// <summary>Moves money, changes notes, and exchanges rows for others, until stopped.</summary>
    private static async Task<int> TrafficAsync(TestDatabase source, CancellationToken stop)
    {
        var random = new Random(11);
        var changes = 0;
        for (; !stop.IsCancellationRequested; changes++)
        {
            var id = random.Next(1, Updated - 50);
            await source.ExecuteAsync(
                $"UPDATE accounts SET amount = amount + 1, note = 'changed', tags = tags || {changes} WHERE id BETWEEN {id} AND {id + 40}; " +
                $"DELETE FROM accounts WHERE id = {id + 45}; INSERT INTO accounts VALUES ({Updated + 1 + changes}, 1, 'new', now(), NULL)", CancellationToken.None);
        }

        return changes;
    }

    /// <summary>The name of the snapshot that a run in this database has exported: of all snapshots of the server, only that one can be joined from here.</summary>
    private static async Task<string> SnapshotOfRunAsync(TestDatabase source)
    {
        await using var connection = await source.DataSource.OpenConnectionAsync();
        foreach (var name in (await source.ScalarAsync<string>("SELECT string_agg(name, ',') FROM pg_ls_dir('pg_snapshots') name")).Split(','))
        {
            await using var command = connection.CreateCommand();
            command.CommandText = $"BEGIN ISOLATION LEVEL REPEATABLE READ; SET TRANSACTION SNAPSHOT '{name}'";
            try
            {
                await command.ExecuteNonQueryAsync();
                return name;
            }
            catch (Npgsql.PostgresException)
            {
                command.CommandText = "ROLLBACK";
                await command.ExecuteNonQueryAsync();
            }
        }

        throw new InvalidOperationException("The run has exported no snapshot.");
    }

    /// <summary>The content of the whole table as psql copies it, at a snapshot or now.</summary>
    private static async Task<(ContentHash Content, long Rows)> ContentAtAsync(TestDatabase source, string? snapshot)
    {
        var server = new Npgsql.NpgsqlConnectionStringBuilder(source.ConnectionString);
        var psql = new ProcessStartInfo(Path.Combine(PostgresPrograms.Find().Folder, "psql"))
        {
            RedirectStandardOutput = true,
            ArgumentList = { "-X", "-q", "-v", "ON_ERROR_STOP=1", "-h", server.Host!, "-p", $"{server.Port}", "-U", server.Username!, "-d", server.Database! },
            Environment = { ["PGPASSWORD"] = server.Password },
        };
        foreach (var command in new[] { "BEGIN ISOLATION LEVEL REPEATABLE READ", snapshot is null ? null : $"SET TRANSACTION SNAPSHOT '{snapshot}'", $"COPY (SELECT {Columns} FROM accounts) TO STDOUT (FORMAT binary)" })
        {
            if (command is not null)
            {
                psql.ArgumentList.Add("-c");
                psql.ArgumentList.Add(command);
            }
        }

        using var process = Process.Start(psql)!;
        using var bytes = new MemoryStream();
        await process.StandardOutput.BaseStream.CopyToAsync(bytes);
        await process.WaitForExitAsync();
        process.ExitCode.ShouldBe(0);
        var mappings = new[]
        {
            Mapping("id", Int4), ColumnMapping.Of(new SourceTableColumn("amount", 2, "numeric(12,2)", Numeric, ((12 << 16) | 2) + 4, Nullable: true), 2),
            Mapping("note", Text), Mapping("seen_at", Timestamptz),
            ColumnMapping.Of(new SourceTableColumn("tags", 5, "integer[]", Int4Array, -1, Nullable: true), 5, policies: TypePolicies.Default with { Arrays = ArrayForm.List }),
        };
        await using var nowhere = new ParquetFileWriter(Stream.Null, new ParquetSchema([.. mappings.Select(mapping => mapping.Column)]), new ParquetWriterOptions());
        var decoder = new RowDecoder(mappings, nowhere.Columns);
        using var copy = new CopyReader(new MemoryStream(bytes.ToArray()), "accounts", [.. mappings.Select(mapping => mapping.Name)]);
        while (copy.ReadBatch(decoder) > 0)
        {
        }

        return (decoder.Content, copy.Rows);
    }
}
