using System.Net.Security;
using System.Security.Authentication;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Npgsql;

namespace DataLake.Postgres.Wire;

/// <summary>TLS as PostgreSQL's sslmode means it: <c>Require</c> encrypts, <c>VerifyCA</c> verifies the certificate, <c>VerifyFull</c> its host name too.</summary>
internal static class TlsSession
{
    // https://www.postgresql.org/docs/current/protocol-flow.html#PROTOCOL-FLOW-SSL: without it, a server of another protocol could be made to answer.
    private static readonly SslApplicationProtocol Protocol = new("postgresql");

    /// <exception cref="WireException">The server is not trusted, or a file of the settings cannot be read.</exception>
    public static SslStream Start(Stream transport, WireSettings settings, ServerAddress server)
    {
        var mode = settings.Tls;
        var certificates = ClientCertificates(settings);
        var trust = Trust(settings);
        var stream = new SslStream(transport, leaveInnerStreamOpen: false);
        try
        {
            stream.AuthenticateAsClient(new SslClientAuthenticationOptions
            {
                TargetHost = server.Host,
                ClientCertificates = certificates,
                // Without this, only certificates of authorities that the server names are sent.
                LocalCertificateSelectionCallback = certificates is [var own, ..] ? (_, _, _, _, _) => own : null,
                ApplicationProtocols = settings.IsTlsDirect ? [Protocol] : null,
                CertificateChainPolicy = trust,
                RemoteCertificateValidationCallback = (_, _, _, errors) => IsTrusted(mode, errors),
            });
            return stream;
        }
        catch (AuthenticationException error)
        {
            stream.Dispose();
            throw new WireException(WireProblem.Unusable, mode is SslMode.VerifyCA or SslMode.VerifyFull
                ? $"the certificate of {server} is not trusted or does not name this host. Give its authority's file with 'Root Certificate=...' in the connection string, or correct the host"
                : $"TLS with {server} could not be agreed on ({error.Message}). Let the server allow TLS 1.2 or 1.3, and check the client's certificate if it wants one", error);
        }
        catch
        {
            stream.Dispose();
            throw;
        }
    }

    /// <summary>The data that binds SCRAM to this channel: a hash of the server's certificate (RFC 5929, section 4.1); null where none can be made.</summary>
    public static byte[]? ChannelBinding(SslStream stream)
    {
        if (stream.RemoteCertificate is not { } remote)
        {
            return null;
        }

        using var certificate = X509CertificateLoader.LoadCertificate(remote.GetRawCertData());
        // The hash of the certificate's own signature, or SHA-256 where that is weaker; signatures that name no hash (Ed25519) have no binding.
        return certificate.SignatureAlgorithm.Value switch
        {
            "1.2.840.113549.1.1.4" or "1.2.840.113549.1.1.5" or "1.2.840.113549.1.1.11" or "1.2.840.10045.4.1" or "1.2.840.10045.4.3.2" => SHA256.HashData(certificate.RawData),
            "1.2.840.113549.1.1.12" or "1.2.840.10045.4.3.3" => SHA384.HashData(certificate.RawData),
            "1.2.840.113549.1.1.13" or "1.2.840.10045.4.3.4" => SHA512.HashData(certificate.RawData),
            _ => null,
        };
    }

    private static bool IsTrusted(SslMode mode, SslPolicyErrors errors) => mode switch
    {
        SslMode.VerifyFull => errors == SslPolicyErrors.None,
        SslMode.VerifyCA => (errors & ~SslPolicyErrors.RemoteCertificateNameMismatch) == SslPolicyErrors.None,
        _ => true,
    };

    private static X509ChainPolicy Trust(WireSettings settings)
    {
        var policy = new X509ChainPolicy
        {
            RevocationMode = settings.ChecksRevocation ? X509RevocationMode.Online : X509RevocationMode.NoCheck,
            // A certificate must not make this machine fetch what it names.
            DisableCertificateDownloads = true,
        };
        if (settings.RootCertificate is { } file)
        {
            policy.TrustMode = X509ChainTrustMode.CustomRootTrust;
            try
            {
                policy.CustomTrustStore.ImportFromPemFile(file);
            }
            catch (Exception error) when (error is IOException or UnauthorizedAccessException or CryptographicException)
            {
                throw new WireException(WireProblem.Unusable, $"the file of trusted certificates '{file}' cannot be read: {error.Message} Correct 'Root Certificate=...'", error);
            }
        }

        return policy;
    }

    private static X509Certificate2Collection? ClientCertificates(WireSettings settings)
    {
        if (settings.ClientCertificate is not { } file)
        {
            return null;
        }

        try
        {
            return file.EndsWith(".pfx", StringComparison.OrdinalIgnoreCase) || file.EndsWith(".p12", StringComparison.OrdinalIgnoreCase)
                ? [X509CertificateLoader.LoadPkcs12FromFile(file, settings.ClientKeyPassword)]
                : [settings.ClientKeyPassword is null
                    ? X509Certificate2.CreateFromPemFile(file, settings.ClientKey)
                    : X509Certificate2.CreateFromEncryptedPemFile(file, settings.ClientKeyPassword, settings.ClientKey)];
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException or CryptographicException)
        {
            throw new WireException(WireProblem.Unusable, $"the client's certificate '{file}' or its key cannot be read: {error.Message} Correct 'SSL Certificate=...' and 'SSL Key=...'", error);
        }
    }
}
