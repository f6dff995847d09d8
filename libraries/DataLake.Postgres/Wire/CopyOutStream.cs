using System.Globalization;
using System.Text;

namespace DataLake.Postgres.Wire;

/// <summary>
/// What a COPY sends, without the frames of its messages. Read to its end it leaves the connection ready for the next query; disposed before that, the
/// connection is broken off and the server asked to stop.
/// </summary>
internal sealed class CopyOutStream(WireConnection connection, MessageBuffer buffer) : Stream
{
    private int inBody;
    private bool ended;
    private bool failed;

    /// <summary>How many rows the server says it has sent, once the end was read.</summary>
    public long? RowsSent { get; private set; }

    /// <inheritdoc cref="CoalescingStream.IsDry"/>
    public bool IsDry => !ended && !buffer.IsThere(CoalescingStream.Enough) && connection.IsDry;

    public override bool CanRead => true;
    public override bool CanSeek => false;
    public override bool CanWrite => false;
    public override long Length => throw new NotSupportedException();
    public override long Position { get => throw new NotSupportedException(); set => throw new NotSupportedException(); }

    /// <exception cref="WireException">The connection broke.</exception>
    /// <exception cref="ServerErrorException">The server ended the copy with an error.</exception>
    public override int Read(Span<byte> target)
    {
        if (target.IsEmpty)
        {
            return 0;
        }

        if (failed)
        {
            throw WireException.Closed();
        }

        failed = true; // until this read has ended well
        while (!ended)
        {
            var copied = buffer.TakeCopyData(target, ref inBody, out var isOther);
            if (copied > 0)
            {
                failed = false;
                return copied;
            }

            if (isOther)
            {
                ReadEnd();
                ended = true;
                break;
            }

            buffer.Fill();
        }

        failed = false;
        return 0;
    }

    /// <inheritdoc cref="CoalescingStream.TakeAhead"/>
    public void TakeAhead(int most)
    {
        if (!ended)
        {
            connection.TakeAhead(most);
        }
    }

    public override int Read(byte[] buffer, int offset, int count) => Read(buffer.AsSpan(offset, count));

    public override void Flush() => throw new NotSupportedException();
    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();
    public override void SetLength(long value) => throw new NotSupportedException();
    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    protected override void Dispose(bool disposing)
    {
        // After an error of the server alone, the connection is in order again.
        if (disposing && !ended && connection.IsBroken)
        {
            ended = true;
            connection.Abort();
        }

        base.Dispose(disposing);
    }

    /// <summary>CopyDone, and the command's tag; or an error, which can come at any time.</summary>
    private void ReadEnd()
    {
        var isDone = false;
        foreach (var (type, body) in connection.ReadAnswer("cC"))
        {
            var isRight = type == 'c' ? !isDone : isDone && RowsSent is null;
            if (!isRight)
            {
                throw WireException.Unexpected(type);
            }

            isDone = true;
            if (type == 'C')
            {
                var tag = Encoding.UTF8.GetString(body).TrimEnd('\0');
                RowsSent = tag.StartsWith("COPY ", StringComparison.Ordinal) && long.TryParse(tag.AsSpan(5), NumberStyles.None, CultureInfo.InvariantCulture, out var rows)
                    ? rows
                    : throw WireException.Garbled("a copy ended without its number of rows");
            }
        }
    }
}
