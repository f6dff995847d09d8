using Npgsql;

namespace DataLake.Postgres.Wire;

/// <summary>Where and how to connect: what a connection string in Npgsql's form says, as far as reading needs it.</summary>
internal sealed record WireSettings
{
    private static readonly TimeSpan DefaultTimeout = TimeSpan.FromSeconds(15);

    /// <summary>The servers; the next one is tried where one does not answer.</summary>
    public required IReadOnlyList<ServerAddress> Servers { get; init; }

    public required string Username { get; init; }

    public required string Database { get; init; }

    /// <summary>The password; null where the server wants none.</summary>
    public string? Password { get; init; }

    /// <summary>What the server's administrators see.</summary>
    public required string ApplicationName { get; init; }

    /// <summary>Settings of the session, as <c>-c name=value</c>.</summary>
    public string? Options { get; init; }

    public string? SearchPath { get; init; }

    /// <summary>How long connecting, TLS and logging in may take together, for one server.</summary>
    public TimeSpan Timeout { get; init; } = DefaultTimeout;

    /// <summary>Whether TLS is used, and what is verified.</summary>
    public SslMode Tls { get; init; } = SslMode.Prefer;

    /// <summary>Whether TLS starts without asking for it first (PostgreSQL 17).</summary>
    public bool IsTlsDirect { get; init; }

    /// <summary>A PEM file of certificates to trust in place of the machine's.</summary>
    public string? RootCertificate { get; init; }

    public bool ChecksRevocation { get; init; }

    /// <summary>A PEM or PKCS#12 file with the client's certificate.</summary>
    public string? ClientCertificate { get; init; }

    /// <summary>A PEM file with its key, where that is apart.</summary>
    public string? ClientKey { get; init; }

    public string? ClientKeyPassword { get; init; }

    /// <summary>Whether SCRAM is bound to the TLS session.</summary>
    public ChannelBinding ChannelBinding { get; init; } = ChannelBinding.Prefer;

    /// <summary>The ways of logging in that are allowed, as in Npgsql's <c>Require Auth</c>: names, or names that are not allowed with <c>!</c> before them; empty for all.</summary>
    public IReadOnlyList<string> AllowedLogIns { get; init; } = [];

    /// <exception cref="FormatException">The hosts are no hosts.</exception>
    /// <exception cref="ArgumentException">The settings contradict one another.</exception>
    public static WireSettings Of(NpgsqlConnectionStringBuilder given)
    {
        var username = given.Username ?? Environment.GetEnvironmentVariable("PGUSER") ?? Environment.UserName;
        var isDirect = given.SslNegotiation == SslNegotiation.Direct;
        if (isDirect && given.SslMode is SslMode.Disable or SslMode.Allow or SslMode.Prefer)
        {
            throw new ArgumentException("TLS from the first byte needs an SSL Mode of Require or more");
        }

        return new WireSettings
        {
            Servers = ServerAddress.ParseList(given.Host ?? "", given.Port),
            Username = username,
            Database = given.Database ?? username,
            Password = given.Password ?? Environment.GetEnvironmentVariable("PGPASSWORD"),
            ApplicationName = given.ApplicationName ?? "DataLake",
            Options = given.Options,
            SearchPath = given.SearchPath,
            Timeout = given.Timeout == 0 ? DefaultTimeout : TimeSpan.FromSeconds(given.Timeout),
            // As libpq: who names an authority wants it verified.
            Tls = given.SslMode == SslMode.Require && given.RootCertificate is not null ? SslMode.VerifyCA : given.SslMode,
            IsTlsDirect = isDirect,
            RootCertificate = given.RootCertificate,
            ChecksRevocation = given.CheckCertificateRevocation,
            ClientCertificate = given.SslCertificate,
            ClientKey = given.SslKey,
            ClientKeyPassword = given.SslPassword,
            ChannelBinding = given.ChannelBinding,
            AllowedLogIns = (given.RequireAuth ?? "").Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries),
        };
    }

    /// <summary>Whether a way of logging in is allowed.</summary>
    /// <param name="name">Its name in Npgsql's <c>Require Auth</c>.</param>
    public bool Allows(string name) => AllowedLogIns.Count == 0
        || AllowedLogIns.Contains(name, StringComparer.OrdinalIgnoreCase)
        || (AllowedLogIns.All(entry => entry.StartsWith('!')) && !AllowedLogIns.Contains("!" + name, StringComparer.OrdinalIgnoreCase));

    // The generated one would print the password.
    /// <inheritdoc/>
    public override string ToString() => $"{Username}@{string.Join(",", Servers)}/{Database}";
}
