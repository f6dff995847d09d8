namespace DataLake.Pipelines.Definitions;

/// <summary>How a mail server is spoken to.</summary>
public enum SmtpTls
{
    /// <summary>In the clear.</summary>
    None,

    /// <summary>In the clear at first, then TLS or nothing (RFC 3207).</summary>
    StartTls,

    /// <summary>TLS from the first byte (RFC 8314).</summary>
    Implicit,
}
