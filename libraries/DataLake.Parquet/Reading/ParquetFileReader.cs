using System.Buffers;
using System.Buffers.Binary;
using DataLake.Parquet.BloomFilters;
using DataLake.Parquet.Metadata;

namespace DataLake.Parquet.Reading;

/// <summary>Reads one Parquet file of single values and lists: PLAIN and dictionary encoded pages (v1 and v2), every codec that
/// <see cref="Writing.ParquetWriterOptions"/> writes. One read at a time.</summary>
public sealed class ParquetFileReader : IAsyncDisposable
{
    private const int LargestBloomHeader = 256;
    private const int TailBytes = 64 * 1024;

    // All columns of a row group may be open at once, and share what is read ahead.
    private const int ReadAhead = 4 << 20;
    private const int LeastReadAhead = 4 * 1024;
    private const int MostReadAhead = 64 * 1024;
    private readonly Stream _stream;
    private readonly bool _leaveOpen;
    private readonly ParquetReaderOptions _options;
    private readonly DecodeWorkspace _workspace = new();

    private ParquetFileReader(Stream stream, bool leaveOpen, ParquetReaderOptions options, ParquetFileMetadata metadata)
    {
        _stream = stream;
        _leaveOpen = leaveOpen;
        _options = options;
        Metadata = metadata;
    }

    /// <summary>The footer.</summary>
    public ParquetFileMetadata Metadata { get; }

    /// <summary>Opens a file by its path.</summary>
    /// <exception cref="ParquetException">Not a Parquet file, cut off, damaged, or with features that are not supported.</exception>
    public static async Task<ParquetFileReader> OpenAsync(string path, ParquetReaderOptions? options = null, CancellationToken cancellationToken = default)
    {
        var stream = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read | FileShare.Delete, bufferSize: 0, FileOptions.Asynchronous);
        return await OpenAsync(stream, leaveOpen: false, options, cancellationToken);
    }

    /// <summary>Opens a file in a stream that can seek.</summary>
    /// <param name="stream">The whole file, from position 0 to its end.</param>
    /// <param name="leaveOpen">Whether the stream outlives the reader. Otherwise it is disposed with it, and also when opening fails.</param>
    /// <param name="options">What the file may ask for.</param>
    /// <param name="cancellationToken">Ends the reading.</param>
    /// <exception cref="ParquetException">Not a Parquet file, cut off, damaged, or with features that are not supported.</exception>
    public static async Task<ParquetFileReader> OpenAsync(
        Stream stream, bool leaveOpen = false, ParquetReaderOptions? options = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(stream);
        options ??= new ParquetReaderOptions();
        try
        {
            var metadata = await ReadFooterAsync(stream, options, cancellationToken);
            CheckPlaces(metadata, stream.Length);
            return new ParquetFileReader(stream, leaveOpen, options, metadata);
        }
        catch
        {
            if (!leaveOpen) await stream.DisposeAsync();
            throw;
        }
    }

    /// <summary>Reads a file by what its writer knows of it, while it still has no footer (<see cref="Writing.ParquetFileWriter.WrittenMetadata"/>).</summary>
    /// <param name="stream">The file as far as it was written; it can seek, and is disposed with the reader.</param>
    /// <param name="metadata">What was written.</param>
    public static ParquetFileReader OfUnfinished(Stream stream, ParquetFileMetadata metadata)
    {
        ArgumentNullException.ThrowIfNull(stream);
        ArgumentNullException.ThrowIfNull(metadata);
        return new ParquetFileReader(stream, leaveOpen: false, new ParquetReaderOptions(), metadata);
    }

    /// <summary>Opens one column of one row group, to be read page by page in bounded memory.</summary>
    /// <exception cref="ArgumentOutOfRangeException">There is no such row group or column.</exception>
    /// <exception cref="ParquetException"><see cref="ParquetErrorKind.Unsupported"/>: its codec or type.</exception>
    public ColumnChunkReader OpenColumn(int rowGroup, int column)
    {
        var chunk = Chunk(rowGroup, column);
        var source = new ChunkSource(_stream, chunk.Start, chunk.TotalCompressedSize, Math.Clamp(ReadAhead / Metadata.Schema.Columns.Count, LeastReadAhead, MostReadAhead));
        return new ColumnChunkReader(source, Metadata.Schema.Columns[column], Metadata.RowGroups[rowGroup], chunk, _workspace, _options);
    }

    /// <summary>Reads one column of one row group at once.</summary>
    /// <returns>The values; dispose them to give their memory back.</returns>
    /// <exception cref="ArgumentOutOfRangeException">There is no such row group or column.</exception>
    /// <exception cref="ParquetException">The chunk is damaged, not supported, or larger than the options allow.</exception>
    public async Task<ColumnValues> ReadColumnAsync(int rowGroup, int column, CancellationToken cancellationToken = default)
    {
        using var reader = OpenColumn(rowGroup, column);
        if (Metadata.RowGroups[rowGroup].Columns[column].ValueCount is var values && values > _options.MaxChunkRows)
        {
            throw new ParquetException(
                ParquetErrorKind.LimitExceeded, $"A column of row group {rowGroup} holds {values:N0} values; read it page by page, or raise MaxChunkRows.");
        }

        while (await reader.AddPageAsync(cancellationToken))
        {
            // All pages gather in the reader's values.
        }

        return reader.TakeValues();
    }

    /// <summary>Reads bounds and counts of every page of a column chunk.</summary>
    /// <returns>Null if they were not written.</returns>
    /// <exception cref="ArgumentOutOfRangeException">There is no such row group or column.</exception>
    /// <exception cref="ParquetException">The index is damaged or larger than the options allow.</exception>
    public async Task<ColumnIndex?> ReadColumnIndexAsync(int rowGroup, int column, CancellationToken cancellationToken = default) =>
        Chunk(rowGroup, column).ColumnIndex is { } range ? PageIndexReader.ReadColumnIndex(await ReadRangeAsync(range, cancellationToken)) : null;

    /// <summary>Reads where the pages of a column chunk stand.</summary>
    /// <returns>Null if that was not written.</returns>
    /// <exception cref="ArgumentOutOfRangeException">There is no such row group or column.</exception>
    /// <exception cref="ParquetException">The index is damaged or larger than the options allow.</exception>
    public async Task<OffsetIndex?> ReadOffsetIndexAsync(int rowGroup, int column, CancellationToken cancellationToken = default) =>
        Chunk(rowGroup, column).OffsetIndex is { } range ? PageIndexReader.ReadOffsetIndex(await ReadRangeAsync(range, cancellationToken)) : null;

    /// <summary>Reads the Bloom filter of a column chunk.</summary>
    /// <returns>Null if there is none.</returns>
    /// <exception cref="ArgumentOutOfRangeException">There is no such row group or column.</exception>
    /// <exception cref="ParquetException">The filter is damaged, of a kind that is not known, or larger than the options allow.</exception>
    public async Task<SplitBlockBloomFilter?> ReadBloomFilterAsync(int rowGroup, int column, CancellationToken cancellationToken = default)
    {
        if (Chunk(rowGroup, column).BloomFilter is not { } range) return null;
        if (range.Length == 0) range = range with { Length = (int)Math.Min(LargestBloomHeader, Math.Max(0, _stream.Length - range.Offset)) };
        var bytes = await ReadRangeAsync(range, cancellationToken);
        var (header, size) = BloomFilterHeader.Parse(bytes);
        if (header + size > bytes.Length) bytes = await ReadRangeAsync(new FileRange(range.Offset, header + size), cancellationToken);
        var filter = new SplitBlockBloomFilter(Metadata.Schema.Columns[column].Leaf, size);
        bytes.AsSpan(header, size).CopyTo(filter.Bits);
        return filter;
    }

    /// <summary>Closes the stream, unless it was to be left open.</summary>
    public ValueTask DisposeAsync()
    {
        _workspace.Dispose();
        return _leaveOpen ? ValueTask.CompletedTask : _stream.DisposeAsync();
    }

    private ColumnChunkMetadata Chunk(int rowGroup, int column)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual((uint)rowGroup, (uint)Metadata.RowGroups.Count, nameof(rowGroup));
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual((uint)column, (uint)Metadata.Schema.Columns.Count, nameof(column));
        return Metadata.RowGroups[rowGroup].Columns[column];
    }

    private async Task<byte[]> ReadRangeAsync(FileRange range, CancellationToken cancellationToken)
    {
        if (range.Offset > _stream.Length - range.Length)
            throw ParquetException.Corrupt($"An index is said to stand at byte {range.Offset}, {range.Length} bytes long, in a file of {_stream.Length} bytes.");
        if (range.Length > _options.MaxFooterBytes)
            throw new ParquetException(ParquetErrorKind.LimitExceeded, $"An index has {range.Length:N0} bytes; MaxFooterBytes is {_options.MaxFooterBytes:N0}.");
        var bytes = new byte[range.Length];
        await ReadAtAsync(_stream, range.Offset, bytes, cancellationToken);
        return bytes;
    }

    /// <summary>The end of a file is: the footer, its length in four bytes, "PAR1"
    /// (<see href="https://parquet.apache.org/docs/file-format/">file format</see>).</summary>
    private static async Task<ParquetFileMetadata> ReadFooterAsync(Stream stream, ParquetReaderOptions options, CancellationToken cancellationToken)
    {
        var length = stream.Length;
        if (length < 12) throw new ParquetException(ParquetErrorKind.NotParquet, $"A file of {length} bytes is too short for Parquet.");
        var tail = ArrayPool<byte>.Shared.Rent((int)Math.Min(length, TailBytes));
        try
        {
            var size = (int)Math.Min(length, TailBytes);
            await ReadAtAsync(stream, length - size, tail.AsMemory(0, size), cancellationToken);
            if (size == length && !tail.AsSpan(0, 4).SequenceEqual("PAR1"u8))
                throw new ParquetException(ParquetErrorKind.NotParquet, "The file does not start with PAR1.");
            var footer = FooterLength(tail.AsSpan(size - 8, 8), length, options);
            if (footer + 8 > size)
            {
                ArrayPool<byte>.Shared.Return(tail);
                tail = [];
                size = footer + 8;
                tail = ArrayPool<byte>.Shared.Rent(size);
                await ReadAtAsync(stream, length - size, tail.AsMemory(0, size), cancellationToken);
            }

            return FileMetadataReader.Read(tail.AsSpan(size - 8 - footer, footer));
        }
        finally
        {
            if (tail.Length > 0) ArrayPool<byte>.Shared.Return(tail);
        }
    }

    private static int FooterLength(ReadOnlySpan<byte> end, long fileLength, ParquetReaderOptions options)
    {
        var magic = end[4..];
        if (magic.SequenceEqual("PARE"u8)) throw ParquetException.Unsupported("The file's footer is encrypted.");
        if (!magic.SequenceEqual("PAR1"u8))
            throw new ParquetException(ParquetErrorKind.NotParquet, "The file does not end with PAR1: it is no Parquet file, or was not written to its end.");
        var footer = BinaryPrimitives.ReadUInt32LittleEndian(end);
        if (footer > fileLength - 12) throw ParquetException.Corrupt($"The footer states {footer:N0} bytes in a file of {fileLength:N0}.");
        return footer <= options.MaxFooterBytes
            ? (int)footer
            : throw new ParquetException(ParquetErrorKind.LimitExceeded, $"The footer has {footer:N0} bytes; MaxFooterBytes is {options.MaxFooterBytes:N0}.");
    }

    private static void CheckPlaces(ParquetFileMetadata metadata, long fileLength)
    {
        foreach (var rowGroup in metadata.RowGroups)
        {
            for (var i = 0; i < rowGroup.Columns.Count; i++)
            {
                var chunk = rowGroup.Columns[i];
                if (chunk.Start < 4 || chunk.TotalCompressedSize > fileLength || chunk.Start > fileLength - chunk.TotalCompressedSize)
                {
                    throw ParquetException.Corrupt(
                        $"Column '{metadata.Schema.Columns[i].Name}' is said to stand at byte {chunk.Start}, {chunk.TotalCompressedSize} bytes long, in a file of {fileLength} bytes.");
                }
            }
        }
    }

    private static async ValueTask ReadAtAsync(Stream stream, long position, Memory<byte> target, CancellationToken cancellationToken)
    {
        stream.Position = position;
        var read = await stream.ReadAtLeastAsync(target, target.Length, throwOnEndOfStream: false, cancellationToken);
        if (read < target.Length) throw new ParquetException(ParquetErrorKind.Truncated, $"The file ends at byte {position + read} though its length is {stream.Length}.");
    }
}
