using DataLake.Notifier.Channels;
using DataLake.Notifier.Channels.Smtp;
using DataLake.Notifier.Delivery;
using DataLake.ServiceDefaults.Messaging;

namespace DataLake.Notifier;

/// <summary>The notifier: tells those who asked, by log, mail or webhook, of what happened to a table.</summary>
public static class NotifierService
{
    /// <summary>Adds the notifier.</summary>
    public static TBuilder AddNotifier<TBuilder>(this TBuilder builder) where TBuilder : IHostApplicationBuilder
    {
        builder.Services.AddOptions<NotifierOptions>().Bind(builder.Configuration.GetSection(NotifierOptions.Section))
            .Validate(
                options => ServerTrust.CanRead(options.TrustedCertificates),
                $"{NotifierOptions.Section}:{nameof(NotifierOptions.TrustedCertificates)} does not name a PEM file of certificates. "
                + "Correct the path or the file, or leave the setting out.")
            .ValidateOnStart();
        builder.Services.AddSingleton<ServerTrust>();
        builder.Services.AddSingleton<LogSender>();
        builder.Services.AddSingleton<SmtpSender>();
        builder.Services.AddSingleton<WebhookSender>();
        builder.Services.AddSingleton<ChannelSender>();
        builder.Services.AddSingleton<NoticeDeliverer>();
        builder.AddConsumersFrom(typeof(NotifierService).Assembly);
        return builder;
    }
}
