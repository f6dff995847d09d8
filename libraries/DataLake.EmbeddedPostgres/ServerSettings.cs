using System.Globalization;
using System.Text.RegularExpressions;

namespace DataLake.EmbeddedPostgres;

/// <summary>The settings a server runs with.</summary>
internal static partial class ServerSettings
{
    // What makes the server private is not for others to change.
    private static readonly HashSet<string> Reserved = new(StringComparer.OrdinalIgnoreCase)
    {
        "listen_addresses", "port", "unix_socket_directories", "data_directory", "config_file", "hba_file", "ident_file",
        "external_pid_file", "logging_collector", "lc_messages",
    };

    private static readonly KeyValuePair<string, string>[] Defaults =
    [
        new("wal_level", "logical"),
        new("max_connections", "100"),
        new("shared_buffers", "64MB"),
        new("max_wal_size", "512MB"),
        new("max_wal_senders", "10"),
        new("max_replication_slots", "10"),
        new("password_encryption", "scram-sha-256"),
        new("timezone", "UTC"),
        new("log_timezone", "UTC"),
        new("log_checkpoints", "off"),
        new("jit", "off"),
    ];

    /// <summary>The server's arguments.</summary>
    /// <exception cref="EmbeddedPostgresException">A setting that is reserved or not a name (<see cref="EmbeddedPostgresErrorKind.InvalidOptions"/>).</exception>
    internal static IReadOnlyList<string> Arguments(string data, int port, IReadOnlyDictionary<string, string> overrides)
    {
        var settings = new Dictionary<string, string>(Defaults, StringComparer.OrdinalIgnoreCase);
        foreach (var (name, value) in overrides)
        {
            if (Reserved.Contains(name) || !SettingName().IsMatch(name))
            {
                throw new EmbeddedPostgresException(
                    EmbeddedPostgresErrorKind.InvalidOptions,
                    $"The server setting '{name}' cannot be set: the private server keeps it for itself, or it is not a setting's name. Remove it.");
            }

            settings[name] = value;
        }

        settings["listen_addresses"] = "127.0.0.1";
        settings["port"] = port.ToString(CultureInfo.InvariantCulture);
        settings["unix_socket_directories"] = "";
        settings["logging_collector"] = "off";
        settings["lc_messages"] = "C";
        return ["-D", data, .. settings.SelectMany(s => new[] { "-c", $"{s.Key}={s.Value}" })];
    }

    [GeneratedRegex(@"^[A-Za-z_][A-Za-z0-9_]*(\.[A-Za-z_][A-Za-z0-9_]*)?$")]
    private static partial Regex SettingName();
}
