using System.Net;
using System.Net.Sockets;
using Npgsql;

namespace DataLake.Iceberg.Tests.Catalogs;

/// <summary>A way to a PostgreSQL server that breaks once where a test wants it.</summary>
internal sealed class LossyConnection : IAsyncDisposable
{
    private readonly TcpListener listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource stop = new();
    private readonly NpgsqlConnectionStringBuilder server;
    private readonly Task accepting;
    private int next;

    public LossyConnection(string connectionString)
    {
        server = new NpgsqlConnectionStringBuilder(connectionString);
        listener.Start();
        accepting = AcceptAsync();

        // Without a reset, a pooled connection's next message is the next command, and its next answer that command's.
        ConnectionString = new NpgsqlConnectionStringBuilder(connectionString)
        {
            Host = "127.0.0.1", Port = ((IPEndPoint)listener.LocalEndpoint).Port, NoResetOnClose = true, MaxPoolSize = 1,
        }.ConnectionString;
    }

    public string ConnectionString { get; }

    public Loss Next
    {
        set => Volatile.Write(ref next, (int)value);
    }

    public async ValueTask DisposeAsync()
    {
        await stop.CancelAsync();
        listener.Stop();
        await accepting;
        stop.Dispose();
    }

    private async Task AcceptAsync()
    {
        var connections = new List<Task>();
        try
        {
            while (true) connections.Add(ServeAsync(await listener.AcceptSocketAsync(stop.Token)));
        }
        catch (OperationCanceledException)
        {
            await Task.WhenAll(connections);
        }
    }

    private async Task ServeAsync(Socket client)
    {
        var isUnix = server.Host!.StartsWith('/');
        using var there = isUnix ? new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified) : new Socket(SocketType.Stream, ProtocolType.Tcp);
        using (client)
        {
            EndPoint end = isUnix ? new UnixDomainSocketEndPoint($"{server.Host}/.s.PGSQL.{server.Port}") : new IPEndPoint(IPAddress.Parse(server.Host), server.Port);
            await there.ConnectAsync(end, stop.Token);
            await Task.WhenAny(PumpAsync(client, there, Loss.Request), PumpAsync(there, client, Loss.Answer));
        }
    }

    private async Task PumpAsync(Socket from, Socket to, Loss loss)
    {
        var buffer = new byte[1 << 16];
        try
        {
            while (await from.ReceiveAsync(buffer, stop.Token) is var received and > 0)
            {
                if (Interlocked.CompareExchange(ref next, (int)Loss.None, (int)loss) == (int)loss) return;
                for (var sent = 0; sent < received;) sent += await to.SendAsync(buffer.AsMemory(sent, received - sent), stop.Token);
            }
        }
        catch (Exception error) when (error is SocketException or ObjectDisposedException or OperationCanceledException)
        {
            // Either side is gone; the other is closed with it.
        }
    }
}
