using System.Net.Sockets;
using System.Security.Authentication;
using DataLake.Notifier.Composition;
using DataLake.Pipelines.Definitions;
using DataLake.Pipelines.Secrets;

namespace DataLake.Notifier.Channels.Smtp;

/// <summary>Sends a message as a mail.</summary>
public sealed partial class SmtpSender(SecretResolver secrets, ServerTrust trust, TimeProvider time, ILogger<SmtpSender> logger)
{
    /// <summary>How long one mail may take, from connecting to the server's yes.</summary>
    public static readonly TimeSpan Longest = TimeSpan.FromSeconds(60);

    /// <summary>
    /// Sends; returns when the server took the mail. A receiver whom the server refuses is told of in the log; the others get the mail, once,
    /// where a new try for one would send it to all of them again.
    /// </summary>
    /// <exception cref="ChannelException">The server did not take the mail.</exception>
    /// <exception cref="SecretException">A secret is not there.</exception>
    public async Task SendAsync(SmtpChannel channel, NoticeMessage message, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(channel);
        ArgumentNullException.ThrowIfNull(message);
        if (new[] { channel.From }.Concat(channel.To).FirstOrDefault(address => !MailText.IsAddress(address)) is { } wrong)
        {
            throw new ChannelException(
                $"'{ShownText.Line(wrong)}' is not a plain mail address. Write it as name@host, in ASCII (a host of other letters in its xn-- form).");
        }

        var login = channel is { Username: { } username, Password: { } password }
            ? (Username: secrets.Resolve(username), Password: secrets.Resolve(password))
            : default;
        var server = $"{channel.Host}:{channel.Port}";
        using var limit = new CancellationTokenSource(Longest, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancellation);
        try
        {
            await using var connection = await SmtpConnection.OpenAsync(channel.Host, channel.Port, channel.Tls, trust.CreatePolicy(), either.Token);
            if (login.Username is not null)
            {
                await connection.LoginAsync(login.Username, login.Password, either.Token);
            }

            var mail = MailText.Write(message, channel.From, channel.To, time.GetUtcNow());
            var refused = await connection.SendAsync(channel.From, channel.To, mail, either.Token);
            if (refused.Count > 0)
            {
                LogRefusedReceivers(message.Subject, server, string.Join("; ", refused));
            }

            await connection.QuitAsync();
        }
        catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
        {
            throw new ChannelException(
                $"The mail server {server} did not take the mail within {Longest.TotalSeconds:0} s. "
                + "Check host, port and firewall, and tls: a port for implicit TLS says nothing to others.");
        }
        catch (AuthenticationException error)
        {
            throw new ChannelException(
                $"TLS with the mail server {server} failed: {ShownText.Line(error.Message)} "
                + $"Check its certificate; one of a private authority is trusted by {NotifierOptions.Section}:{nameof(NotifierOptions.TrustedCertificates)}.", error);
        }
        catch (SocketException error)
        {
            throw new ChannelException($"The mail server {server} cannot be reached ({error.SocketErrorCode}). Check host, port and firewall.", error);
        }
        catch (IOException error)
        {
            throw new ChannelException($"The mail server {server} broke off the conversation. Check host, port and tls.", error);
        }
    }

    [LoggerMessage(LogLevel.Error, "'{Subject}' was mailed, but the server {Server} refused some of its receivers: {Receivers}. Check 'to'")]
    private partial void LogRefusedReceivers(string subject, string server, string receivers);
}
