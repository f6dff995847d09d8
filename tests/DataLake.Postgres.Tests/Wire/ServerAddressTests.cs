using System.Net;
using System.Net.Sockets;
using DataLake.Postgres.Connections;
using DataLake.Postgres.Errors;
using DataLake.Testing;
using Shouldly;
using Xunit;
using static DataLake.Postgres.Tests.Wire.ServerBytes;

namespace DataLake.Postgres.Tests.Wire;

/// <summary>Where a server is: one of several hosts, a file, an address, another machine.</summary>
public sealed class ServerAddressTests
{
    [Fact(Timeout = 30_000)]
    public async Task The_next_host_is_tried_where_one_does_not_answer()
    {
        var closed = new FakeServer(_ => { });
        var closedPort = closed.Port;
        closed.Dispose();
        using var starting = new FakeServer(session => session.Send(Error("57P03", "the database system is starting up", "FATAL")));
        using var server = new FakeServer(session => session.LogIn().Question().Send(Answer("here")));
        using var refusing = new FakeServer(session => session.Send(Error("28P01", "password authentication failed", "FATAL")));
        async Task<SourceConnection> OpenAsync(params int[] ports) => await new SourceConnections(
            $"Host={string.Join(", ", ports.Select(port => $"127.0.0.1:{port}"))};Username=u;SSL Mode=Disable", 1, "hosts").OpenAsync(CancellationToken.None);
        await using var connection = await OpenAsync(closedPort, starting.Port, server.Port);
        (await connection.QueryAsync("SELECT 1", [], "testing", CancellationToken.None))[0][0].ShouldBe("here");
        (await Should.ThrowAsync<SourceException>(() => OpenAsync(refusing.Port, server.Port))).Kind.ShouldBe(SourceErrorKind.Denied);
        var error = await Should.ThrowAsync<SourceException>(() => OpenAsync(closedPort, closedPort));
        error.Message.ShouldContain($"127.0.0.1:{closedPort}");
        (await Should.ThrowAsync<SourceException>(() => OpenAsync(closedPort, starting.Port))).Message.ShouldContain("starting up");
    }

    [Fact(Timeout = 30_000)]
    public async Task A_socket_file_and_an_address_in_brackets_are_hosts_too()
    {
        using var folder = new TemporaryFolder();
        using var file = new FakeServer(Greet, new UnixDomainSocketEndPoint(folder.In(".s.PGSQL.5544")));
        await using var overFile = await new SourceConnections($"Host={folder.Path};Port=5544;Username=u", 1, "file").OpenAsync(CancellationToken.None);
        (await overFile.QueryAsync("SELECT 1", [], "testing", CancellationToken.None))[0][0].ShouldBe("hello");
        Assert.SkipUnless(Socket.OSSupportsIPv6, "This machine has no IPv6.");
        using var six = new FakeServer(Greet, new IPEndPoint(IPAddress.IPv6Loopback, 0));
        foreach (var host in new[] { $"[::1]:{six.Port}", $"::1;Port={six.Port}", $"[::1];Port={six.Port}" })
        {
            await using var overSix = await new SourceConnections($"Host={host};Username=u", 1, "six").OpenAsync(CancellationToken.None);
            (await overSix.QueryAsync("SELECT 1", [], "testing", CancellationToken.None))[0][0].ShouldBe("hello");
        }

        static void Greet(FakeSession session) => session.LogIn().Question().Send(Answer("hello"));
    }

    [Fact(Timeout = 30_000)]
    public async Task A_password_is_not_sent_in_clear_text_to_another_machine()
    {
        // The address is this machine's, but not one that the host's name shows as such.
        var address = (await Dns.GetHostAddressesAsync(Dns.GetHostName())).FirstOrDefault(address => !IPAddress.IsLoopback(address) && address.AddressFamily == AddressFamily.InterNetwork);
        Assert.SkipWhen(address is null, "This machine has no address but the loopback's.");
        var heard = new TaskCompletionSource<string>();
        using var server = new FakeServer(session =>
        {
            session.Send(Authentication(3));
            session.Silence();
            heard.SetResult("nothing");
        }, new IPEndPoint(address!, 0));
        var error = await Should.ThrowAsync<SourceException>(() => new SourceConnections($"Host={address};Port={server.Port};Username=u;Password=s3cret;SSL Mode=Disable", 1, "clear").OpenAsync(CancellationToken.None));
        error.Kind.ShouldBe(SourceErrorKind.BadConnectionString);
        error.Message.ShouldContain("Turn TLS on");
        error.ToString().ShouldNotContain("s3cret");
        await heard.Task;
    }
}
