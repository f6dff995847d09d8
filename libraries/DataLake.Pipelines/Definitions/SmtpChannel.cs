namespace DataLake.Pipelines.Definitions;

/// <summary>A mail.</summary>
/// <param name="Host">The mail server.</param>
/// <param name="Port">Its port.</param>
/// <param name="From">The sender's address.</param>
/// <param name="To">The receivers' addresses, at least one.</param>
/// <param name="Tls">How the server is spoken to.</param>
/// <param name="Username">Where the user name is kept; null: no login.</param>
/// <param name="Password">Where the password is kept; set if and only if <paramref name="Username"/> is.</param>
public sealed record SmtpChannel(
    string Host,
    int Port,
    string From,
    IReadOnlyList<string> To,
    SmtpTls Tls,
    SecretReference? Username,
    SecretReference? Password) : NotifyChannel;
