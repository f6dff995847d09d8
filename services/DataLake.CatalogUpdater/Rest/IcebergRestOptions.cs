using System.Net;
using DataLake.Pipelines.Definitions;
using Microsoft.Extensions.Options;

namespace DataLake.CatalogUpdater.Rest;

/// <summary>Settings of the catalog's REST service, from the section <c>DataLake:CatalogUpdater:Rest</c>.</summary>
public sealed class IcebergRestOptions
{
    /// <summary>The section's name.</summary>
    public const string Section = "DataLake:CatalogUpdater:Rest";

    /// <summary>The port; null: the catalog is not served. 0: any free one.</summary>
    public int? Port { get; set; }

    /// <summary>The address it listens at. Any other than one of this machine alone needs a <see cref="Token"/>.</summary>
    public string Address { get; set; } = "127.0.0.1";

    /// <summary>A reference to the token that clients must bring, for example <c>env:LAKE_CATALOG_TOKEN</c>; null: whoever is on this machine may read.</summary>
    public string? Token { get; set; }

    private string? Fault => this switch
    {
        { Port: < 0 or > IPEndPoint.MaxPort } => $"{Section}:{nameof(Port)} takes a number from 0 to {IPEndPoint.MaxPort}.",
        _ when !IPAddress.TryParse(Address, out _) => $"{Section}:{nameof(Address)} takes an IP address, for example 127.0.0.1.",
        { Token: { } token } when !SecretReference.TryParse(token, out _) => $"{Section}:{nameof(Token)} takes a reference to the token, such as env:LAKE_CATALOG_TOKEN or file:/run/secrets/token, not the token.",
        { Token: null } when !IPAddress.IsLoopback(IPAddress.Parse(Address)) => $"{Section}:{nameof(Address)} can be reached from other machines, so {Section}:{nameof(Token)} has to be set too.",
        _ => null,
    };

    /// <summary>Checks the settings when the service starts.</summary>
    internal sealed class Check : IValidateOptions<IcebergRestOptions>
    {
        public ValidateOptionsResult Validate(string? name, IcebergRestOptions options) => options.Fault is { } fault ? ValidateOptionsResult.Fail(fault) : ValidateOptionsResult.Success;
    }
}
