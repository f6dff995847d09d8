namespace DataLake.Iceberg.Catalogs;

/// <summary>
/// How a catalog says that a table's files are reached: settings such as <c>client.region</c> and credentials that it lent for a while. It can hold secrets: they are handed on to whoever opens
/// the files, and never written into a log, a message or a file, which is why this has no text form.
/// </summary>
/// <param name="config">Settings and, from older catalogs, credentials for all of the table's files.</param>
/// <param name="credentials">Credentials for the files below a location.</param>
public sealed class TableAccess(IReadOnlyDictionary<string, string> config, IReadOnlyList<StorageCredential> credentials)
{
    /// <summary>The catalog says nothing.</summary>
    public static TableAccess None { get; } = new(new Dictionary<string, string>(), []);

    /// <summary>Settings and, from older catalogs, credentials for all of the table's files.</summary>
    public IReadOnlyDictionary<string, string> Config { get; } = config;

    /// <summary>Credentials for the files below a location.</summary>
    public IReadOnlyList<StorageCredential> Credentials { get; } = credentials;

    /// <summary>Whether the catalog says nothing.</summary>
    public bool IsEmpty => Config.Count == 0 && Credentials.Count == 0;

    /// <summary>What applies to a file: the settings, and over them the credentials with the longest prefix of its location.</summary>
    public IReadOnlyDictionary<string, string> For(string location)
    {
        ArgumentNullException.ThrowIfNull(location);
        var all = new Dictionary<string, string>(Config);
        var nearest = Credentials.Where(credential => location.StartsWith(credential.Prefix, StringComparison.Ordinal)).MaxBy(credential => credential.Prefix.Length);
        foreach (var (key, value) in nearest?.Config ?? new Dictionary<string, string>()) all[key] = value;
        return all;
    }
}
