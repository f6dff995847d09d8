using System.Buffers;
using System.Buffers.Binary;
using DataLake.Postgres.Errors;
using DataLake.Postgres.Types;
using Npgsql;

namespace DataLake.Postgres.Copy;

/// <summary>
/// Reads a binary COPY stream row by row into columns
/// (<see href="https://www.postgresql.org/docs/current/sql-copy.html">COPY, Binary Format</see>). Nothing is allocated per row; the buffer grows only for a row that
/// is larger than it, up to a limit.
/// </summary>
public sealed class CopyReader : IAsyncDisposable
{
    private const int InitialBuffer = 256 * 1024;
    private const int HeaderLength = 19;

    private static ReadOnlySpan<byte> Signature => [(byte)'P', (byte)'G', (byte)'C', (byte)'O', (byte)'P', (byte)'Y', (byte)'\n', 0xFF, (byte)'\r', (byte)'\n', 0];

    private readonly Stream stream;
    private readonly IReadOnlyList<string> columnNames;
    private readonly string table;
    private readonly int rowLimit;
    private readonly int[] lengths;
    private byte[] buffer = ArrayPool<byte>.Shared.Rent(InitialBuffer);
    private int start;
    private int end;
    private bool headerRead;
    private bool finished;

    /// <summary>Reads from a stream that starts with COPY's signature.</summary>
    /// <param name="stream">The stream; it is disposed with the reader.</param>
    /// <param name="table">The table, for messages.</param>
    /// <param name="columnNames">The columns that are sent, for messages.</param>
    /// <param name="rowLimit">The most bytes a row may have.</param>
    public CopyReader(Stream stream, string table, IReadOnlyList<string> columnNames, int rowLimit = 64 * 1024 * 1024)
    {
        ArgumentNullException.ThrowIfNull(columnNames);
        this.stream = stream;
        this.table = table;
        this.columnNames = columnNames;
        this.rowLimit = rowLimit;
        lengths = new int[columnNames.Count];
    }

    /// <summary>Rows decoded so far.</summary>
    public long Rows { get; private set; }

    /// <summary>Bytes received so far.</summary>
    public long BytesReceived { get; private set; }

    /// <summary>Starts COPY of a query on a connection.</summary>
    /// <exception cref="SourceException">The server refuses.</exception>
    public static async Task<CopyReader> StartAsync(
        NpgsqlConnection connection, string query, string table, IReadOnlyList<string> columnNames, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(connection);
        try
        {
            var stream = await connection.BeginRawBinaryCopyAsync($"COPY ({query}) TO STDOUT (FORMAT binary)", cancellation);
            return new CopyReader(stream, table, columnNames);
        }
        catch (Exception error) when (error is not OperationCanceledException)
        {
            throw SourceException.From(error, $"reading {table}");
        }
    }

    /// <summary>Waits for bytes and decodes the rows that are there, each into one value of every decoder.</summary>
    /// <returns>How many rows; 0 at the end of the stream.</returns>
    /// <exception cref="SourceException">The stream broke off or is damaged, or a value cannot be kept.</exception>
    public async ValueTask<int> ReadBatchAsync(ColumnDecoder[] decoders, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(decoders);
        while (!finished)
        {
            var rows = DecodeBuffered(decoders);
            if (rows > 0)
            {
                return rows;
            }

            if (!finished)
            {
                await FillAsync(cancellation);
            }
        }

        return 0;
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        var rented = Interlocked.Exchange(ref buffer, []);
        if (rented.Length > 0)
        {
            ArrayPool<byte>.Shared.Return(rented);
        }

        await stream.DisposeAsync();
    }

    private async ValueTask FillAsync(CancellationToken cancellation)
    {
        if (start == end)
        {
            start = end = 0;
        }
        else if (end == buffer.Length)
        {
            MakeRoom();
        }

        int read;
        try
        {
            read = await stream.ReadAsync(buffer.AsMemory(end), cancellation);
        }
        catch (Exception error) when (error is not OperationCanceledException)
        {
            throw SourceException.From(error, $"reading {table} after row {Rows:N0}");
        }

        if (read == 0)
        {
            throw Damaged("broke off before its end");
        }

        end += read;
        BytesReceived += read;
    }

    private void MakeRoom()
    {
        var target = buffer;
        if (start == 0)
        {
            if (buffer.Length >= rowLimit)
            {
                throw new SourceException(SourceErrorKind.Value,
                    $"Row {Rows + 1:N0} of {table} is larger than {rowLimit:N0} bytes, the most that is kept in memory. Leave its large column out by listing it as sensitive with the mask 'null', or read the table through a view without it.");
            }

            target = ArrayPool<byte>.Shared.Rent(Math.Min(buffer.Length * 2, rowLimit));
        }

        buffer.AsSpan(start, end - start).CopyTo(target);
        if (!ReferenceEquals(target, buffer))
        {
            ArrayPool<byte>.Shared.Return(buffer);
            buffer = target;
        }

        end -= start;
        start = 0;
    }

    private int DecodeBuffered(ColumnDecoder[] decoders)
    {
        if (!headerRead && !TryReadHeader())
        {
            return 0;
        }

        var rows = 0;
        while (TryReadRow(decoders))
        {
            rows++;
            Rows++;
        }

        return rows;
    }

    private bool TryReadHeader()
    {
        var bytes = buffer.AsSpan(start, end - start);
        if (bytes.Length < HeaderLength)
        {
            return false;
        }

        if (!bytes.StartsWith(Signature))
        {
            throw Damaged("does not start with COPY's signature");
        }

        // Bits 16 to 31 of the flags are critical: a reader that does not know them must stop.
        if ((BinaryPrimitives.ReadUInt32BigEndian(bytes[11..]) & 0xFFFF_0000) != 0)
        {
            throw Damaged("uses a feature of COPY that is not known");
        }

        if (BinaryPrimitives.ReadInt32BigEndian(bytes[15..]) != 0)
        {
            throw Damaged("has a header extension, which no version of PostgreSQL writes");
        }

        start += HeaderLength;
        headerRead = true;
        return true;
    }

    private bool TryReadRow(ColumnDecoder[] decoders)
    {
        var bytes = buffer.AsSpan(start, end - start);
        if (bytes.Length < 2)
        {
            return false;
        }

        var fields = BinaryPrimitives.ReadInt16BigEndian(bytes);
        if (fields == -1)
        {
            finished = true;
            start = end;
            return false;
        }

        if (fields != lengths.Length)
        {
            throw Damaged($"has a row of {fields} columns where {lengths.Length} were asked for");
        }

        if (!TryMeasure(bytes, out var rowLength))
        {
            return false;
        }

        DecodeRow(decoders, bytes);
        start += rowLength;
        return true;
    }

    /// <summary>Finds the lengths of the row's fields, so that a row is decoded only when it is whole.</summary>
    private bool TryMeasure(ReadOnlySpan<byte> bytes, out int rowLength)
    {
        var position = 2;
        for (var i = 0; i < lengths.Length; i++)
        {
            if (bytes.Length - position < 4)
            {
                rowLength = 0;
                return false;
            }

            var length = BinaryPrimitives.ReadInt32BigEndian(bytes[position..]);
            if (length < -1)
            {
                throw Damaged($"has a length of {length} for the column {columnNames[i]}");
            }

            lengths[i] = length;
            position += 4;
            if (length > 0)
            {
                if (length > bytes.Length - position)
                {
                    rowLength = 0;
                    return false;
                }

                position += length;
            }
        }

        rowLength = position;
        return true;
    }

    private void DecodeRow(ColumnDecoder[] decoders, ReadOnlySpan<byte> bytes)
    {
        var position = 2;
        for (var i = 0; i < decoders.Length; i++)
        {
            position += 4;
            var length = lengths[i];
            try
            {
                if (length < 0)
                {
                    decoders[i].DecodeNull();
                }
                else
                {
                    decoders[i].Decode(bytes.Slice(position, length));
                    position += length;
                }
            }
            catch (ColumnValueException error)
            {
                throw new SourceException(error.IsDamage ? SourceErrorKind.Corrupt : SourceErrorKind.Value,
                    $"Row {Rows + 1:N0} of {table} cannot be kept: the column {columnNames[i]} {error.Message}. " +
                    "Mend the value in the source, or read the table through a view that casts the column to text.", error);
            }
        }
    }

    private SourceException Damaged(string problem) => new(SourceErrorKind.Corrupt,
        $"The stream of {table} {problem} (after row {Rows:N0}). Nothing of it is kept; the run is tried again.");
}
