using System.Net;
using System.Net.Sockets;
using DataLake.Postgres.Wire;
using Shouldly;
using Xunit;

namespace DataLake.Postgres.Tests.Wire;

/// <summary>Long answers are taken in large portions, and nothing is waited for that does not come.</summary>
public sealed class CoalescingStreamTests : IDisposable
{
    private static readonly int[] Portions = [1, 100, 8 * 1024, 70_000, CoalescingStream.Enough, 300_000];

    private readonly byte[] buffer = new byte[256 * 1024];
    private readonly Socket server;
    private readonly Socket client;
    private readonly CoalescingStream stream;

    // What happens while the reader rests, and how often it did.
    private Action inRest = () => { };
    private int rests;

    public CoalescingStreamTests()
    {
        using var listener = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        listener.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        listener.Listen(1);
        client = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        client.Connect(listener.LocalEndPoint!);
        server = listener.Accept();
        stream = new CoalescingStream(client, () =>
        {
            rests++;
            inRest();
        });
    }

    public void Dispose()
    {
        stream.Dispose();
        server.Dispose();
    }

    [Theory(Timeout = 60_000)]
    [InlineData(1)]
    [InlineData(2)]
    public async Task An_answer_comes_whole_and_in_order_whatever_its_portions_are(int seed)
    {
        var random = new Random(seed);
        var answer = new byte[5_000_000];
        random.NextBytes(answer);
        var sending = Task.Run(() =>
        {
            for (var sent = 0; sent < answer.Length;)
            {
                sent += server.Send(answer.AsSpan(sent, Math.Min(Portions[random.Next(Portions.Length)], answer.Length - sent)));
            }

            server.Shutdown(SocketShutdown.Send);
        });

        var taken = new MemoryStream();
        await Task.Run(() => stream.CopyTo(taken));
        await sending;
        taken.ToArray().AsSpan().SequenceEqual(answer).ShouldBeTrue();
    }

    [Fact(Timeout = 60_000)]
    public async Task What_comes_while_the_reader_rests_comes_with_the_next_read()
    {
        await TakeAsync(CoalescingStream.LongAnswer);
        rests.ShouldBe(0);

        Arrive(8_000);
        inRest = () => Arrive(50_000);
        stream.Read(buffer).ShouldBe(58_000);
        rests.ShouldBe(1);

        Arrive(CoalescingStream.Enough);
        stream.Read(buffer).ShouldBe(CoalescingStream.Enough);
        rests.ShouldBe(1);
    }

    [Fact(Timeout = 60_000)]
    public async Task The_last_bytes_of_a_long_answer_come_though_they_are_few()
    {
        await TakeAsync(CoalescingStream.LongAnswer);
        server.Send([7]);
        stream.Read(buffer).ShouldBe(1);
        server.Shutdown(SocketShutdown.Send);
        stream.Read(buffer).ShouldBe(0);
        stream.Read(buffer).ShouldBe(0);
    }

    [Fact(Timeout = 60_000)]
    public async Task Nobody_rests_in_a_short_answer_after_a_long_one()
    {
        await TakeAsync(CoalescingStream.LongAnswer);
        stream.Write("?"u8);
        Arrive(3);
        stream.Read(buffer).ShouldBe(3);
        rests.ShouldBe(0);
    }

    [Theory(Timeout = 120_000)]
    [InlineData(3)]
    [InlineData(4)]
    public async Task What_is_taken_ahead_comes_first_and_everything_in_order(int seed)
    {
        var random = new Random(seed);
        var answer = new byte[30_000_000];
        random.NextBytes(answer);
        var sending = Task.Run(() =>
        {
            server.Send(answer);
            server.Shutdown(SocketShutdown.Send);
        });

        var taken = new MemoryStream();
        await Task.Run(() =>
        {
            while (stream.Read(buffer.AsSpan(0, random.Next(1, buffer.Length))) is > 0 and var read)
            {
                taken.Write(buffer.AsSpan(0, read));
                for (var i = random.Next(4); i > 0; i--)
                {
                    stream.TakeAhead(random.Next(1, 2_000_000));
                }
            }
        });
        await sending;
        taken.ToArray().AsSpan().SequenceEqual(answer).ShouldBeTrue();
        rests.ShouldBeGreaterThan(0);
    }

    [Fact(Timeout = 60_000)]
    public async Task What_is_taken_ahead_is_bounded_and_never_waited_for()
    {
        const int most = 256 * 1024;
        await TakeAsync(CoalescingStream.LongAnswer);
        stream.TakeAhead(most);
        Arrive(100);
        stream.TakeAhead(most);
        client.Available.ShouldBe(100);

        for (var sent = 100; sent < 4 * most; sent += 64 * 1024)
        {
            server.Send(new byte[64 * 1024]);
            stream.TakeAhead(most);
        }

        SpinWait.SpinUntil(() => client.Available > most, TimeSpan.FromSeconds(30)).ShouldBeTrue();
        stream.TakeAhead(most);
        client.Available.ShouldBeGreaterThan(most);
    }

    [Fact(Timeout = 60_000)]
    public async Task Nothing_is_taken_ahead_of_a_short_answer_or_of_a_closed_connection()
    {
        await TakeAsync(CoalescingStream.LongAnswer);
        stream.Write("?"u8);
        Arrive(CoalescingStream.Enough);
        stream.TakeAhead(1_000_000);
        client.Available.ShouldBe(CoalescingStream.Enough);
        await TakeAsync(CoalescingStream.LongAnswer);
        client.Dispose();
        stream.TakeAhead(1_000_000);
        Should.Throw<IOException>(() => stream.Read(buffer));
    }

    [Fact(Timeout = 60_000)]
    public async Task A_long_answer_of_which_little_is_there_is_dry()
    {
        stream.IsDry.ShouldBeFalse();
        await TakeAsync(CoalescingStream.LongAnswer);
        stream.IsDry.ShouldBeTrue();
        Arrive(CoalescingStream.Enough - 1);
        stream.IsDry.ShouldBeTrue();
        Arrive(1);
        stream.IsDry.ShouldBeFalse();

        // What was taken ahead is there too.
        stream.TakeAhead(1_000_000);
        client.Available.ShouldBe(0);
        stream.IsDry.ShouldBeFalse();
        stream.Read(buffer).ShouldBe(CoalescingStream.Enough);
        stream.IsDry.ShouldBeTrue();

        client.Dispose();
        stream.IsDry.ShouldBeFalse();
    }

    /// <summary>Sends bytes that all can be read when it returns.</summary>
    private void Arrive(int bytes)
    {
        var before = client.Available;
        server.Send(new byte[bytes]);
        SpinWait.SpinUntil(() => client.Available == before + bytes, TimeSpan.FromSeconds(30)).ShouldBeTrue();
    }

    private async Task TakeAsync(int bytes)
    {
        var sending = Task.Run(() => server.Send(new byte[bytes]));
        await Task.Run(() => stream.ReadExactly(new byte[bytes]));
        await sending;
    }
}
