using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;

namespace DataLake.Postgres.Tests.Wire;

/// <summary>A server that does what a test says, on a socket of its own.</summary>
internal sealed class FakeServer : IDisposable
{
    private const int SslRequest = 80_877_103, CancelRequest = 80_877_102;

    private readonly Socket listener;
    private readonly Action<FakeSession> script;
    private int sessions;
    private int cancels;

    /// <param name="script">What happens to each session, from its startup message on.</param>
    /// <param name="place">Where to listen; any port of 127.0.0.1 by default.</param>
    public FakeServer(Action<FakeSession> script, EndPoint? place = null)
    {
        this.script = script;
        place ??= new IPEndPoint(IPAddress.Loopback, 0);
        listener = new Socket(place.AddressFamily, SocketType.Stream, place is IPEndPoint ? ProtocolType.Tcp : ProtocolType.Unspecified);
        listener.Bind(place);
        listener.Listen(200);
        new Thread(Accept) { IsBackground = true }.Start();
    }

    public int Port => ((IPEndPoint)listener.LocalEndPoint!).Port;

    public string ConnectionString => $"Host=127.0.0.1;Port={Port};Username=user;Password=s3cret;Database=lake;SSL Mode=Disable";

    /// <summary>Sessions that began.</summary>
    public int Sessions => Volatile.Read(ref sessions);

    /// <summary>Requests to cancel.</summary>
    public int Cancels => Volatile.Read(ref cancels);

    /// <summary>What answers the wish for TLS; it gives the stream that the startup message comes on. By default there is none.</summary>
    public Func<Stream, Stream> OnTlsWanted { get; init; } = stream =>
    {
        stream.Write("N"u8);
        return stream;
    };

    /// <summary>What happens before the first byte.</summary>
    public Func<Stream, Stream> OnConnected { get; init; } = stream => stream;

    public void Dispose() => listener.Dispose();

    private void Accept()
    {
        while (true)
        {
            Socket socket;
            try
            {
                socket = listener.Accept();
            }
            catch (Exception error) when (error is SocketException or ObjectDisposedException)
            {
                return;
            }

            new Thread(() => Serve(socket)) { IsBackground = true }.Start();
        }
    }

    private void Serve(Socket socket)
    {
        using (socket)
        {
            try
            {
                var stream = OnConnected(new NetworkStream(socket));
                var startUp = Body(stream);
                if (Code(startUp) == SslRequest)
                {
                    stream = OnTlsWanted(stream);
                    startUp = Body(stream);
                }

                if (Code(startUp) == CancelRequest)
                {
                    Interlocked.Increment(ref cancels);
                    return;
                }

                Interlocked.Increment(ref sessions);
                script(new FakeSession(stream, startUp));
            }
            catch (Exception error) when (error is IOException or SocketException or ObjectDisposedException or System.Security.Authentication.AuthenticationException)
            {
                // The client went away.
            }
        }
    }

    private static int Code(byte[] startUp) => BinaryPrimitives.ReadInt32BigEndian(startUp);

    private static byte[] Body(Stream stream)
    {
        var length = new byte[4];
        stream.ReadExactly(length);
        var body = new byte[BinaryPrimitives.ReadInt32BigEndian(length) - 4];
        stream.ReadExactly(body);
        return body;
    }
}

/// <summary>One session of a <see cref="FakeServer"/>.</summary>
internal sealed class FakeSession(Stream stream, byte[] startUp)
{
    public byte[] StartUp => startUp;

    public void Send(params byte[][] messages) => stream.Write([.. messages.SelectMany(message => message)]);

    /// <summary>The next message of the client.</summary>
    public (char Type, byte[] Body) Read()
    {
        var header = new byte[5];
        stream.ReadExactly(header);
        var body = new byte[BinaryPrimitives.ReadInt32BigEndian(header.AsSpan(1)) - 4];
        stream.ReadExactly(body);
        return ((char)header[0], body);
    }

    /// <summary>Lets the client in without a password.</summary>
    public FakeSession LogIn()
    {
        Send(ServerBytes.LoggedIn);
        return this;
    }

    /// <summary>Reads one question: a message of the simple protocol, or all of the extended one up to its Sync.</summary>
    public FakeSession Question()
    {
        while (Read().Type is not ('Q' or 'S'))
        {
        }

        return this;
    }

    /// <summary>Says nothing until the client goes away.</summary>
    public void Silence()
    {
        while (stream.ReadByte() >= 0)
        {
        }
    }
}
