using DataLake.Parquet.Reading;
using DataLake.Testing.Fuzzing;

namespace DataLake.Parquet.Tests;

/// <summary>
/// Reads damaged files and holds each against what is promised: rows or a <see cref="ParquetException"/>; and as long as the footer is whole, every column chunk that was not
/// touched, and every page before the damage in one that was, has the rows that it had.
/// </summary>
internal sealed class Fuzzer(FuzzSeed[] small, FuzzSeed[] large)
{
    public static readonly ParquetReaderOptions Limits = new() { MaxPageBytes = 1 << 16, MaxPageRows = 1 << 14, MaxChunkRows = 1 << 14, MaxFooterBytes = 1 << 16 };

    /// <summary>Damages a file and reads it.</summary>
    public Exception? Run(FuzzRandom random, FuzzStream input)
    {
        var seed = random.Pick<FuzzSeed>(large.Length > 0 && random.OneIn(48) ? large : small);
        input.Load(seed.File);
        var isFooterWhole = Damage(random, input, seed);
        return Read(input, isFooterWhole ? seed : null, byPage: random.OneIn(2));
    }

    /// <summary>Reads all of a file.</summary>
    /// <param name="input">The file.</param>
    /// <param name="seed">What it was made of, where its footer is whole.</param>
    /// <param name="byPage">Whether to read page by page, and the indexes.</param>
    /// <returns>Why it is refused, or null.</returns>
    public static Exception? Read(FuzzStream input, FuzzSeed? seed, bool byPage)
    {
        ParquetFileReader reader;
        try
        {
            reader = Wait(ParquetFileReader.OpenAsync(input, leaveOpen: true, Limits));
        }
        catch (ParquetException e) when (seed is null)
        {
            return e;
        }

        var columns = reader.Metadata.Schema.Columns.Count;
        Exception? refusal = null;
        for (var i = 0; i < reader.Metadata.RowGroups.Count * columns; i++)
        {
            var chunk = seed?.Chunks[i];
            var isWhole = chunk is not null && (chunk.End <= input.FirstDamage || chunk.Start >= input.DamageEnd);
            try
            {
                if (byPage) ReadPages(reader, i / columns, i % columns, chunk, isWhole ? int.MaxValue : input.FirstDamage);
                else ReadWhole(reader, i / columns, i % columns, isWhole ? chunk : null);
            }
            catch (ParquetException e) when (!isWhole)
            {
                refusal = e;
                if (seed is null) return e;
            }

            try
            {
                if (byPage) ReadIndexes(reader, i / columns, i % columns);
            }
            catch (ParquetException e)
            {
                refusal ??= e;
            }
        }

        return refusal;
    }

    /// <summary>Damages a file.</summary>
    /// <returns>Whether its footer is whole, and everything before it where it was.</returns>
    private bool Damage(FuzzRandom random, FuzzStream input, FuzzSeed seed)
    {
        switch (random.Next(8))
        {
            case 0:
                input.Damage(random, 0, seed.File.Length);
                return false;
            case 1 or 2:
                // The frame fits, so that the damage is found late.
                input.Remove(seed.File.Length - 8, 8);
                input.Damage(random, seed.FooterStart, seed.File.Length - 8);
                Close(input, seed);
                return false;
            case 3 when random.OneIn(8):
                var other = random.Pick<FuzzSeed>(small);
                input.Remove(seed.FooterStart, seed.File.Length);
                input.Insert(seed.FooterStart, other.File.AsSpan(other.FooterStart));
                return false;
            case 4 when seed.DataEnd < seed.FooterStart:
                for (var n = random.Next(3); n >= 0; n--) input.DamageByte(random, seed.DataEnd + random.Next(seed.FooterStart - seed.DataEnd));
                return true;
            case var kind when seed.Chunks.Count > 0:
                // The header of a page and the levels behind it decide most.
                var chunk = seed.Chunks[random.Next(seed.Chunks.Count)];
                var length = chunk.End - chunk.Start;
                var from = kind < 7 ? chunk.Start : chunk.Start + random.Next(length);
                for (var n = random.Next(3); n >= 0; n--) input.DamageByte(random, from + random.Next(Math.Min(kind < 7 ? 40 : length, chunk.End - from)));
                return true;
            default:
                return true;
        }
    }

    private static void Close(FuzzStream input, FuzzSeed seed)
    {
        input.Insert((int)input.Length, BitConverter.GetBytes((int)Math.Max(0, input.Length - seed.FooterStart)));
        input.Insert((int)input.Length, "PAR1"u8);
    }

    private static void ReadPages(ParquetFileReader reader, int group, int column, FuzzChunk? chunk, int firstDamage)
    {
        using var pages = reader.OpenColumn(group, column);
        var page = 0;
        for (; Wait(pages.ReadPageAsync(default)); page++)
        {
            var digest = FuzzSeed.DigestOf(pages.Values);
            if (chunk is not null && page < chunk.Pages.Count && chunk.Pages[page].End <= firstDamage && digest != chunk.Pages[page].Digest)
                throw new InvalidOperationException($"Page {page} of column {column} of row group {group} stands before the damage and has other rows.");
        }

        if (chunk is not null && page < chunk.Pages.Count(known => known.End <= firstDamage))
            throw new InvalidOperationException($"Column {column} of row group {group} gave {page} pages and success; more stand before the damage.");
    }

    private static void ReadWhole(ParquetFileReader reader, int group, int column, FuzzChunk? whole)
    {
        using var values = Wait(reader.ReadColumnAsync(group, column));
        if (FuzzSeed.DigestOf(values) is var digest && whole is not null && digest != whole.Digest)
            throw new InvalidOperationException($"Column {column} of row group {group} is not damaged and has other rows.");
    }

    private static void ReadIndexes(ParquetFileReader reader, int group, int column)
    {
        Wait(reader.ReadColumnIndexAsync(group, column));
        Wait(reader.ReadOffsetIndexAsync(group, column));
        Wait(reader.ReadBloomFilterAsync(group, column))?.MightContain(1);
    }

    private static T Wait<T>(Task<T> work) => work.GetAwaiter().GetResult();

    private static T Wait<T>(ValueTask<T> work) => work.IsCompletedSuccessfully ? work.Result : work.AsTask().GetAwaiter().GetResult();
}
