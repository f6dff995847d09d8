using System.Globalization;
using DataLake.Contracts;
using DataLake.Pipelines.Definitions;
using NoticeEvent = DataLake.Contracts.NoticeEvent;

namespace DataLake.Notifier.Delivery;

/// <summary>A channel by which somebody asked to be told.</summary>
/// <param name="Name">Its place in the definition, for example <c>1/smtp</c>: the rule, counted from 1, and the kind of channel.</param>
/// <param name="Channel">The channel.</param>
internal sealed record AskedChannel(string Name, NotifyChannel Channel)
{
    /// <summary>The channels that asked for an event of a table; one that several rules name (the log) is used once.</summary>
    public static IReadOnlyList<AskedChannel> Of(PipelineDefinition pipeline, string table, NoticeEvent notice)
    {
        if (TableName.TryParse(table) is not { } name)
        {
            return [];
        }

        return [.. pipeline.Notify.SelectMany(
            (rule, index) => rule.Covers(name, notice) ? rule.Channels.Select(channel => new AskedChannel(NameOf(index, channel), channel)) : [])
            .DistinctBy(asked => asked.Channel)];
    }

    private static string NameOf(int rule, NotifyChannel channel) => string.Create(CultureInfo.InvariantCulture, $"{rule + 1}/{KindOf(channel)}");

    private static string KindOf(NotifyChannel channel) => channel switch
    {
        LogChannel => "log",
        SmtpChannel => "smtp",
        WebhookChannel => "webhook",
        _ => throw new NotSupportedException($"The notifier does not know the channel {channel.GetType().Name}."),
    };
}
