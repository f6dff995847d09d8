using System.Net;
using System.Net.Sockets;
using DataLake.Postgres.Wire;
using DataLake.Testing;
using Shouldly;
using Xunit;

namespace DataLake.Postgres.Tests.Wire;

/// <summary>Long answers come in large portions, and nothing of them is waited for that does not come.</summary>
public sealed class LowWaterStreamTests : IDisposable
{
    private static readonly int[] Portions = [1, 100, 8 * 1024, 70_000, LowWaterStream.Mark, 300_000];

    private readonly Socket server;
    private readonly Socket client;
    private readonly LowWaterStream stream;

    public LowWaterStreamTests()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "The mark is Linux's.");
        using var listener = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        listener.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        listener.Listen(1);
        client = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        client.Connect(listener.LocalEndPoint!);
        server = listener.Accept();
        stream = new LowWaterStream(client);
    }

    public void Dispose()
    {
        stream?.Dispose();
        server?.Dispose();
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
        });

        var taken = await Task.Run(() => Take(answer.Length, seed));
        await sending;
        taken.AsSpan().SequenceEqual(answer).ShouldBeTrue();
    }

    [Fact(Timeout = 60_000)]
    public async Task The_reader_is_woken_for_many_bytes_once_an_answer_is_long()
    {
        await SendAndTakeAsync(LowWaterStream.LongAnswer - 1);
        Mark.ShouldBe(1);
        await TakeLongAnswerAsync();
    }

    [Fact(Timeout = 60_000)]
    public async Task The_last_bytes_come_though_they_are_few_and_the_server_then_waits()
    {
        await TakeLongAnswerAsync();
        await SendAndTakeAsync(1);
        await SendAndTakeAsync(17);
    }

    [Fact(Timeout = 60_000)]
    public async Task A_pause_and_a_question_end_it()
    {
        await TakeLongAnswerAsync();
        var reading = Task.Run(() => Take(1, 1)); // It waits, and gives up waiting for many.
        await Eventually.Async(() => Mark == 1);
        server.Send([1]);
        (await reading).ShouldBe([1]);

        await TakeLongAnswerAsync();
        stream.Write("?"u8);
        Mark.ShouldBe(1);
        await SendAndTakeAsync(1);
    }

    [Fact(Timeout = 60_000)]
    public async Task The_end_of_the_connection_is_the_end()
    {
        await TakeLongAnswerAsync();
        server.Send([1, 2, 3]);
        server.Shutdown(SocketShutdown.Send);
        (await Task.Run(() => Take(3, 1))).ShouldBe([1, 2, 3]);
        (await Task.Run(() => stream.Read(new byte[10]))).ShouldBe(0);
        (await Task.Run(() => stream.Read(new byte[10]))).ShouldBe(0);
    }

    private int Mark => BitConverter.ToInt32(MarkBytes());

    private byte[] MarkBytes()
    {
        var value = new byte[4];
        client.GetRawSocketOption(1, 18, value);
        return value;
    }

    /// <summary>Until the mark is set: where the sender was not let run for a while, the answer had a pause.</summary>
    private Task TakeLongAnswerAsync() => Eventually.Async(async () =>
    {
        await SendAndTakeAsync(2 * LowWaterStream.LongAnswer);
        return Mark == LowWaterStream.Mark;
    });

    private async Task SendAndTakeAsync(int bytes)
    {
        var sending = Task.Run(() => server.Send(new byte[bytes]));
        (await Task.Run(() => Take(bytes, 1))).Length.ShouldBe(bytes);
        await sending;
    }

    private byte[] Take(int bytes, int seed)
    {
        var random = new Random(seed);
        var taken = new byte[bytes];
        for (var read = 0; read < bytes;)
        {
            var more = stream.Read(taken.AsSpan(read, Math.Min(bytes - read, random.Next(1, 400_000))));
            more.ShouldBePositive();
            read += more;
        }

        return taken;
    }
}
