namespace DataLake.Notifier.Channels;

/// <summary>
/// A channel that could not be served. The message says why and what to do, and holds no secret: it goes into the ledger and the log.
/// Any may succeed later, so there are no kinds: each is tried again.
/// </summary>
public sealed class ChannelException(string message, Exception? cause = null) : Exception(message, cause);
