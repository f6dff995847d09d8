using DataLake.Pipelines.Definitions;

namespace DataLake.Catalogs;

/// <summary>Which catalog knows the lake's tables, from the section <c>DataLake:Catalog</c> (environment variables <c>DataLake__Catalog__...</c>), the same for services and the command line.</summary>
public sealed record CatalogSettings
{
    /// <summary>The section's name.</summary>
    public const string Section = "DataLake:Catalog";

    /// <summary>Which kind: <c>sql</c> unless told, <c>rest</c> or <c>glue</c>.</summary>
    public CatalogKind Type { get; init; }

    /// <summary>Of a REST catalog its address, without <c>/v1</c>; of Glue another endpoint than the region's.</summary>
    public Uri? Uri { get; init; }

    /// <summary>Which of a REST server's warehouses; null where it has one only.</summary>
    public string? Warehouse { get; init; }

    /// <summary>A bearer token for a REST catalog.</summary>
    public SecretReference? Token { get; init; }

    /// <summary>The id of client credentials (OAuth2) for a REST catalog.</summary>
    public string? ClientId { get; init; }

    /// <summary>Their secret.</summary>
    public SecretReference? ClientSecret { get; init; }

    /// <summary>Where they are exchanged for a token; null for the catalog's own, deprecated place.</summary>
    public Uri? TokenEndpoint { get; init; }

    /// <summary>What the token is to allow.</summary>
    public string Scope { get; init; } = "catalog";

    /// <summary>The AWS service under whose name requests to a REST catalog are signed: <c>glue</c> or <c>s3tables</c>; null for none.</summary>
    public string? Signing { get; init; }

    /// <summary>The AWS region, of Glue or for signing; null for what the environment says.</summary>
    public string? Region { get; init; }

    /// <summary>The AWS account whose Glue catalog it is; null for that of the credentials.</summary>
    public string? CatalogId { get; init; }

    /// <summary>Reads settings, and holds them against each other.</summary>
    /// <param name="value">What is set under a name, without the section's; null where nothing is.</param>
    /// <exception cref="CatalogSettingsException">One is missing, cannot be read, or has no meaning beside the others. No value of a secret is repeated.</exception>
    public static CatalogSettings Read(Func<string, string?> value)
    {
        ArgumentNullException.ThrowIfNull(value);
        var settings = new CatalogSettings
        {
            Type = KindOf(Text(nameof(Type))),
            Uri = Address(nameof(Uri)),
            Warehouse = Text(nameof(Warehouse)),
            Token = Secret(nameof(Token)),
            ClientId = Text(nameof(ClientId)),
            ClientSecret = Secret(nameof(ClientSecret)),
            TokenEndpoint = Address(nameof(TokenEndpoint)),
            Scope = Text(nameof(Scope)) ?? "catalog",
            Signing = Text(nameof(Signing)),
            Region = Text(nameof(Region)),
            CatalogId = Text(nameof(CatalogId)),
        };
        settings.Check(name => Text(name) is not null);
        return settings;

        string? Text(string name) => value(name) is { } text && !string.IsNullOrWhiteSpace(text) ? text : null;

        Uri? Address(string name) => Text(name) is not { } text ? null
            : System.Uri.TryCreate(text, UriKind.Absolute, out var address) && address.Scheme is "http" or "https" && address.UserInfo.Length == 0 ? address
            : throw new CatalogSettingsException(name, "is no address. Write it as https://catalog.example.com/api/catalog, without credentials in it.");

        SecretReference? Secret(string name) => Text(name) is not { } text ? null
            : SecretReference.TryParse(text, out var reference) ? reference
            : throw new CatalogSettingsException(name, "must be a reference to a secret, not the secret itself. Write env:NAME or file:/path, and keep it there.");
    }

    private static CatalogKind KindOf(string? text) => text switch
    {
        null => CatalogKind.Sql,
        _ when Enum.TryParse<CatalogKind>(text, ignoreCase: true, out var kind) && Enum.IsDefined(kind) && !char.IsAsciiDigit(text[0]) => kind,
        _ => throw new CatalogSettingsException(nameof(Type), $"must be sql, rest or glue, not '{text}'."),
    };

    private void Check(Func<string, bool> isSet)
    {
        string[] allowed = Type switch
        {
            CatalogKind.Rest => [nameof(Type), nameof(Uri), nameof(Warehouse), nameof(Token), nameof(ClientId), nameof(ClientSecret), nameof(TokenEndpoint), nameof(Scope), nameof(Signing), nameof(Region)],
            CatalogKind.Glue => [nameof(Type), nameof(Uri), nameof(Region), nameof(CatalogId)],
            _ => [nameof(Type)],
        };
        string[] all = [nameof(Uri), nameof(Warehouse), nameof(Token), nameof(ClientId), nameof(ClientSecret), nameof(TokenEndpoint), nameof(Scope), nameof(Signing), nameof(Region), nameof(CatalogId)];
        if (all.Except(allowed).FirstOrDefault(isSet) is { } useless)
        {
            throw new CatalogSettingsException(useless, $"has no meaning for a catalog of type {Type.ToString().ToLowerInvariant()}. Leave it out, or set {Section}:Type.");
        }

        if (Type == CatalogKind.Rest)
        {
            CheckRest();
        }
    }

    private void CheckRest()
    {
        if (Uri is null)
        {
            throw new CatalogSettingsException(nameof(Uri), "is missing. Give the address of the REST catalog, without /v1.");
        }

        if (new[] { Token is not null, ClientId is not null, Signing is not null }.Count(isSet => isSet) > 1)
        {
            throw new CatalogSettingsException(nameof(Token), "is one of three ways to say who asks; give Token, or ClientId with ClientSecret, or Signing with Region.");
        }

        if (ClientId is null != ClientSecret is null)
        {
            throw new CatalogSettingsException(ClientId is null ? nameof(ClientId) : nameof(ClientSecret), "is missing beside the other of the two.");
        }

        if (Signing is not (null or "glue" or "s3tables"))
        {
            throw new CatalogSettingsException(nameof(Signing), "must be glue or s3tables.");
        }

        if (Signing is not null && Region is null)
        {
            throw new CatalogSettingsException(nameof(Region), "is missing: requests are signed for one region.");
        }
    }
}

/// <summary>A setting of the catalog that cannot be used.</summary>
/// <param name="name">The setting, without its section.</param>
/// <param name="problem">What is wrong, as the rest of a sentence that starts with the setting, and what to do.</param>
public sealed class CatalogSettingsException(string name, string problem) : Exception($"{CatalogSettings.Section}:{name} {problem}");
