using System.Net;
using System.Net.Sockets;

namespace DataLake.Postgres.Wire;

/// <summary>
/// One session of PostgreSQL's protocol, version 3 (<see href="https://www.postgresql.org/docs/current/protocol.html">Frontend/Backend Protocol</see>), made for one thing:
/// taking what COPY sends without handling each row on the way. One task at a time; only <see cref="Abort"/> may come from elsewhere.
/// </summary>
internal sealed class WireConnection : IDisposable
{
    private const int CancelRequest = 80_877_102;
    private const long MostAnswerBytes = 64 << 20;
    private const string CannotConnectNow = "57P03";
    private static readonly TimeSpan CancelTimeout = TimeSpan.FromSeconds(3);
    private static readonly TimeSpan GoodbyeTimeout = TimeSpan.FromSeconds(1);

    private readonly Lock gate = new();
    private readonly WireSettings settings;
    private readonly MessageBuffer buffer;
    private readonly Transport transport;
    private readonly int processId;
    private readonly byte[] secretKey;
    private volatile bool isBroken;
    private bool isClosed;
    private Task cancelling = Task.CompletedTask;

    private WireConnection(WireSettings settings, Transport transport, MessageBuffer buffer, int processId, byte[] secretKey)
    {
        this.settings = settings;
        this.transport = transport;
        this.buffer = buffer;
        this.processId = processId;
        this.secretKey = secretKey;
    }

    /// <summary>Whether the connection broke, or an answer was left half read: it can only be thrown away.</summary>
    public bool IsBroken => isBroken || isClosed;

    /// <inheritdoc cref="CoalescingStream.IsDry"/>
    public bool IsDry => transport.IsDry;

    /// <summary>Connects to the first server that answers, and logs in.</summary>
    /// <exception cref="WireException">No server answers in time, or the one that does cannot be used.</exception>
    /// <exception cref="ServerErrorException">The server refuses.</exception>
    /// <exception cref="OperationCanceledException">The caller gave up.</exception>
    public static WireConnection Open(WireSettings settings, CancellationToken cancellation)
    {
        var silent = new List<string>();
        foreach (var server in settings.Servers)
        {
            try
            {
                return Open(server, settings, cancellation);
            }
            catch (WireException error) when (error.Problem == WireProblem.Broken)
            {
                silent.Add(error.Message);
            }
            catch (ServerErrorException error) when (error.Error.SqlState == CannotConnectNow && server != settings.Servers[^1])
            {
                silent.Add($"{server}: {error.Error.Message}");
            }
        }

        throw new WireException(WireProblem.Broken, string.Join("; ", silent));
    }

    /// <summary>Logs in on a way that is open.</summary>
    /// <exception cref="Exception">Whatever sockets and TLS throw, and as of <see cref="Open(WireSettings, CancellationToken)"/>.</exception>
    internal static WireConnection Start(Transport transport, WireSettings settings, int bufferCapacity = MessageBuffer.DefaultCapacity)
    {
        var buffer = new MessageBuffer(transport.Stream, bufferCapacity);
        var (processId, secretKey) = LogIn.Run(transport.Stream, buffer, settings, transport.Server);
        return new WireConnection(settings, transport, buffer, processId, secretKey);
    }

    /// <summary>Runs commands, separated by semicolons. Rows that they give are not kept.</summary>
    /// <exception cref="WireException">The connection broke.</exception>
    /// <exception cref="ServerErrorException">The server refuses one; those after it are not run.</exception>
    public void Execute(string sql)
    {
        Send(new MessageWriter().Message('Q').Text(sql));
        foreach (var _ in ReadAnswer("TDCI"))
        {
        }
    }

    /// <summary>Runs one query with parameters (<c>$1</c> ...), all as text.</summary>
    /// <returns>The rows; every value as the server writes it as text, or null.</returns>
    /// <exception cref="WireException">The connection broke, or the rows are more than is kept in memory.</exception>
    /// <exception cref="ServerErrorException">The server refuses.</exception>
    public IReadOnlyList<string?[]> Query(string sql, params IReadOnlyList<string?> parameters) => QueryAll(new Statement(sql, parameters))[0];

    /// <summary>Runs statements one after the other. They are asked at once, so that the way to the server and back is gone once.</summary>
    /// <returns>The rows of each, as of <see cref="Query"/>.</returns>
    /// <exception cref="WireException">The connection broke, or the rows are more than is kept in memory.</exception>
    /// <exception cref="ServerErrorException">The server refuses one; those after it are not run.</exception>
    public IReadOnlyList<IReadOnlyList<string?[]>> QueryAll(params IReadOnlyList<Statement> statements)
    {
        var message = new MessageWriter();
        foreach (var (sql, parameters) in statements)
        {
            message.Message('P').Text("").Text(sql).Int16(0).Message('B').Text("").Text("").Int16(0).Int16(parameters.Count);
            foreach (var parameter in parameters)
            {
                message.Value(parameter);
            }

            message.Int16(0).Message('E').Text("").Int32(0);
        }

        Send(message.Message('S'));
        var answers = new List<List<string?[]>>();
        var rows = new List<string?[]>();
        var kept = 0L;
        foreach (var (type, body) in ReadAnswer("12DCI"))
        {
            if (answers.Count == statements.Count)
            {
                throw WireException.Unexpected(type);
            }

            switch ((char)type)
            {
                case 'D':
                    var row = RowMessage.Read(body);
                    kept += body.Length + (row.Length * sizeof(long)) + 64;
                    rows.Add(kept <= MostAnswerBytes ? row : throw WireException.Garbled($"the answer to a short question has more than {MostAnswerBytes:N0} bytes"));
                    break;
                case 'C' or 'I':
                    answers.Add(rows);
                    rows = [];
                    break;
            }
        }

        isBroken = answers.Count < statements.Count;
        return !isBroken ? answers : throw WireException.Garbled($"{answers.Count} of {statements.Count} statements were answered");
    }

    /// <summary>Starts <c>COPY ... TO STDOUT</c> in the binary format and gives what it sends as one stream. Nothing else can be asked until the stream is at its end.</summary>
    /// <exception cref="WireException">The connection broke.</exception>
    /// <exception cref="ServerErrorException">The server refuses.</exception>
    public CopyOutStream StartCopy(string sql)
    {
        Send(new MessageWriter().Message('Q').Text(sql));
        var first = buffer.ReadMessage();
        if (first.Type == 'H')
        {
            return RowMessage.IsBinaryCopy(first.Body) ? new CopyOutStream(this, buffer) : throw WireException.Garbled("the server copies in another format than was asked for");
        }

        foreach (var _ in ReadAnswer("", first))
        {
        }

        throw WireException.Garbled("the server did not start to copy");
    }

    /// <inheritdoc cref="CoalescingStream.TakeAhead"/>
    public void TakeAhead(int most) => transport.TakeAhead(most);

    /// <summary>
    /// Breaks the connection off, from any thread and at any moment: whatever waits on it fails at once. The server is asked, over a connection of its own and
    /// without waiting for it here, to end what it is doing.
    /// </summary>
    public void Abort()
    {
        lock (gate)
        {
            if (isClosed)
            {
                return;
            }

            isClosed = true;
            if (processId != 0 && transport.Place is { } place && !buffer.IsEnded)
            {
                cancelling = Task.Factory.StartNew(() => Cancel(place), CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
            }
        }

        transport.Abort();
    }

    /// <summary>Ends the session and waits, for a bounded time, until the server has ended it too: its transaction is over then.</summary>
    public void Dispose()
    {
        bool isGoodbye;
        lock (gate)
        {
            isGoodbye = !isClosed && !isBroken;
            isClosed = true;
        }

        if (isGoodbye)
        {
            SayGoodbye();
        }

        transport.Dispose();
        cancelling.Wait();
    }

    /// <summary>
    /// The messages of an answer, up to the one that says that the server waits for the next query. An error of the server is thrown at the end, when the connection is in
    /// order again; or when the connection ends with it.
    /// </summary>
    /// <param name="expected">The types of message that may come.</param>
    /// <param name="first">The first message, where it was taken already.</param>
    internal IEnumerable<WireMessage> ReadAnswer(string expected, WireMessage? first = null)
    {
        isBroken = true; // where this is left before its end, an answer is half read
        ServerError? error = null;
        var isComplete = false;
        while (true)
        {
            var message = first ?? ReadNext(error);
            first = null;
            if (message.Type == 'Z' && message.Body.Length == 1 && (isComplete || error is not null))
            {
                break;
            }

            if (message.Type == 'E')
            {
                error ??= ServerError.Parse(message.Body);
                continue;
            }

            if (error is not null || !expected.Contains((char)message.Type, StringComparison.Ordinal))
            {
                throw WireException.Unexpected(message.Type);
            }

            isComplete |= message.Type is (byte)'C' or (byte)'I';
            yield return message;
        }

        isBroken = false;
        if (error is not null)
        {
            throw new ServerErrorException(error);
        }
    }

    private static WireConnection Open(ServerAddress server, WireSettings settings, CancellationToken cancellation)
    {
        using var deadline = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        deadline.CancelAfter(settings.Timeout);
        Transport? transport = null;
        try
        {
            transport = Transport.Open(server, settings, settings.Timeout, deadline.Token);
            WireConnection connection;
            using (deadline.Token.UnsafeRegister(static transport => ((Transport)transport!).Abort(), transport))
            {
                connection = Start(transport, settings);
            }

            deadline.Token.ThrowIfCancellationRequested();
            return connection;
        }
        catch (Exception error)
        {
            transport?.Dispose();
            cancellation.ThrowIfCancellationRequested();
            if (deadline.IsCancellationRequested)
            {
                throw new WireException(WireProblem.Broken, $"{server}: no session came about within {settings.Timeout.TotalSeconds:0.#} seconds", error);
            }

            if (error is ServerErrorException or WireException { Problem: not WireProblem.Broken })
            {
                throw;
            }

            throw new WireException(WireProblem.Broken, $"{server}: {WireException.Of(error).Message}", error);
        }
    }

    private WireMessage ReadNext(ServerError? error)
    {
        try
        {
            return buffer.ReadMessage();
        }
        catch (WireException) when (error is not null)
        {
            // The connection ends with the error that was its cause.
            throw new ServerErrorException(error);
        }
    }

    private void Send(MessageWriter message)
    {
        if (IsBroken)
        {
            throw new WireException(WireProblem.Broken, "the connection was broken off before");
        }

        isBroken = true; // until the answer was read
        if (buffer.IsMessageThere())
        {
            RefuseUnasked();
        }

        try
        {
            transport.Stream.Write(message.Written);
        }
        catch (Exception error) when (error is not WireException)
        {
            RefuseUnasked();
            throw WireException.Of(error);
        }
    }

    /// <summary>What the server said without being asked: why it ends the session (it is shut down, it waited too long ...), or nothing that it may.</summary>
    private void RefuseUnasked()
    {
        var message = buffer.ReadMessage();
        throw message.Type == 'E' ? new ServerErrorException(ServerError.Parse(message.Body)) : WireException.Unexpected(message.Type);
    }

    private void SayGoodbye()
    {
        using var timeout = new CancellationTokenSource(GoodbyeTimeout);
        using var bound = timeout.Token.UnsafeRegister(static transport => ((Transport)transport!).Abort(), transport);
        try
        {
            transport.Stream.Write(new MessageWriter().Message('X').Written);
            transport.EndSending();
            var rest = new byte[512];
            while (transport.Stream.Read(rest) > 0)
            {
            }
        }
        catch (Exception error) when (error is IOException or SocketException or ObjectDisposedException or InvalidOperationException)
        {
            // It is closed either way.
        }
    }

    /// <summary>Asks the server to end what the session does (<see href="https://www.postgresql.org/docs/current/protocol-flow.html#PROTOCOL-FLOW-CANCELING-REQUESTS">Canceling Requests</see>).</summary>
    private void Cancel(EndPoint place)
    {
        using var timeout = new CancellationTokenSource(CancelTimeout);
        try
        {
            using var other = Transport.Open(transport.Server, place, settings, timeout.Token, timeout.Token);
            using var bound = timeout.Token.UnsafeRegister(static other => ((Transport)other!).Abort(), other);
            other.Stream.Write(new MessageWriter().Message(null).Int32(CancelRequest).Int32(processId).Bytes(secretKey).Written);
            // The server closes the connection when it has done what it was asked for.
            other.Stream.ReadExactly(new byte[1]);
        }
        catch (Exception)
        {
            // The session's connection is closed, which the server notices when it next sends something.
        }
    }
}
