namespace DataLake.Notifier.Channels;

/// <summary>Settings of the notifier, from the section <c>DataLake:Notifier</c>.</summary>
public sealed class NotifierOptions
{
    /// <summary>The section's name.</summary>
    public const string Section = "DataLake:Notifier";

    /// <summary>
    /// A PEM file of certificates that mail and webhook servers may be signed by, beside those the system trusts: for a company's own
    /// certificate authority. Null: only those of the system.
    /// </summary>
    public string? TrustedCertificates { get; set; }
}
