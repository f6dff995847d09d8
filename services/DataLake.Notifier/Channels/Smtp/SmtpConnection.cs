using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using DataLake.Notifier.Composition;
using DataLake.Pipelines.Definitions;

namespace DataLake.Notifier.Channels.Smtp;

/// <summary>
/// One conversation with a mail server (RFC 5321), as its client. Our own, because <see cref="System.Net.Mail.SmtpClient"/> cannot speak TLS from the
/// first byte, has no time limit for what it awaits, sends without a login where the server offers none, and is not developed further.
/// </summary>
internal sealed class SmtpConnection : IAsyncDisposable
{
    private const int LongestLine = 4096;
    private const int MostLines = 100;
    private static readonly TimeSpan LongestGoodbye = TimeSpan.FromSeconds(5);

    private readonly Socket socket;
    private readonly string server;
    private readonly List<string> secrets = [];
    private readonly byte[] buffer = new byte[LongestLine];
    private int filled;
    private Stream stream;
    private IReadOnlyList<string> extensions = [];

    private SmtpConnection(Socket socket, string server)
    {
        this.socket = socket;
        this.server = server;
        stream = new NetworkStream(socket, ownsSocket: true);
    }

    /// <summary>Connects, greets, and turns on TLS as asked: without it there is no conversation.</summary>
    /// <exception cref="ChannelException">The server does not offer what was asked for.</exception>
    public static async Task<SmtpConnection> OpenAsync(string host, int port, SmtpTls tls, X509ChainPolicy? trust, CancellationToken cancellation)
    {
        var connection = new SmtpConnection(await ConnectAsync(host, port, cancellation), $"{host}:{port}");
        try
        {
            if (tls == SmtpTls.Implicit)
            {
                await connection.EncryptAsync(host, trust, cancellation);
            }

            connection.Require(await connection.ReadReplyAsync(cancellation), "greeting");
            await connection.GreetAsync(cancellation);
            if (tls == SmtpTls.StartTls)
            {
                await connection.StartTlsAsync(host, trust, cancellation);
            }

            return connection;
        }
        catch
        {
            await connection.DisposeAsync();
            throw;
        }
    }

    /// <summary>Logs in by PLAIN (RFC 4616) or LOGIN; never in the clear to another machine.</summary>
    public async Task LoginAsync(string username, string password, CancellationToken cancellation)
    {
        var isThisMachine = socket.RemoteEndPoint is IPEndPoint remote && IPAddress.IsLoopback(remote.Address);
        if (stream is not SslStream && !isThisMachine)
        {
            throw new ChannelException($"The password is not sent to the mail server {server} without TLS. Set tls: starttls or tls: implicit.");
        }

        var plain = $"\0{username}\0{password}";
        secrets.AddRange([plain, password, username]);
        var mechanisms = extensions.FirstOrDefault(line => line.StartsWith("AUTH ", StringComparison.OrdinalIgnoreCase))?.Split(' ') ?? [];
        SmtpReply reply;
        if (mechanisms.Contains("PLAIN", StringComparer.OrdinalIgnoreCase))
        {
            reply = await CommandAsync($"AUTH PLAIN {Base64(plain)}", cancellation);
        }
        else if (mechanisms.Contains("LOGIN", StringComparer.OrdinalIgnoreCase))
        {
            reply = await CommandAsync("AUTH LOGIN", cancellation);
            reply = reply.WantsMore ? await CommandAsync(Base64(username), cancellation) : reply;
            reply = reply.WantsMore ? await CommandAsync(Base64(password), cancellation) : reply;
        }
        else
        {
            throw new ChannelException(
                $"The mail server {server} offers no login that is known here (PLAIN or LOGIN). Leave out username and password if it needs none.");
        }

        Require(reply, "login", " Check username and password.");
    }

    /// <summary>Sends one message to all receivers that the server takes.</summary>
    /// <returns>What the server said of each receiver that it does not take.</returns>
    /// <exception cref="ChannelException">It takes none, or not the message.</exception>
    public async Task<IReadOnlyList<string>> SendAsync(string from, IReadOnlyList<string> to, string message, CancellationToken cancellation)
    {
        Require(await CommandAsync($"MAIL FROM:<{from}>", cancellation), $"sender {from}", " Check 'from'.");
        var refused = new List<string>();
        foreach (var receiver in to)
        {
            var reply = await CommandAsync($"RCPT TO:<{receiver}>", cancellation);
            if (!reply.IsDone)
            {
                refused.Add($"{receiver} ({Shown(reply)})");
            }
        }

        if (refused.Count == to.Count)
        {
            throw new ChannelException($"The mail server {server} takes none of the receivers: {string.Join("; ", refused)}. Check 'to'.");
        }

        var ready = await CommandAsync("DATA", cancellation);
        if (!ready.WantsMore)
        {
            throw Refusal(ready, "message");
        }

        // A line that begins with a dot gets another, for a dot alone is the end (RFC 5321, section 4.5.2).
        var lines = message.ReplaceLineEndings("\r\n").Replace("\r\n.", "\r\n..", StringComparison.Ordinal);
        await WriteAsync($"{(lines.StartsWith('.') ? "." : "")}{lines.TrimEnd('\r', '\n')}\r\n.\r\n", cancellation);
        Require(await ReadReplyAsync(cancellation), "message");
        return refused;
    }

    /// <summary>Says goodbye. Whatever comes of it, the message was taken.</summary>
    public async Task QuitAsync()
    {
        using var limit = new CancellationTokenSource(LongestGoodbye);
        try
        {
            await CommandAsync("QUIT", limit.Token);
        }
        catch (Exception error) when (error is IOException or OperationCanceledException or ChannelException)
        {
            // To fail now would send the mail once more.
        }
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync() => await stream.DisposeAsync();

    private static async Task<Socket> ConnectAsync(string host, int port, CancellationToken cancellation)
    {
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        try
        {
            await socket.ConnectAsync(host, port, cancellation);
            return socket;
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    private async Task StartTlsAsync(string host, X509ChainPolicy? trust, CancellationToken cancellation)
    {
        if (!extensions.Contains("STARTTLS", StringComparer.OrdinalIgnoreCase))
        {
            throw new ChannelException(
                $"The mail server {server} does not offer STARTTLS. Set tls: implicit for a port that speaks TLS from the first byte (465), or mend the server.");
        }

        Require(await CommandAsync("STARTTLS", cancellation), "STARTTLS");
        if (filled > 0)
        {
            // Said in the clear, to be taken for something said inside TLS (CVE-2011-0411).
            throw new ChannelException($"The mail server {server}, or somebody on the way to it, spoke before TLS was on. Nothing was sent.");
        }

        await EncryptAsync(host, trust, cancellation);
        await GreetAsync(cancellation);
    }

    private async Task EncryptAsync(string host, X509ChainPolicy? trust, CancellationToken cancellation)
    {
        var encrypted = new SslStream(stream);
        stream = encrypted;
        await encrypted.AuthenticateAsClientAsync(new SslClientAuthenticationOptions { TargetHost = host, CertificateChainPolicy = trust }, cancellation);
    }

    // An address names this machine where its host name may not be one that the world knows (RFC 5321, section 4.1.4).
    private async Task GreetAsync(CancellationToken cancellation)
    {
        var local = ((IPEndPoint)socket.LocalEndPoint!).Address;
        var address = local.IsIPv4MappedToIPv6 ? local.MapToIPv4() : local;
        var name = address.AddressFamily == AddressFamily.InterNetwork ? $"[{address}]" : $"[IPv6:{new IPAddress(address.GetAddressBytes())}]";
        var reply = await CommandAsync($"EHLO {name}", cancellation);
        Require(reply, "greeting");
        extensions = [.. reply.Lines.Skip(1)];
    }

    private async Task<SmtpReply> CommandAsync(string command, CancellationToken cancellation)
    {
        if (command.AsSpan().ContainsAny('\r', '\n'))
        {
            throw new ArgumentException("A command is one line.", nameof(command));
        }

        await WriteAsync(command + "\r\n", cancellation);
        return await ReadReplyAsync(cancellation);
    }

    private async Task WriteAsync(string text, CancellationToken cancellation)
    {
        await stream.WriteAsync(Encoding.UTF8.GetBytes(text), cancellation);
        await stream.FlushAsync(cancellation);
    }

    private async Task<SmtpReply> ReadReplyAsync(CancellationToken cancellation)
    {
        var lines = new List<string>();
        while (lines.Count < MostLines && SmtpReply.TryReadLine(await ReadLineAsync(cancellation), out var code, out var text, out var isLast))
        {
            lines.Add(text);
            if (isLast)
            {
                return new SmtpReply(code, lines);
            }
        }

        throw NotMailServer();
    }

    private async Task<string> ReadLineAsync(CancellationToken cancellation)
    {
        int end;
        while ((end = buffer.AsSpan(0, filled).IndexOf((byte)'\n')) < 0)
        {
            if (filled == buffer.Length)
            {
                throw NotMailServer();
            }

            var read = await stream.ReadAsync(buffer.AsMemory(filled), cancellation);
            filled += read > 0 ? read : throw new EndOfStreamException();
        }

        var line = Encoding.UTF8.GetString(buffer, 0, end).TrimEnd('\r');
        buffer.AsSpan(end + 1, filled - end - 1).CopyTo(buffer);
        filled -= end + 1;
        return line;
    }

    private void Require(SmtpReply reply, string what, string advice = "")
    {
        if (!reply.IsDone)
        {
            throw Refusal(reply, what, advice);
        }
    }

    private ChannelException Refusal(SmtpReply reply, string what, string advice = "") =>
        new($"The mail server {server} refused the {what}: {Shown(reply)}.{advice}");

    private ChannelException NotMailServer() => new($"What answers at {server} is not a mail server that is understood here. Check host, port and tls.");

    private string Shown(SmtpReply reply) => ShownText.Answer(reply.ToString(), secrets);

    private static string Base64(string text) => Convert.ToBase64String(Encoding.UTF8.GetBytes(text));
}
