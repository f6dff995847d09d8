using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace DataLake.Postgres.Tests.Wire;

/// <summary>A certificate authority of the tests, with one server certificate and one client certificate.</summary>
internal sealed class TestAuthority
{
    private static readonly Lazy<TestAuthority> Made = new(() => new TestAuthority());
    private readonly X509Certificate2 root;

    public TestAuthority()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=DataLake test authority", key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, true));
        request.CertificateExtensions.Add(new X509SubjectKeyIdentifierExtension(request.PublicKey, false));
        root = request.CreateSelfSigned(DateTimeOffset.UtcNow.AddDays(-1), DateTimeOffset.UtcNow.AddDays(30));
        var names = new SubjectAlternativeNameBuilder();
        names.AddDnsName("localhost");
        // SHA-384, so that the hash of the channel binding is not the one it is for most certificates.
        ServerCertificate = Issue("CN=server", names, HashAlgorithmName.SHA384);
        ClientCertificate = Issue("CN=cert_user", null, HashAlgorithmName.SHA256);
    }

    public static TestAuthority Shared => Made.Value;

    public string RootPem => root.ExportCertificatePem();

    /// <summary>For the name localhost.</summary>
    public X509Certificate2 ServerCertificate { get; }

    /// <summary>Of the user cert_user.</summary>
    public X509Certificate2 ClientCertificate { get; }

    public static string KeyPem(X509Certificate2 certificate)
    {
        using var key = certificate.GetECDsaPrivateKey()!;
        return key.ExportPkcs8PrivateKeyPem();
    }

    private X509Certificate2 Issue(string subject, SubjectAlternativeNameBuilder? names, HashAlgorithmName hash)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest(subject, key, hash);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(false, false, 0, true));
        if (names is not null)
        {
            request.CertificateExtensions.Add(names.Build());
        }

        using var issued = request.Create(root, DateTimeOffset.UtcNow.AddDays(-1), DateTimeOffset.UtcNow.AddDays(20), RandomNumberGenerator.GetBytes(8));
        using var withKey = issued.CopyWithPrivateKey(key);
        // Through PKCS#12: TLS wants a key that it can keep.
        return X509CertificateLoader.LoadPkcs12(withKey.Export(X509ContentType.Pkcs12), null, X509KeyStorageFlags.Exportable);
    }
}
