using System.Net;
using System.Net.Sockets;
using Npgsql;

namespace DataLake.Postgres.Wire;

/// <summary>The way to a server: a socket, and TLS on it where the settings want it.</summary>
internal sealed class Transport : IDisposable
{
    private const int SslRequest = 80_877_103;

    private readonly Socket? socket;
    private readonly CoalescingStream? coalescing;

    /// <summary>A way over something else than a socket, for tests: nothing can be cancelled there.</summary>
    public Transport(Stream stream, ServerAddress server)
    {
        Stream = stream;
        Server = server;
    }

    private Transport(Socket socket, ServerAddress server, EndPoint place)
        : this(CoalescingStream.Of(socket), server)
    {
        this.socket = socket;
        coalescing = Stream as CoalescingStream;
        Place = place;
    }

    /// <summary>The server as the settings name it.</summary>
    public ServerAddress Server { get; }

    /// <summary>The server's address, so that another connection finds the same one without asking for it.</summary>
    public EndPoint? Place { get; }

    /// <summary>What goes to the server and comes from it; it blocks.</summary>
    public Stream Stream { get; private set; }

    /// <inheritdoc cref="CoalescingStream.IsDry"/>
    public bool IsDry => coalescing is { IsDry: true };

    /// <summary>Connects to the first of a server's addresses that answers.</summary>
    /// <param name="server">The server.</param>
    /// <param name="settings">Whether TLS is used.</param>
    /// <param name="deadline">When it is cancelled, what is under way breaks off.</param>
    /// <param name="timeout">How long all of it may take; each address gets its part.</param>
    /// <exception cref="Exception">Whatever sockets and TLS throw.</exception>
    public static Transport Open(ServerAddress server, WireSettings settings, TimeSpan timeout, CancellationToken deadline)
    {
        var places = Places(server, deadline);
        for (var i = 0; ; i++)
        {
            // Half of the time is for TLS and logging in.
            using var part = CancellationTokenSource.CreateLinkedTokenSource(deadline);
            part.CancelAfter(places.Count == 1 ? timeout : timeout / 2 / places.Count);
            try
            {
                return Open(server, places[i], settings, part.Token, deadline);
            }
            catch (Exception error) when (i < places.Count - 1 && error is SocketException or ObjectDisposedException && !deadline.IsCancellationRequested)
            {
                // The next address may answer; the last one's error is told.
            }
        }
    }

    /// <summary>Connects to one address.</summary>
    /// <param name="server">The server.</param>
    /// <param name="place">Its address.</param>
    /// <param name="settings">Whether TLS is used.</param>
    /// <param name="connecting">Bounds the connecting.</param>
    /// <param name="deadline">Bounds all of it.</param>
    /// <exception cref="Exception">Whatever sockets and TLS throw.</exception>
    public static Transport Open(ServerAddress server, EndPoint place, WireSettings settings, CancellationToken connecting, CancellationToken deadline)
    {
        var transport = new Transport(Connect(place, connecting), server, place);
        try
        {
            using (deadline.UnsafeRegister(static transport => ((Transport)transport!).Abort(), transport))
            {
                if (place is IPEndPoint && settings.Tls != SslMode.Disable)
                {
                    transport.StartTls(settings);
                }
            }

            return transport;
        }
        catch
        {
            transport.Dispose();
            throw;
        }
    }

    /// <summary>Closes the socket, from any thread and at any moment: whatever waits on it fails at once.</summary>
    public void Abort() => ((IDisposable?)socket ?? Stream).Dispose();

    /// <inheritdoc cref="CoalescingStream.TakeAhead"/>
    public void TakeAhead(int most) => coalescing?.TakeAhead(most);

    /// <summary>Says that nothing more will be sent.</summary>
    public void EndSending() => socket?.Shutdown(SocketShutdown.Send);

    /// <inheritdoc/>
    public void Dispose()
    {
        // First: TLS would say goodbye, which waits where the server does not read.
        socket?.Dispose();
        Stream.Dispose();
    }

    private static IReadOnlyList<EndPoint> Places(ServerAddress server, CancellationToken deadline)
    {
        if (server.IsSocketFile)
        {
            return [new UnixDomainSocketEndPoint($"{server.Host}/.s.PGSQL.{server.Port}")];
        }

        // Waited for here: the thread is the connection's own, and there is no other way to stop waiting for a name.
        var addresses = IPAddress.TryParse(server.Host, out var address) ? [address] : Dns.GetHostAddressesAsync(server.Host, deadline).GetAwaiter().GetResult();
        return addresses.Length > 0 ? [.. addresses.Select(one => new IPEndPoint(one, server.Port))] : throw new SocketException((int)SocketError.HostNotFound);
    }

    private static Socket Connect(EndPoint place, CancellationToken connecting)
    {
        var socket = new Socket(place.AddressFamily, SocketType.Stream, place is IPEndPoint ? ProtocolType.Tcp : ProtocolType.Unspecified);
        try
        {
            // How much it may hold is left to the system, which makes it larger as is needed; a size of one's own is cut to far less by default, and stays.
            if (place is IPEndPoint)
            {
                socket.NoDelay = true;
                // A server that is gone without a word is noticed after about a minute.
                socket.SetSocketOption(SocketOptionLevel.Socket, SocketOptionName.KeepAlive, true);
                socket.SetSocketOption(SocketOptionLevel.Tcp, SocketOptionName.TcpKeepAliveTime, 30);
                socket.SetSocketOption(SocketOptionLevel.Tcp, SocketOptionName.TcpKeepAliveInterval, 10);
                socket.SetSocketOption(SocketOptionLevel.Tcp, SocketOptionName.TcpKeepAliveRetryCount, 3);
            }

            // A socket that was once waited for asynchronously never blocks again but spins: so it is closed under the call instead.
            using (connecting.UnsafeRegister(static socket => ((Socket)socket!).Dispose(), socket))
            {
                socket.Connect(place);
            }

            return socket;
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    /// <summary>Asks for TLS (<see href="https://www.postgresql.org/docs/current/protocol-flow.html#PROTOCOL-FLOW-SSL">SSL Session Encryption</see>).</summary>
    private void StartTls(WireSettings settings)
    {
        if (settings.IsTlsDirect)
        {
            Stream = TlsSession.Start(Stream, settings, Server);
            return;
        }

        Stream.Write(new MessageWriter().Message(null).Int32(SslRequest).Written);
        // One byte and no more: what came behind it would be text that somebody slipped in before the encryption (CVE-2021-23222). Left in the socket, it spoils the handshake.
        var answer = new byte[1];
        if (Stream.Read(answer) == 0)
        {
            throw WireException.Closed();
        }

        switch (answer[0])
        {
            case (byte)'S':
                Stream = TlsSession.Start(Stream, settings, Server);
                break;
            case (byte)'N' when settings.Tls is SslMode.Prefer or SslMode.Allow:
                break;
            case (byte)'N':
                throw new WireException(WireProblem.Unusable,
                    "the server has no TLS, and the connection string wants it. Turn TLS on in the server, or write 'SSL Mode=Disable' where the network is trusted");
            case (byte)'E':
                // Its words cannot be trusted before the encryption.
                throw new WireException(WireProblem.Broken, "the server refused to start a session");
            default:
                throw WireException.Garbled("the answer to the wish for TLS is not PostgreSQL's");
        }
    }
}
