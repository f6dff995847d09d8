namespace DataLake.Postgres.Wire;

/// <summary>What is wrong with a connection.</summary>
internal enum WireProblem
{
    /// <summary>The server does not answer, or went away.</summary>
    Broken,

    /// <summary>What came is not the protocol.</summary>
    Garbled,

    /// <summary>The server cannot be used as the settings want it (no TLS, a certificate that is not trusted, no password ...): a person must act.</summary>
    Unusable,
}

/// <summary>The connection broke, cannot be had, or what came is not the protocol. The connection cannot be used again. The message names no secret.</summary>
internal sealed class WireException(WireProblem problem, string message, Exception? cause = null) : Exception(message, cause)
{
    public WireProblem Problem { get; } = problem;

    public static WireException Closed() => new(WireProblem.Broken, "the server closed the connection");

    public static WireException Garbled(string message, Exception? cause = null) => new(WireProblem.Garbled, message, cause);

    /// <summary>A message that has no place where it came.</summary>
    public static WireException Unexpected(byte type) => Garbled(type is > 32 and < 127 ? $"a message '{(char)type}' came where it has no place" : $"a message of the unknown type {type} came");

    /// <summary>What the socket or TLS says of the end of a connection.</summary>
    public static WireException Of(Exception error) => error as WireException ?? new WireException(WireProblem.Broken, (error.InnerException ?? error).Message, error);
}
