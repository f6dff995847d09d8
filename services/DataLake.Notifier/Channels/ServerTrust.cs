using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Microsoft.Extensions.Options;

namespace DataLake.Notifier.Channels;

/// <summary>Whose certificates are believed: the system's authorities, and those of <see cref="NotifierOptions.TrustedCertificates"/>.</summary>
public sealed class ServerTrust(IOptions<NotifierOptions> options)
{
    /// <summary>Whether a file holds certificates; true for null.</summary>
    internal static bool CanRead(string? file)
    {
        if (file is null)
        {
            return true;
        }

        try
        {
            var certificates = new X509Certificate2Collection();
            certificates.ImportFromPemFile(file);
            return certificates.Count > 0;
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException or CryptographicException or ArgumentException)
        {
            return false;
        }
    }

    /// <summary>The rules for a server's certificate; null: those of the system.</summary>
    internal X509ChainPolicy? CreatePolicy()
    {
        if (options.Value.TrustedCertificates is not { } file)
        {
            return null;
        }

        // RevocationMode is what SslStream uses by itself: many private authorities publish no list.
        var policy = new X509ChainPolicy { TrustMode = X509ChainTrustMode.CustomRootTrust, RevocationMode = X509RevocationMode.NoCheck };
        using var system = new X509Store(StoreName.Root, StoreLocation.LocalMachine, OpenFlags.ReadOnly);
        policy.CustomTrustStore.AddRange(system.Certificates);
        policy.CustomTrustStore.ImportFromPemFile(file);
        return policy;
    }
}
