using System.Globalization;
using System.Net;

namespace DataLake.Postgres.Wire;

/// <summary>Where a server is.</summary>
/// <param name="Host">A name, an address, or the folder of a Unix socket.</param>
/// <param name="Port">The port, which a Unix socket's file name has too.</param>
internal sealed record ServerAddress(string Host, int Port)
{
    /// <summary>Whether it is a Unix socket.</summary>
    public bool IsSocketFile => Host.StartsWith('/');

    /// <summary>Whether the server is on this machine, as far as the host tells.</summary>
    public bool IsThisMachine => IsSocketFile || Host.Equals("localhost", StringComparison.OrdinalIgnoreCase)
        || (IPAddress.TryParse(Host, out var address) && IPAddress.IsLoopback(address));

    /// <summary>The addresses of <c>a,b:5433,[::1]:5434</c>, in their order.</summary>
    /// <exception cref="FormatException">It is no such list.</exception>
    public static IReadOnlyList<ServerAddress> ParseList(string hosts, int port) => [.. hosts.Split(',').Select(host => Parse(host.Trim(), port))];

    /// <inheritdoc/>
    public override string ToString() => Host.Contains(':', StringComparison.Ordinal) ? $"[{Host}]:{Port}" : $"{Host}:{Port}";

    private static ServerAddress Parse(string host, int port)
    {
        if (host.StartsWith('['))
        {
            var end = host.IndexOf(']', StringComparison.Ordinal);
            return end > 1 && (end == host.Length - 1 || host[end + 1] == ':')
                ? new ServerAddress(host[1..end], end == host.Length - 1 ? port : PortOf(host[(end + 2)..]))
                : throw new FormatException("a host in brackets is not closed");
        }

        // An IPv6 address has colons of its own, and needs brackets where a port follows.
        var colon = host.IndexOf(':', StringComparison.Ordinal);
        return host.Length == 0 ? throw new FormatException("a host is empty")
            : colon < 0 || host.StartsWith('/') || colon != host.LastIndexOf(':') ? new ServerAddress(host, port)
            : new ServerAddress(host[..colon], PortOf(host[(colon + 1)..]));
    }

    private static int PortOf(string text) => int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var port) && port is > 0 and <= 65_535
        ? port
        : throw new FormatException("a port is not a number from 1 to 65535");
}
