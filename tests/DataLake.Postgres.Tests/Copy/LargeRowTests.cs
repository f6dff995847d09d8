using DataLake.Parquet.Reading;
using DataLake.Parquet.Schema;
using DataLake.Parquet.Writing;
using DataLake.Postgres.Copy;
using DataLake.Postgres.Errors;
using DataLake.Postgres.Types;
using DataLake.Testing;
using Shouldly;
using Xunit;

namespace DataLake.Postgres.Tests.Copy;

/// <summary>Rows above the usual size: bounded memory for each, and one at a time in a process.</summary>
public sealed class LargeRowTests
{
    private const uint Bytea = 17;
    private const int Size = 12 << 20;

    private static readonly IReadOnlyList<ColumnMapping> Mappings = Decoding.Columns(("body", Bytea, -1));

    private static readonly byte[] ThreeLargeRows = new CopyBytes().Row([1]).Row(Noise(1)).Row([2]).Row(Noise(2)).Row(Noise(3)).Row([3]).End();

    /// <summary>Everything from the row's receipt to its being read back runs on this thread here, so that its own counter sees it all.</summary>
    [Fact]
    public async Task Each_large_row_takes_its_limit_once_and_its_size_a_few_times_however_many_came_before()
    {
        const int limit = 16 << 20;
        var file = new MemoryStream(4 * Size);
        await using var writer = new ParquetFileWriter(file, Schema(), new ParquetWriterOptions());
        using var copy = new CopyReader(new MemoryStream(ThreeLargeRows), "public.things", ["body"], new LargeRows(limit));
        var decoder = new RowDecoder(Mappings, writer.Columns);
        var found = default(Contracts.ContentHash);
        var large = 0;
        while (true)
        {
            var before = GC.GetAllocatedBytesForCurrentThread();
            if (copy.ReadBatch(decoder) is 0)
            {
                break;
            }

            await writer.EndRowGroupAsync(CancellationToken.None);
            var isLarge = copy.LargeRow > 0;
            if (isLarge)
            {
                copy.LargeRow.ShouldBe(2 + 4 + Size);
                large++;
            }

            copy.ReleaseLargeRow();
            await using var written = ParquetFileReader.OfUnfinished(new MemoryStream(file.GetBuffer(), 0, (int)file.Length), writer.WrittenMetadata);
            found += await WrittenRows.HashAsync(written, writer.RowGroupsWritten - 1, Mappings, CancellationToken.None);

            // The buffer, the page, the page as it is written; and of reading back: the page, its values, the row.
            (GC.GetAllocatedBytesForCurrentThread() - before).ShouldBeLessThan(isLarge ? limit + (5L * Size) + (4 << 20) : 4 << 20);
        }

        large.ShouldBe(3);
        copy.Rows.ShouldBe(6);
        found.ShouldBe(decoder.Content);
    }

    /// <summary>Its buffer is as large as the limit, so far above what other tests take meanwhile.</summary>
    [Fact]
    public async Task A_large_row_that_was_taken_in_is_not_kept_as_it_came()
    {
        const int limit = LargeRows.UsualLimit * 4;
        var before = GC.GetTotalMemory(forceFullCollection: true);
        using var reader = await HoldAsync(new LargeRows(limit));
        (GC.GetTotalMemory(forceFullCollection: true) - before).ShouldBeLessThan(limit / 2);
    }

    [Fact]
    public async Task A_connection_waits_with_its_large_row_until_the_other_has_let_go_of_its_own()
    {
        var rows = new LargeRows();
        using var first = await HoldAsync(rows);
        var released = false;
        var stream = new WatchedStream(ThreeLargeRows, received => received < Size || Volatile.Read(ref released));
        var (thread, done) = Start(rows, stream, CancellationToken.None);
        await Eventually.Async(() => thread.ThreadState.HasFlag(ThreadState.WaitSleepJoin));
        done.IsCompleted.ShouldBeFalse();
        Volatile.Write(ref released, true);
        first.ReleaseLargeRow();
        (await done).ShouldBe(6);
        stream.Violations.ShouldBe(0);
    }

    [Fact]
    public async Task Connections_that_all_bring_large_rows_carry_one_at_a_time_and_all_come_to_their_end()
    {
        var rows = new LargeRows();
        var (carried, most) = (0, 0);
        var all = Enumerable.Range(0, 4).Select(_ => Start(rows, new MemoryStream(ThreeLargeRows), CancellationToken.None, copy =>
        {
            if (copy.LargeRow > 0)
            {
                InterlockedMax(ref most, Interlocked.Increment(ref carried));
                Thread.Yield();
                Interlocked.Decrement(ref carried);
            }
        }).Done);
        (await Task.WhenAll(all)).ShouldBe([6, 6, 6, 6]);
        most.ShouldBe(1);
    }

    [Fact]
    public async Task A_wait_for_another_large_row_can_be_cancelled_and_costs_nobody_a_turn()
    {
        var rows = new LargeRows();
        using var first = await HoldAsync(rows);
        using var stop = new CancellationTokenSource();
        var (thread, cancelled) = Start(rows, new MemoryStream(ThreeLargeRows), stop.Token);
        await Eventually.Async(() => thread.ThreadState.HasFlag(ThreadState.WaitSleepJoin));
        await stop.CancelAsync();
        await Should.ThrowAsync<OperationCanceledException>(() => cancelled);
        first.Dispose(); // As a read does that fails with a large row in its hands.
        (await Start(rows, new MemoryStream(ThreeLargeRows), CancellationToken.None).Done).ShouldBe(6);
    }

    [Fact]
    public async Task A_row_above_the_limit_is_refused_before_anybody_waits_for_it()
    {
        var rows = new LargeRows(Size - 1);
        using var reader = new CopyReader(new MemoryStream(ThreeLargeRows), "public.things", ["body"], rows);
        await using var writer = new ParquetFileWriter(Stream.Null, Schema(), new ParquetWriterOptions());
        var decoder = new RowDecoder(Mappings, writer.Columns);
        var error = Should.Throw<SourceException>(() => reader.ReadBatch(decoder));
        error.Kind.ShouldBe(SourceErrorKind.Value);
        error.CanRetry.ShouldBeFalse();
        error.Message.ShouldContain($"Row 2 of public.things is larger than {Size - 1:N0} bytes");
        error.Message.ShouldContain($"the column body alone has {Size:N0}");
        error.Message.ShouldContain("LargestRow");
    }

    /// <summary>A reader that has a large row in its hands.</summary>
    private static async Task<CopyReader> HoldAsync(LargeRows rows)
    {
        await using var writer = new ParquetFileWriter(Stream.Null, Schema(), new ParquetWriterOptions());
        var decoder = new RowDecoder(Mappings, writer.Columns);
        var reader = new CopyReader(new MemoryStream(ThreeLargeRows), "public.things", ["body"], rows);
        while (reader.LargeRow == 0)
        {
            reader.ReadBatch(decoder).ShouldBe(1);
        }

        return reader;
    }

    /// <summary>Reads a stream to its end on a thread of its own.</summary>
    private static (Thread Thread, Task<long> Done) Start(LargeRows rows, Stream stream, CancellationToken cancellation, Action<CopyReader>? onBatch = null)
    {
        var done = new TaskCompletionSource<long>(TaskCreationOptions.RunContinuationsAsynchronously);
        var thread = new Thread(() =>
        {
            try
            {
                using var reader = new CopyReader(stream, "public.things", ["body"], rows, cancellation);
                var writer = new ParquetFileWriter(Stream.Null, Schema(), new ParquetWriterOptions());
                var decoder = new RowDecoder(Mappings, writer.Columns);
                while (reader.ReadBatch(decoder) > 0)
                {
                    onBatch?.Invoke(reader);
                    reader.ReleaseLargeRow();
                    writer.EndRowGroupAsync(CancellationToken.None).AsTask().GetAwaiter().GetResult();
                }

                done.SetResult(reader.Rows);
            }
            catch (Exception error)
            {
                done.SetException(error);
            }
        });
        thread.Start();
        return (thread, done.Task);
    }

    private static ParquetSchema Schema() => new([.. Mappings.Select(mapping => mapping.Column)]);

    private static byte[] Noise(int seed)
    {
        var bytes = new byte[Size];
        new Random(seed).NextBytes(bytes);
        return bytes;
    }

    private static void InterlockedMax(ref int target, int value)
    {
        for (var seen = Volatile.Read(ref target); value > seen && Interlocked.CompareExchange(ref target, value, seen) is var now && now != seen; seen = now)
        {
        }
    }

    /// <summary>Counts reads that come when they must not.</summary>
    private sealed class WatchedStream(byte[] bytes, Func<long, bool> mayRead) : MemoryStream(bytes)
    {
        public int Violations { get; private set; }

        public override int Read(Span<byte> target)
        {
            Violations += mayRead(Position + target.Length) ? 0 : 1;
            var piece = new byte[target.Length];
            var read = Read(piece, 0, piece.Length);
            piece.AsSpan(0, read).CopyTo(target);
            return read;
        }
    }
}
