using DataLake.Ledger;
using DataLake.Ledger.Model;
using DataLake.Ledger.Notices;
using DataLake.Ledger.Runs;
using DataLake.Notifier.Channels;
using DataLake.Notifier.Composition;
using DataLake.ServiceDefaults.Definitions;
using DataLake.Pipelines.Secrets;

namespace DataLake.Notifier.Delivery;

/// <summary>Delivers a notice to every channel that asked for it, each by itself, until each was served or given up. See README.md for the promise.</summary>
public sealed partial class NoticeDeliverer(
    NoticeStore notices, RunQueries runs, PipelineDefinitions definitions, ChannelSender sender, TimeProvider time, ILogger<NoticeDeliverer> logger)
{
    /// <summary>How long a try holds its channel. Every sender ends well before that.</summary>
    private static readonly TimeSpan Hold = TimeSpan.FromMinutes(2);

    /// <summary>In the ledger, the place of a notice whose definition cannot be read, so that this too is tried again and ends.</summary>
    private const string DefinitionPlace = "definition";

    /// <summary>Tries the channels of a notice that are due, and closes the notice when none is left. Does nothing for a notice that is closed.</summary>
    public async Task DeliverAsync(Guid noticeId, CancellationToken cancellation)
    {
        if (await notices.FindOpenAsync(noticeId, cancellation) is not { } notice)
        {
            return;
        }

        var channels = await FindChannelsAsync(notice, cancellation);
        if (channels is null)
        {
            await notices.CloseIfServedAsync(notice.Id, [DefinitionPlace], cancellation);
            return;
        }

        if (channels.Count > 0)
        {
            var run = notice.RunId is { } runId ? await runs.FindAsync(runId, cancellation) : null;
            var message = NoticeMessage.Compose(notice, run);
            await Task.WhenAll(channels.Select(asked => TryAsync(notice, asked.Name, token => sender.SendAsync(asked.Channel, message, token), cancellation)));
        }

        await notices.CloseIfServedAsync(notice.Id, [.. channels.Select(asked => asked.Name)], cancellation);
    }

    /// <summary>The channels that asked; null where the definition cannot be read, which then was recorded like a channel that failed.</summary>
    private async Task<IReadOnlyList<AskedChannel>?> FindChannelsAsync(Notice notice, CancellationToken cancellation)
    {
        try
        {
            var pipeline = await definitions.GetAsync(notice.Pipeline, notice.DefinitionVersion, cancellation);
            return AskedChannel.Of(pipeline, notice.Table, notice.Event);
        }
        catch (Exception error) when (error is InvalidOperationException or LedgerException && !LedgerException.IsTrouble(error))
        {
            var failure = new ChannelException($"Nobody can be told, for the rules cannot be read. {error.Message}", error);
            await TryAsync(notice, DefinitionPlace, _ => Task.FromException(failure), cancellation);
            return null;
        }
    }

    private async Task TryAsync(Notice notice, string channel, Func<CancellationToken, Task> send, CancellationToken cancellation)
    {
        if (await notices.TakeDeliveryAsync(notice.Id, channel, time.GetUtcNow() + Hold, cancellation) is not { } delivery)
        {
            return;
        }

        string? failure;
        if (delivery.Tries > DeliveryRetries.MostTries)
        {
            failure = "The notifier was ended each time before the try was over. Look into its log for why.";
        }
        else
        {
            try
            {
                await send(cancellation);
                failure = null;
            }
            catch (Exception error) when (error is ChannelException or SecretException)
            {
                failure = error.Message;
            }
            catch (Exception error) when (!cancellation.IsCancellationRequested)
            {
                // Its message may quote an address or a password, so only its kind and place are told.
                LogDefect(error.GetType().Name, channel, error.StackTrace);
                failure = $"An error that was not foreseen ({error.GetType().Name}) ended the try. This is a defect of DataLake; its place is in the notifier's log.";
            }
        }

        await RecordAsync(notice, delivery, failure);
    }

    // Not cancelled: a mail that was sent and not recorded would be sent again.
    private async Task RecordAsync(Notice notice, NoticeDelivery delivery, string? failure)
    {
        var delay = failure is null ? null : DeliveryRetries.DelayAfter(delivery.Tries);
        await notices.RecordDeliveryAsync(delivery, failure, time.GetUtcNow() + delay, CancellationToken.None);
        if (failure is null)
        {
            LogSent(notice.Event, notice.Table, delivery.Channel);
        }
        else if (delay is { } wait)
        {
            LogFailedTry(notice.Event, notice.Table, delivery.Channel, delivery.Tries, failure, wait);
        }
        else
        {
            LogGivenUp(notice.Event, notice.Pipeline, notice.Table, delivery.Channel, DeliveryRetries.MostTries, failure, notice.Id);
        }
    }

    [LoggerMessage(LogLevel.Debug, "The notice '{Event}' of {Table} was sent by {Channel}")]
    private partial void LogSent(Contracts.NoticeEvent @event, string table, string channel);

    [LoggerMessage(LogLevel.Warning, "The notice '{Event}' of {Table} could not be sent by {Channel}, try {Try}: {Failure} It is tried again in {Wait}")]
    private partial void LogFailedTry(Contracts.NoticeEvent @event, string table, string channel, int @try, string failure, TimeSpan wait);

    [LoggerMessage(LogLevel.Error,
        "The notice '{Event}' of {Pipeline} {Table} was given up on {Channel} after {Tries} tries: {Failure} "
        + "Whoever listens there was not told of this notice ({Notice}). Mend the channel; later notices use it again by themselves")]
    private partial void LogGivenUp(Contracts.NoticeEvent @event, string pipeline, string table, string channel, int tries, string failure, Guid notice);

    [LoggerMessage(LogLevel.Error, "An error of the kind {Kind} that was not foreseen ended a try on {Channel}. Report it as a defect with this place: {Place}")]
    private partial void LogDefect(string kind, string channel, string? place);
}
