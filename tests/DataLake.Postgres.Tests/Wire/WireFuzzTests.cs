using DataLake.Postgres.Wire;
using Shouldly;
using Xunit;
using static DataLake.Postgres.Tests.Wire.ServerBytes;

namespace DataLake.Postgres.Tests.Wire;

/// <summary>Whatever a server sends, it is an answer, an error of the server or a <see cref="WireException"/>: no other exception, no endless loop, no memory for lengths that only claim to come.</summary>
public sealed class WireFuzzTests
{
    private const int Cases = 120_000;
    private const long MostAllocated = 1 << 20;

    private static readonly WireSettings Settings = new()
    {
        Servers = [new ServerAddress("localhost", 1)], Username = "user", Database = "lake", Password = "pencil", ApplicationName = "fuzz",
    };

    private static readonly byte[] Done = [.. Complete("BEGIN"), .. Ready];

    // Two statements that were asked at once.
    private static readonly byte[] Two = [.. Message('1'), .. Message('2'), .. Complete("BEGIN"), .. Answer("1", "2")];

    private static readonly byte[][] Parts =
    [
        LoggedIn, Accepted, Ready, CopyOut, CopyDone, Authentication(3), Authentication(5, 1, 2, 3, 4), Sasl("SCRAM-SHA-256"), Authentication(11, [.. "r=x,s=AA==,i=1"u8]),
        Authentication(12, [.. "v=AA=="u8]), Message('K', 0, 0, 0, 7, 1, 2, 3, 4), Row("a", null, "bc"), Row(), Complete("SELECT 1"), Complete("COPY 2"), Complete("COPY x"),
        Error("22012", "division by zero"), Notice("hello"), Answer("1", null), CopyData(1, 2, 3), CopyData(), Message('1'), Message('2'), Message('I'), Message('T', 0, 0), Message('v', 0), Message('W', 0),
        [(byte)'D', 0x7F, 0xFF, 0xFF, 0xFF], [(byte)'D', 0, 0xFF, 0xFF, 0xFF], [(byte)'d', 0x3F, 0xFF, 0xFF, 0xFF], [(byte)'N', 0x3F, 0xFF, 0xFF, 0xFF], [(byte)'E', 0, 0, 0, 3], [(byte)'Z', 0x80, 0, 0, 0],
        Message('D', 0x7F, 0xFF), Message('D', 0xFF, 0xFF), Message('D', 0, 1, 0x7F, 0xFF, 0xFF, 0xFF), Message('D', 0, 1, 0xFF, 0xFF, 0xFF, 0xFE), Message('E'), Message('E', (byte)'M', (byte)'x'), Message('R'), Message('R', 0, 0), Message('K', 1),
        Message('Z'), Message('H'), Message('H', 1, 0xFF, 0xFF), Message('H', 0, 0, 0), Message('C'), Message('c', 1, 2),
    ];

    private static readonly byte[][] Sessions =
    [
        [.. LoggedIn, .. Answer("1", null), .. Two, .. Done, .. CopyOut, .. CopyData(1, 2, 3), .. Notice("x"), .. CopyData(4), .. CopyDone, .. Complete("COPY 2"), .. Ready],
        [.. LoggedIn, .. Error("42P01", "no table"), .. Ready, .. Answer("1")[..^Ready.Length], .. Error("55000", "no snapshot"), .. Ready, .. Done, .. CopyOut, .. CopyData(9), .. Error("57014", "cancelled"), .. Ready],
        [.. Sasl("SCRAM-SHA-256-PLUS", "SCRAM-SHA-256"), .. Authentication(11, [.. "r=x,s=AA==,i=1"u8]), .. LoggedIn],
        [.. Authentication(5, 1, 2, 3, 4), .. LoggedIn, .. Answer("1"), .. Done, .. Error("57P01", "terminating", "FATAL")],
    ];

    [Fact]
    public void Whatever_a_server_sends_is_an_answer_or_a_refusal()
    {
        var random = new Random(20_261_120);
        var (accepted, refused, errors) = (0, 0, 0);
        foreach (var session in Sessions)
        {
            Run(session, 1);
            Run(session, 4_096);
        }

        for (var i = 0; i < Cases; i++)
        {
            byte[] bytes = random.Next(4) switch
            {
                0 => [.. LoggedIn, .. Pieces(random)],
                1 => [.. Pieces(random)],
                _ => Mutate(random, Sessions[random.Next(Sessions.Length)]),
            };
            Run(bytes, random.Next(4) == 0 ? random.Next(1, 9) : 4_096);
        }

        accepted.ShouldBeGreaterThan(500);
        refused.ShouldBeGreaterThan(Cases / 2);
        errors.ShouldBeGreaterThan(1_000);

        void Run(byte[] bytes, int piece)
        {
            var before = GC.GetAllocatedBytesForCurrentThread();
            try
            {
                Converse(new PeerStream(bytes, piece));
                accepted++;
            }
            catch (WireException error)
            {
                error.Message.ShouldNotContain("pencil");
                refused++;
            }
            catch (ServerErrorException)
            {
                errors++;
            }
            catch (Exception error)
            {
                throw new InvalidOperationException($"{Convert.ToHexString(bytes)} in pieces of {piece} ended in {error}", error);
            }

            (GC.GetAllocatedBytesForCurrentThread() - before).ShouldBeLessThan(MostAllocated);
        }
    }

    /// <summary>All that is ever asked of a server, on one connection; an error of the server leaves it usable.</summary>
    private static void Converse(Stream stream)
    {
        using var connection = WireConnection.Start(new Transport(stream, Settings.Servers[0]), Settings, bufferCapacity: 512);
        ServerErrorException? failed = null;
        foreach (var ask in new Action[]
        {
            () => connection.Query("SELECT $1", "1"),
            () => connection.QueryAll(new Statement("BEGIN"), new Statement("SELECT $1", "1")).Count.ShouldBe(2),
            () => connection.Execute("BEGIN"),
            () => Copy(connection),
        })
        {
            try
            {
                ask();
                connection.IsBroken.ShouldBeFalse();
            }
            catch (ServerErrorException error)
            {
                failed = error;
            }
            catch (WireException)
            {
                connection.IsBroken.ShouldBeTrue();
                Should.Throw<WireException>(() => connection.Execute("SELECT 1")).Message.ShouldContain("broken off before");
                throw;
            }
        }

        if (failed is not null)
        {
            throw failed;
        }
    }

    private static void Copy(WireConnection connection)
    {
        using var copy = connection.StartCopy("COPY t TO STDOUT (FORMAT binary)");
        var buffer = new byte[256];
        while (copy.Read(buffer) > 0)
        {
        }

        copy.RowsSent.ShouldNotBeNull();
    }

    private static IEnumerable<byte> Pieces(Random random) => Enumerable.Range(0, random.Next(1, 8)).SelectMany(_ => Parts[random.Next(Parts.Length)]);

    private static byte[] Mutate(Random random, byte[] source)
    {
        var bytes = new List<byte>(source);
        for (var changes = random.Next(0, 4); changes > 0 && bytes.Count > 0; changes--)
        {
            var at = random.Next(bytes.Count);
            switch (random.Next(6))
            {
                case 0: bytes[at] ^= (byte)(1 << random.Next(8)); break;
                case 1: bytes[at] = (byte)random.Next(256); break;
                case 2: bytes[at] = random.Next(2) == 0 ? (byte)0 : (byte)0xFF; break;
                case 3: bytes.RemoveRange(at, Math.Min(random.Next(1, 9), bytes.Count - at)); break;
                case 4: bytes.InsertRange(at, Parts[random.Next(Parts.Length)]); break;
                default: bytes.RemoveRange(at, bytes.Count - at); break;
            }
        }

        return [.. bytes];
    }

    /// <summary>The other end: it sends what it was given, in pieces, and hears whatever it is told.</summary>
    private sealed class PeerStream(byte[] bytes, int pieceLength) : Stream
    {
        private int position;

        public override bool CanRead => true;
        public override bool CanSeek => false;
        public override bool CanWrite => true;
        public override long Length => throw new NotSupportedException();
        public override long Position { get => throw new NotSupportedException(); set => throw new NotSupportedException(); }

        public override int Read(Span<byte> target)
        {
            var count = Math.Min(Math.Min(target.Length, pieceLength), bytes.Length - position);
            bytes.AsSpan(position, count).CopyTo(target);
            position += count;
            return count;
        }

        public override int Read(byte[] buffer, int offset, int count) => Read(buffer.AsSpan(offset, count));
        public override void Write(ReadOnlySpan<byte> buffer)
        {
        }

        public override void Write(byte[] buffer, int offset, int count)
        {
        }

        public override void Flush()
        {
        }

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();
        public override void SetLength(long value) => throw new NotSupportedException();
    }
}
