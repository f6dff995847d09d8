using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using DataLake.Testing;

namespace DataLake.Services.Tests.Notifier;

/// <summary>A certificate for localhost that signed itself, as PEM files and for Kestrel.</summary>
internal sealed class TestCertificate : IDisposable
{
    private readonly TemporaryFolder folder = new();

    public TestCertificate(string host = "localhost")
    {
        using var key = RSA.Create(2048);
        var request = new CertificateRequest($"CN=DataLake test {Guid.NewGuid():n}", key, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1);
        var names = new SubjectAlternativeNameBuilder();
        names.AddDnsName(host);
        request.CertificateExtensions.Add(names.Build());
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(certificateAuthority: true, hasPathLengthConstraint: false, 0, critical: true));
        // A name of its own and the key identifiers: else a root of the system with the same name could be taken for its issuer.
        var identifier = new X509SubjectKeyIdentifierExtension(request.PublicKey, critical: false);
        request.CertificateExtensions.Add(identifier);
        request.CertificateExtensions.Add(X509AuthorityKeyIdentifierExtension.CreateFromSubjectKeyIdentifier(identifier));
        Certificate = request.CreateSelfSigned(DateTimeOffset.UtcNow.AddDays(-1), DateTimeOffset.UtcNow.AddDays(1));
        CertificateFile = folder.In("cert.pem");
        KeyFile = folder.In("key.pem");
        File.WriteAllText(CertificateFile, Certificate.ExportCertificatePem());
        File.WriteAllText(KeyFile, key.ExportPkcs8PrivateKeyPem());
    }

    public X509Certificate2 Certificate { get; }

    public string CertificateFile { get; }

    public string KeyFile { get; }

    public void Dispose()
    {
        Certificate.Dispose();
        folder.Dispose();
    }
}
