namespace DataLake.Iceberg.Catalogs.Rest.Authentication;

/// <summary>Where credentials may go: over TLS, or to this machine.</summary>
internal static class SecureAddress
{
    /// <exception cref="IcebergException"><see cref="IcebergErrorKind.Invalid"/>: anybody on the way could read them.</exception>
    public static void Require(Uri? address)
    {
        if (address is null || (address.Scheme != Uri.UriSchemeHttps && !address.IsLoopback))
            throw IcebergException.Invalid($"Credentials are not sent to {address?.GetLeftPart(UriPartial.Authority)}: anybody on the way could read them. Give an https:// address (http:// only for this machine).");
    }
}
