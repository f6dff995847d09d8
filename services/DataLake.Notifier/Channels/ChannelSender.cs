using DataLake.Notifier.Channels.Smtp;
using DataLake.Notifier.Composition;
using DataLake.Pipelines.Definitions;

namespace DataLake.Notifier.Channels;

/// <summary>Sends a message by whichever channel was asked for.</summary>
public sealed class ChannelSender(LogSender log, SmtpSender smtp, WebhookSender webhook)
{
    /// <summary>Sends; returns when the receiver has said yes. Ends after little more than a minute, whatever the receiver does.</summary>
    /// <exception cref="ChannelException">The receiver said no, or nothing.</exception>
    /// <exception cref="Pipelines.Secrets.SecretException">A secret that the channel refers to is not there.</exception>
    public async Task SendAsync(NotifyChannel channel, NoticeMessage message, CancellationToken cancellation)
    {
        switch (channel)
        {
            case LogChannel:
                log.Send(message);
                break;
            case SmtpChannel mail:
                await smtp.SendAsync(mail, message, cancellation);
                break;
            case WebhookChannel hook:
                await webhook.SendAsync(hook, message, cancellation);
                break;
            default:
                throw new ChannelException($"The notifier does not know the channel {channel?.GetType().Name}. Use log, smtp or webhook.");
        }
    }
}
