namespace DataLake.Iceberg.Catalogs;

/// <summary>Credentials that a catalog lent for the files below a location.</summary>
/// <param name="prefix">The location they are for.</param>
/// <param name="config">The credentials, by the names of <see href="https://iceberg.apache.org/docs/latest/aws/">Iceberg's storage properties</see> such as <c>s3.session-token</c>.</param>
public sealed class StorageCredential(string prefix, IReadOnlyDictionary<string, string> config)
{
    /// <summary>The location they are for.</summary>
    public string Prefix { get; } = prefix;

    /// <summary>The credentials; secret.</summary>
    public IReadOnlyDictionary<string, string> Config { get; } = config;
}
