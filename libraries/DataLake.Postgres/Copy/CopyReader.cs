using System.Buffers;
using System.Buffers.Binary;
using System.Runtime.CompilerServices;
using DataLake.Parquet;
using DataLake.Postgres.Connections;
using DataLake.Postgres.Errors;
using DataLake.Postgres.Types;
using DataLake.Postgres.Wire;

namespace DataLake.Postgres.Copy;

/// <summary>
/// Reads a binary COPY stream row by row into columns
/// (<see href="https://www.postgresql.org/docs/current/sql-copy.html">COPY, Binary Format</see>). Nothing is allocated per row, except for large ones:
/// <see cref="LargeRows"/> lets them in one at a time.
/// </summary>
public sealed class CopyReader : IDisposable
{
    private const int InitialBuffer = 256 * 1024;
    private const int EnoughToDecode = 128 * 1024;

    private readonly Stream stream;
    private readonly CopyProblems problems;
    private readonly string table;
    private readonly LargeRows largeRows;
    private readonly CancellationToken cancellation;
    private readonly RowBatch batch;
    private byte[] buffer = ArrayPool<byte>.Shared.Rent(InitialBuffer);
    private int start;
    private int end;
    private bool headerRead;
    private bool trailerRead;

    // The least length of the row that is not whole yet, as far as its lengths have come.
    private int needed;

    // Nobody else carries a large row.
    private bool hasTurn;

    // The buffer is made for it, and does not come from the pool.
    private bool isBufferLarge;

    // The stream has said that there is no more.
    private bool ended;

    /// <summary>Reads from a stream that starts with COPY's signature.</summary>
    /// <param name="stream">The stream; it is disposed with the reader.</param>
    /// <param name="table">The table, for messages.</param>
    /// <param name="columnNames">The columns that are sent, for messages.</param>
    /// <param name="largeRows">Bounds the rows; null for the usual limit and nobody to wait for.</param>
    /// <param name="cancellation">Ends the wait for another connection's large row.</param>
    public CopyReader(Stream stream, string table, IReadOnlyList<string> columnNames, LargeRows? largeRows = null, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(columnNames);
        this.stream = stream;
        this.table = table;
        problems = new CopyProblems(table, columnNames);
        this.largeRows = largeRows ?? new LargeRows();
        this.cancellation = cancellation;
        batch = new RowBatch(columnNames.Count);
    }

    /// <summary>Rows decoded so far.</summary>
    public long Rows { get; private set; }

    /// <summary>The size of the large row that the last batch consists of, or 0. Its memory is waited for: get the row written, and call <see cref="ReleaseLargeRow"/>.</summary>
    public int LargeRow { get; private set; }

    /// <summary>Bytes received so far.</summary>
    public long BytesReceived { get; private set; }

    /// <summary>Whether the next batch would have to be waited for: a moment to do something else. Always false where the connection cannot tell.</summary>
    public bool IsDry => stream is CopyOutStream { IsDry: true };

    /// <summary>Reads what a query gives, on one thread from its first row to its last.</summary>
    /// <param name="connection">The connection; of no use after a read that failed or was cancelled.</param>
    /// <param name="query">The query.</param>
    /// <param name="table">The table, for messages.</param>
    /// <param name="columnNames">The columns that the query gives, for messages.</param>
    /// <param name="read">Reads to the end. It may block: the thread is its own.</param>
    /// <param name="cancellation">Stops the read.</param>
    /// <param name="largeRows">Bounds the rows; null for the usual limit and nobody to wait for.</param>
    /// <exception cref="SourceException">The server refuses, the stream broke off or is damaged, or a value cannot be kept.</exception>
    public static Task CopyAsync(
        SourceConnection connection, string query, string table, IReadOnlyList<string> columnNames, Action<CopyReader> read, CancellationToken cancellation, LargeRows? largeRows = null)
    {
        ArgumentNullException.ThrowIfNull(connection);
        ArgumentNullException.ThrowIfNull(read);
        return connection.RunAsync(wire =>
        {
            using var copy = Start(wire, query, table, columnNames, largeRows, cancellation);
            read(copy);
            return true;
        }, $"reading {table}", cancellation);
    }

    private static CopyReader Start(
        WireConnection connection, string query, string table, IReadOnlyList<string> columnNames, LargeRows? largeRows, CancellationToken cancellation)
    {
        try
        {
            return new CopyReader(connection.StartCopy($"COPY ({query}) TO STDOUT (FORMAT binary)"), table, columnNames, largeRows, cancellation);
        }
        catch (Exception error)
        {
            throw SourceException.From(error, $"reading {table}");
        }
    }

    /// <summary>Waits for bytes and decodes the rows that are there.</summary>
    /// <returns>How many rows; 0 at the end of the stream, when the server has said that it sent everything.</returns>
    /// <exception cref="SourceException">The stream broke off or is damaged, or a value cannot be kept. The reader is of no use after it.</exception>
    public int ReadBatch(RowDecoder decoder)
    {
        ArgumentNullException.ThrowIfNull(decoder);
        if (decoder.Columns != batch.Columns)
        {
            throw new ArgumentException($"{decoder.Columns} decoders cannot take rows of {batch.Columns} columns.", nameof(decoder));
        }

        ReleaseLargeRow();
        while (true)
        {
            if (!trailerRead && DecodeBuffered(decoder) is > 0 and var rows)
            {
                return rows;
            }

            if (trailerRead && start != end)
            {
                throw Damaged("goes on after its end");
            }

            // The trailer alone is no success: an error of the server may still follow it.
            if (!TryFill())
            {
                return !trailerRead ? throw Damaged("broke off before its end")
                    : stream is CopyOutStream { RowsSent: { } sent } && sent != Rows ? throw Damaged($"brought {Rows:N0} rows where the server sent {sent:N0}")
                    : 0;
            }
        }
    }

    /// <summary>Takes up to so many bytes of what has come meanwhile, without waiting: for a caller who is busy with something else for some milliseconds, so that the server need not wait for it.</summary>
    public void TakeAhead(int most) => (stream as CopyOutStream)?.TakeAhead(most);

    /// <summary>The large row is out of memory, or need not stay there: another connection may have its turn. Reading on says the same.</summary>
    public void ReleaseLargeRow()
    {
        if (!hasTurn)
        {
            return;
        }

        DropLargeBuffer();
        hasTurn = false;
        largeRows.Leave(LargeRow);
        LargeRow = 0;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        ReleaseLargeRow();
        var rented = Interlocked.Exchange(ref buffer, []);
        if (rented.Length > 0)
        {
            ArrayPool<byte>.Shared.Return(rented);
        }

        stream.Dispose();
    }

    /// <summary>Reads on, many messages at a time: the server sends each row as its own.</summary>
    /// <returns>Whether there was more.</returns>
    private bool TryFill()
    {
        if (ended)
        {
            return false;
        }

        MakeRoom();
        var before = end;
        try
        {
            // Of a large row's message no more than the row, so that its buffer can go with it.
            var most = hasTurn ? needed : buffer.Length;
            while (end < most && end < Math.Max(EnoughToDecode, needed))
            {
                var read = stream.Read(buffer.AsSpan(end, most - end));
                if (read == 0)
                {
                    ended = true;
                    break;
                }

                end += read;
                BytesReceived += read;
            }
        }
        catch (Exception error)
        {
            throw SourceException.From(error, $"reading {table} after row {Rows:N0}");
        }

        return end > before;
    }

    /// <summary>Moves the row that is not whole to the buffer's start, or to a buffer that it fits.</summary>
    private void MakeRoom()
    {
        var pending = buffer.AsSpan(start, end - start);
        var target = buffer;
        if (needed > LargeRows.Usual && !hasTurn)
        {
            largeRows.Enter(cancellation);
            hasTurn = isBufferLarge = true;

            // The row's other lengths are not known yet. What the row does not fill is never touched, and takes no memory.
            target = GC.AllocateUninitializedArray<byte>(largeRows.Limit + (sizeof(int) * batch.Columns));
        }
        else if (needed > buffer.Length)
        {
            target = ArrayPool<byte>.Shared.Rent(Math.Max(needed, buffer.Length * 2));
        }

        if (start > 0 || !ReferenceEquals(target, buffer))
        {
            pending.CopyTo(target);
            (start, end) = (0, pending.Length);
        }

        if (!ReferenceEquals(target, buffer))
        {
            ArrayPool<byte>.Shared.Return(buffer);
            buffer = target;
        }
    }

    /// <summary>Goes back to a usual buffer after a large row, which has taken all that was received.</summary>
    private void DropLargeBuffer()
    {
        if (isBufferLarge)
        {
            isBufferLarge = false;
            buffer = ArrayPool<byte>.Shared.Rent(InitialBuffer);
            (start, end) = (0, 0);
        }
    }

    private int DecodeBuffered(RowDecoder decoder)
    {
        if (!headerRead && !TryReadHeader())
        {
            return 0;
        }

        var rows = 0;
        while (FindRows())
        {
            Decode(decoder);
            (rows, Rows, start) = (rows + batch.Count, Rows + batch.Count, batch.End);
            batch.Clear();
            if (hasTurn)
            {
                LargeRow = end;
                DropLargeBuffer();
                break;
            }
        }

        return rows;
    }

    private bool TryReadHeader()
    {
        var bytes = buffer.AsSpan(start, end - start);
        if (bytes.Length < CopyHeader.Length)
        {
            return false;
        }

        if (CopyHeader.FaultOf(bytes) is { } fault)
        {
            throw Damaged(fault);
        }

        start += CopyHeader.Length;
        headerRead = true;
        return true;
    }

    /// <summary>Finds the next whole rows that are there, as many as go together. Damage behind them is found once they are taken.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private bool FindRows()
    {
        if (trailerRead)
        {
            return false;
        }

        batch.Start(buffer, start);
        while (batch.Count < batch.Capacity && TryFindRow())
        {
            // The next.
        }

        return batch.Count > 0;
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private bool TryFindRow()
    {
        if (end - batch.End < sizeof(short))
        {
            return false;
        }

        var fields = BinaryPrimitives.ReadInt16BigEndian(buffer.AsSpan(batch.End));
        if (fields == -1)
        {
            // Only once the rows in front of it are taken.
            trailerRead = batch.Count == 0;
            start += trailerRead ? sizeof(short) : 0;
            return false;
        }

        if (fields != batch.Columns)
        {
            return batch.Count > 0 ? false : throw Damaged($"has a row of {fields} columns where {batch.Columns} were asked for");
        }

        return TryFindFields();
    }

    /// <summary>Finds the fields of the next row, which is decoded only when it is whole.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private bool TryFindFields()
    {
        var row = batch.End;
        var bytes = buffer.AsSpan(row, end - row);
        var position = sizeof(short);
        for (var column = 0; column < batch.Columns; column++)
        {
            if (bytes.Length - position < sizeof(int))
            {
                needed = position + sizeof(int);
                return false;
            }

            var length = BinaryPrimitives.ReadInt32BigEndian(bytes[position..]);
            batch.AddField(column, row + position);
            position += sizeof(int);
            if (length <= 0)
            {
                if (length < -1)
                {
                    return batch.Count > 0 ? false : throw Damaged($"has a length of {length} for the column {problems.NameOf(column)}");
                }

                continue;
            }

            if (length > largeRows.Limit - position)
            {
                return batch.Count > 0 ? false : throw problems.TooLarge(column, Rows + 1, length, largeRows.Limit);
            }

            position += length;
            if (position > bytes.Length)
            {
                needed = position;
                return false;
            }
        }

        batch.AddRow(row + position);
        needed = 0;
        return true;
    }

    private void Decode(RowDecoder decoder)
    {
        var (column, row) = (0, 0);
        try
        {
            decoder.Decode(batch, ref column, ref row);
        }
        catch (ColumnValueException error)
        {
            Rows += row;
            throw problems.CannotKeep(column, Rows + 1, error);
        }
        catch (ParquetException error) when (error.Kind == ParquetErrorKind.InvalidValue)
        {
            Rows += row;
            throw problems.DoesNotFit(column, Rows + 1, error);
        }
    }

    private SourceException Damaged(string problem) => problems.Damaged(problem, Rows);
}
