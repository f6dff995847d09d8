namespace DataLake.Pipelines.Definitions;

/// <summary>A way to tell somebody: <see cref="LogChannel"/>, <see cref="SmtpChannel"/> or <see cref="WebhookChannel"/>.</summary>
public abstract record NotifyChannel
{
    private protected NotifyChannel()
    {
    }
}
